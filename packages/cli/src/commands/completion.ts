import { chosen } from '../flag.ts';
import { completionScript, SHELLS } from '../completion/completion-script.ts';
import { defineVerb, type Verb } from '../verb.ts';

/** `completion bash|zsh|fish`. The list of verbs holds this verb itself, so it is asked for when it runs. */
export const completionOf = (verbs: () => readonly Verb[]): Verb =>
  defineVerb({
    path: 'completion',
    args: { shell: '<shell>' },
    flags: {},
    examples: {
      bash: 'source <(sekisho completion bash)',
      zsh: 'sekisho completion zsh > ~/.zsh/completions/_sekisho',
      fish: 'sekisho completion fish > ~/.config/fish/completions/sekisho.fish',
    },
    run: async ({ cli, args }) => {
      const shell = chosen(args.shell ?? '', '<shell>', SHELLS);
      const script = completionScript(shell, cli.words, verbs());
      return { json: { shell, script }, bare: script, text: [script] };
    },
  });
