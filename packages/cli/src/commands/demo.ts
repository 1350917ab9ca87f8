import { on, text } from '../flag.ts';
import { runDemo } from '../demo/run-demo.ts';
import { defineVerb } from '../verb.ts';

/** `demo [PATH]`: the main job, for real, with a proof. */
export const demo = defineVerb({
  path: 'demo',
  args: { path: '[path]' },
  flags: {
    folder: { ...text('--folder <dir>'), defaultText: '.sekisho/demo' },
    once: on('--once'),
  },
  examples: {
    plain: 'sekisho demo',
    own: 'sekisho demo ~/Documents',
    once: 'sekisho demo --once --quiet',
  },
  run: async ({ cli, args, flags }) => {
    await runDemo(cli, { path: args.path, folder: flags.folder, once: flags.once });
    return { json: undefined, text: [] };
  },
});
