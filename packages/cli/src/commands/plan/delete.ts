import { fill } from '@sekisho/core/errors.ts';
import { deletePlan } from '@sekisho/core/wire/plans.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolvePlan } from '../../client/resolve.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `plan delete PLAN`: confirmed, since its hosts are protected no longer. */
export const planDelete = defineVerb({
  path: 'plan delete',
  args: { plan: '<plan>' },
  flags: { data: serverData },
  examples: { plain: "sekisho plan delete 'web files'" },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name, deployed } = await resolvePlan(call, args.plan ?? '');
      const { notes } = cli.words;
      await confirm(
        cli,
        [fill(notes.planDeletePreview, { name, hosts: cli.format.counted('host', deployed.hosts) })],
        notes.planDeleteQuestion,
      );
      const reply = await call(deletePlan, { params: { id } });
      return { json: reply, text: [fill(notes.planDeleted, { name })] };
    }),
});
