import { AppError } from '@sekisho/core/errors.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import type { OrderAct } from '@sekisho/core/wire/documents.ts';
import type { MediaServer } from '@sekisho/media/start-media-server.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { JobOutcome, RunningJob } from './running-job.ts';

/** Forget and prune, on the media server, by the management server's order (P-02). The password is for this job alone. */
export async function runMaintain(
  media: MediaServer | undefined,
  server: ServerConnection,
  job: RunningJob,
  act: Extract<OrderAct, { what: 'maintain' }>,
): Promise<JobOutcome> {
  if (media === undefined) throw new AppError('ORDER_ROLE_MISSING');
  const { jobId } = job.facts;
  const reply = await server.call(getRepositoryPassword, { body: { repository: act.repository, jobId } });
  job.check();
  job.hide(reply.password);
  const result = await media.maintain({
    jobId,
    repository: act.repository,
    forget: act.forget,
    prune: act.prune,
    password: new Secret(reply.password),
    signal: job.signal,
    onProgress: (progress) => {
      job.progress(progress);
    },
  });
  for (const line of result.log) job.log(line);
  const { snapshots, packs } = result.quarantined;
  if (snapshots.length + packs.length > 0)
    job.warn(`${snapshots.length} snapshots and ${packs.length} packs were set aside`);
  return {
    state: job.hasWarnings ? 'warnings' : 'done',
    repository: act.repository,
    forgotten: [...result.forgotten],
    heldBack: result.heldBack.map(({ snapshotId, code }) => ({ snapshotId, code })),
  };
}

/** Closes a repository for good: after a revocation for key compromise (P-02). */
export async function runSeal(
  media: MediaServer | undefined,
  act: Extract<OrderAct, { what: 'seal' }>,
): Promise<JobOutcome> {
  if (media === undefined) throw new AppError('ORDER_ROLE_MISSING');
  await media.seal(act.repository);
  return { state: 'done', repository: act.repository };
}
