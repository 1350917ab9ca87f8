import { AppError } from '@sekisho/core/errors.ts';
import { LOG_LINE_LENGTH_MAX, LOG_TAIL_LINES_MAX } from '@sekisho/core/limits.ts';
import { exitMeaning } from '@sekisho/core/rules/exit-code.ts';
import { jobReport, nothingDone, type JobReport } from '@sekisho/core/wire/jobs.ts';
import { maybeOf, oneOf, type LegacyMessage } from '@sekisho/core/wire/legacy-lines.ts';
import { parseRepositoryName } from '@sekisho/core/ids.ts';
import type { ServerContext } from '../../context.ts';
import { zodDetail } from '../../http/refusal.ts';
import { takeReport } from '../jobs/take-report.ts';
import { findRepository } from '../repositories/read-repositories.ts';
import type { LegacyHostRow } from './legacy-rows.ts';

/**
 * P-12 A legacy host says how its backup ended. The same report again changes nothing. Returns the job's ID.
 * Refusals: LEGACY_MESSAGE_INVALID, JOB_UNEXPLAINED, JOB_NOT_OF_HOST.
 */
export async function takeLegacyReport(
  context: ServerContext,
  host: LegacyHostRow,
  message: LegacyMessage,
): Promise<string> {
  const nowMs = context.clock.nowMs();
  const name = parseRepositoryName(maybeOf(message, 'repository') ?? '');
  const repository = name === undefined ? undefined : await findRepository(context.store.db, name);
  const isOwn = repository?.hostId === host.hostId;
  const startedAtMs = Math.min(numberOf(message, 'started-ms') ?? nowMs, nowMs);
  const endedAtMs = Math.min(Math.max(numberOf(message, 'ended-ms') ?? nowMs, startedAtMs), nowMs);
  const raw = {
    ...nothingDone(),
    jobId: oneOf(message, 'job'),
    kind: 'backup',
    trigger: oneOf(message, 'trigger'),
    planId: maybeOf(message, 'plan') ?? null,
    planRevision: numberOf(message, 'revision') ?? null,
    scheduleName: maybeOf(message, 'schedule') ?? null,
    scheduledAtMs: numberOf(message, 'scheduled-ms') ?? null,
    attempt: numberOf(message, 'attempt') ?? 1,
    ...ending(message),
    startedAtMs,
    endedAtMs,
    repository: isOwn ? name : null,
    mediaHostId: isOwn ? repository.mediaHostId : null,
    snapshotId: maybeOf(message, 'snapshot') ?? null,
    filesDone: numberOf(message, 'files') ?? 0,
    bytesDone: numberOf(message, 'bytes') ?? 0,
    bytesAdded: numberOf(message, 'added') ?? 0,
    log: (message.get('log') ?? [])
      .slice(-LOG_TAIL_LINES_MAX)
      .map((line) => line.slice(0, LOG_LINE_LENGTH_MAX)),
  };
  const parsed = jobReport.safeParse(raw);
  if (!parsed.success) throw new AppError('LEGACY_MESSAGE_INVALID', { detail: zodDetail(parsed.error) });
  await context.store.transaction(async (tx) => {
    await takeReport(tx, host.hostId, parsed.data, nowMs);
  });
  return parsed.data.jobId;
}

/** By restic's exit code, with the words that current agents use. */
function ending(message: LegacyMessage): Pick<JobReport, 'state' | 'code' | 'params'> {
  const exitCode = numberOf(message, 'exit') ?? 1;
  switch (exitMeaning(exitCode, false)) {
    case 'ok':
      return { state: 'done', code: null, params: {} };
    case 'incomplete':
      return { state: 'incomplete', code: null, params: {} };
    case 'cancelled':
      return { state: 'cancelled', code: null, params: {} };
    case 'failed':
    case 'no-repository':
    case 'locked':
    case 'wrong-password':
      return {
        state: 'failed',
        code: 'RESTIC_FAILED',
        params: { command: 'backup', exitCode, detail: (message.get('log') ?? []).at(-1) ?? '-' },
      };
  }
}

function numberOf(message: LegacyMessage, word: string): number | undefined {
  const raw = maybeOf(message, word);
  if (raw === undefined) return undefined;
  if (!/^\d{1,15}$/.test(raw)) throw new AppError('LEGACY_MESSAGE_INVALID', { detail: word });
  return Number(raw);
}
