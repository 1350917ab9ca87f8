import { fill } from '@sekisho/core/errors.ts';
import { moveGroup } from '@sekisho/core/wire/groups.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { effectText, pathText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

/** `group move GROUP PARENT` (F-01): confirmed with the preview, where it does something to hosts. */
export const groupMove = defineVerb({
  path: 'group move',
  args: { group: '<group>', parent: '<parent>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: {
    dryRun: 'sekisho group move Web Osaka --dry-run',
    plain: 'sekisho group move Web Osaka',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { groups } = cli.words;
      const { id, revision } = await resolveGroup(call, args.group ?? '');
      const { id: parentId } = await resolveGroup(call, args.parent ?? '');
      const ask = (dryRun: boolean) =>
        call(moveGroup, { params: { id }, body: { parentId, dryRun }, ifMatch: `"r${revision}"` });
      const preview = await ask(true);
      if (flags.dryRun) return { json: preview, text: [...effectText(cli, preview.effect), groups.dryRun] };
      if (preview.effect.hosts > 0) await confirm(cli, effectText(cli, preview.effect), groups.question);
      const done = await ask(false);
      return { json: done, text: [fill(groups.moved, { path: pathText(done.group.path) })] };
    }),
});
