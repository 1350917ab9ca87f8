import { AppError } from '@sekisho/core/errors.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import type { ListingEntry } from '@sekisho/core/wire/jobs.ts';
import { dirname } from 'node:path/posix';
import { openRepository, type RepositoryContext } from '../repositories/open-repository.ts';
import { parseNode } from './restic-nodes.ts';
import type { JobOutcome, RunningJob } from './running-job.ts';

/** Lists one folder of a recovery point, in restic's order, at most `limit` entries (P-14). Refusal: POINT_PATH_MISSING. */
export async function runBrowse(
  context: RepositoryContext,
  job: RunningJob,
  act: Extract<OrderAct, { what: 'browse' }>,
): Promise<JobOutcome> {
  const repository = await openRepository(context, job, act);
  try {
    const asked = act.path === '/' ? '/' : act.path.replace(/\/+$/, '');
    const entries: ListingEntry[] = [];
    let itself: ListingEntry | undefined;
    let more = 0;
    await repository.mustRun(['ls', '--json', act.snapshotId, asked], {
      onLine: (line) => {
        const entry = parseNode(line);
        if (entry === undefined) return;
        if (entry.path === asked) itself = entry;
        else if (dirname(entry.path) !== asked) return;
        else if (entries.length < act.limit) entries.push(entry);
        else more += 1;
      },
    });
    if (entries.length === 0 && itself === undefined && asked !== '/')
      throw new AppError('POINT_PATH_MISSING', { path: act.path });
    if (itself !== undefined && itself.kind !== 'folder') entries.push(itself);
    if (more > 0) job.warn(`${more} more entries are not listed`);
    return { state: more > 0 ? 'warnings' : 'done', listing: entries, filesDone: entries.length };
  } finally {
    await repository.close();
  }
}
