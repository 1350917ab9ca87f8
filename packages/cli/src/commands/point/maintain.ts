import { fill } from '@sekisho/core/errors.ts';
import { parseRepositoryName, repositoryName, type RepositoryName } from '@sekisho/core/ids.ts';
import type { KeepReason } from '@sekisho/core/rules/retention.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { listPoints, maintainRepository } from '@sekisho/core/wire/points.ts';
import type { Cli } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { followJobs } from '../../client/follow-jobs.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `point maintain HOST`: forget and prune what retention and deletions ask for, now (P-02). */
export const pointMaintain = defineVerb({
  path: 'point maintain',
  args: { host: '<host>' },
  flags: { data: serverData, preview: on('--preview'), detach: on('--detach') },
  examples: { preview: 'sekisho point maintain web-01 --preview', plain: 'sekisho point maintain web-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const name = await repositoryOf(call, args.host ?? '');
      const preview = await call(maintainRepository, { params: { name }, body: { preview: true } });
      const { labels, notes } = cli.words;
      const text = [
        fill(notes.maintainPreview, {
          repository: name,
          remove: cli.format.counted('point', preview.remove.length),
          keep: cli.format.counted('point', preview.keep.length),
        }),
        ...preview.remove.map((id) => `  − ${id.slice(0, 8)}`),
        ...(preview.keep.length === 0
          ? []
          : renderTable(
              [{ title: labels.point }, { title: labels.keepsBecause }],
              preview.keep.map(({ id, reasons }) => [
                id.slice(0, 8),
                reasons.map((reason) => keepReasonText(cli, reason)).join(', '),
              ]),
            )),
      ];
      if (flags.preview) return { json: { preview: true, ...preview }, text: [...text, notes.previewOnly] };
      if (preview.remove.length === 0) {
        return { json: preview, text: [fill(notes.maintainNothing, { repository: name })] };
      }
      await confirm(
        cli,
        text,
        fill(notes.maintainQuestion, { points: cli.format.counted('point', preview.remove.length) }),
      );
      const reply = await call(maintainRepository, { params: { name }, body: { preview: false } });
      return followJobs(cli, call, reply.job === null ? [] : [reply.job], { detach: flags.detach });
    }),
});

/** The repository itself, or the one a host writes now: that of its newest recovery point, else its first. */
async function repositoryOf(call: Caller, given: string): Promise<RepositoryName> {
  const named = parseRepositoryName(given);
  if (named !== undefined) return named;
  const host = await resolveHost(call, given);
  const { points } = await call(listPoints, { query: { host: host.id, limit: 1 } });
  return points[0]?.repository ?? repositoryName(host.id, 1);
}

/** The rule's reason in words; one of a newer server as it is. */
function keepReasonText({ words }: Cli, reason: string): string {
  const known: Readonly<Record<KeepReason, string>> = words.states.keep;
  return Object.entries(known).find(([key]) => key === reason)?.[1] ?? reason;
}
