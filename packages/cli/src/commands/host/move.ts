import { fill } from '@sekisho/core/errors.ts';
import { moveHost } from '@sekisho/core/wire/groups.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { resolveHost } from '../../client/resolve.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { effectText, pathText } from '../../output/group-text.ts';
import { defineVerb } from '../../verb.ts';

/** `host move HOST GROUP` (F-01): confirmed with the preview, where it changes something. */
export const hostMove = defineVerb({
  path: 'host move',
  args: { host: '<host>', group: '<group>' },
  flags: { data: serverData, dryRun: on('--dry-run') },
  examples: { dryRun: 'sekisho host move web-01 Tokyo --dry-run', plain: 'sekisho host move web-01 Tokyo' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { groups } = cli.words;
      const { id, name } = await resolveHost(call, args.host ?? '');
      const { id: groupId, path } = await resolveGroup(call, args.group ?? '');
      const ask = (dryRun: boolean) => call(moveHost, { params: { id }, body: { groupId, dryRun } });
      const preview = await ask(true);
      const shown = { name, group: pathText(path), told: groups.told };
      if (preview.from.id === groupId) return { json: preview, text: [fill(groups.hostThere, shown)] };
      if (flags.dryRun) return { json: preview, text: [...effectText(cli, preview.effect), groups.dryRun] };
      if (preview.effect.hosts > 0) await confirm(cli, effectText(cli, preview.effect), groups.question);
      return { json: await ask(false), text: [fill(groups.hostMoved, shown)] };
    }),
});
