import { AppError } from '@sekisho/core/errors.ts';
import { parseSnapshotId, type SnapshotId } from '@sekisho/core/ids.ts';
import type { JobProgress } from '@sekisho/core/wire/jobs.ts';
import type { PolicyPlan } from '@sekisho/core/wire/documents.ts';
import { errorReason, type ResticMessage } from '@sekisho/media/restic/messages.ts';
import {
  openBackupRepository,
  type OpenRepository,
  type RepositoryContext,
} from '../repositories/open-repository.ts';
import { inspectPaths } from './own-folders.ts';
import { runCommand } from './run-command.ts';
import type { JobOutcome, RunningJob } from './running-job.ts';

export interface BackupContext {
  readonly repositories: RepositoryContext;
  /** T-19: the agent's own folders are never in a backup. */
  readonly ownFolders: readonly string[];
  readonly allowCommands: () => boolean;
  readonly hostName: string;
}

type Summary = Extract<ResticMessage, { message_type: 'summary' }>;

/**
 * One backup of one plan on this host (P-12). Paths that don't exist and files that can't be read make it *incomplete*, each
 * listed; it fails only when nothing could be backed up. Refusals: COMMANDS_NOT_ALLOWED, PLAN_PATHS_MISSING, COMMAND_FAILED,
 * and what opening the repository or restic says.
 */
export async function runBackup(
  context: BackupContext,
  job: RunningJob,
  plan: PolicyPlan,
): Promise<JobOutcome> {
  job.progress({ ...NO_PROGRESS, phase: 'preparing' });
  const { pre, post } = plan.commands;
  if ((pre !== null || post !== null) && !context.allowCommands()) throw new AppError('COMMANDS_NOT_ALLOWED');
  const found = await inspectPaths(plan.paths, context.ownFolders);
  for (const path of found.missing) job.unreadable(path, 'does not exist');
  for (const path of found.own)
    job.unreadable(path, "belongs to the agent's own data, which is never backed up");
  if (found.present.length === 0) throw new AppError('PLAN_PATHS_MISSING', { path: plan.paths[0] ?? '-' });

  const repository = await openBackupRepository(context.repositories, job, plan.mediaHostIds);
  try {
    await repository.prepare();
    if (pre === null && post === null) return await backUp(context, job, plan, repository, found);
    return await withCommands(context, job, plan, () => backUp(context, job, plan, repository, found));
  } finally {
    await repository.close();
  }
}

/** The command after the backup runs whenever the one before it did, however the backup ended. */
async function withCommands(
  context: BackupContext,
  job: RunningJob,
  plan: PolicyPlan,
  work: () => Promise<JobOutcome>,
): Promise<JobOutcome> {
  const { pre, post } = plan.commands;
  const { env } = context.repositories;
  if (pre !== null) await runCommand(job, 'pre', pre, { env });
  let state = 'failed';
  try {
    const outcome = await work();
    ({ state } = outcome);
    if (post === null) return outcome;
    try {
      await runCommand(job, 'post', post, { env, state });
      return outcome;
    } catch (error) {
      job.warn(error instanceof Error ? error.message : String(error));
      return { ...outcome, state: outcome.state === 'done' ? 'warnings' : outcome.state };
    }
  } catch (error) {
    if (post !== null && state === 'failed')
      await runCommand(job, 'post', post, { env, state }).catch((second: unknown) => {
        job.warn(second instanceof Error ? second.message : String(second));
      });
    throw error;
  }
}

async function backUp(
  context: BackupContext,
  job: RunningJob,
  plan: PolicyPlan,
  repository: OpenRepository,
  found: { present: readonly string[]; excludes: readonly string[] },
): Promise<JobOutcome> {
  const { ledger } = context.repositories;
  let summary: Summary | undefined;
  await ledger.markBusy(repository.repository);
  const result = await repository.run(backupArguments(context, job, plan, found), {
    onMessage: (message) => {
      if (message.message_type === 'status') job.progress(progressOf(message));
      if (message.message_type === 'summary') summary = message;
      if (message.message_type === 'error') job.unreadable(message.item || '?', errorReason(message));
    },
  });
  // Stopped the hard way, restic leaves its lock: then the mark stays, and the next run clears it.
  if (result.exitCode !== null && result.meaning !== 'cancelled')
    await ledger.clearBusy(repository.repository);
  if (result.meaning !== 'ok') job.check();
  if (result.meaning !== 'ok' && result.meaning !== 'incomplete') throw repository.explain(result, 'backup');
  const snapshotId = await snapshotOf(job, repository, summary);
  const incomplete = result.meaning === 'incomplete' || job.hasUnreadable;
  return {
    state: incomplete ? 'incomplete' : job.hasWarnings ? 'warnings' : 'done',
    repository: repository.repository,
    mediaHostId: repository.mediaHostId,
    snapshotId,
    filesDone: summary?.total_files_processed ?? 0,
    bytesDone: summary?.total_bytes_processed ?? 0,
    bytesAdded: summary?.data_added ?? 0,
  };
}

function backupArguments(
  context: BackupContext,
  job: RunningJob,
  plan: PolicyPlan,
  found: { present: readonly string[]; excludes: readonly string[] },
): string[] {
  const { jobId, planId, scheduleName } = job.facts;
  const tags = [tagOf(jobId), `plan-${planId ?? ''}`, `schedule-${scheduleName ?? 'custom'}`];
  return [
    'backup',
    '--json',
    '--host',
    context.hostName,
    ...tags.flatMap((tag) => ['--tag', tag]),
    ...(plan.bandwidthKiBps === null ? [] : ['--limit-upload', String(plan.bandwidthKiBps)]),
    ...found.excludes.map((pattern) => `--exclude=${pattern}`),
    ...plan.excludes.map((pattern) => `--exclude=${pattern}`),
    '--',
    ...found.present,
  ];
}

const tagOf = (jobId: string): string => `job-${jobId}`;

/** 0.14 says only the first eight digits; the tag finds the rest. */
async function snapshotOf(
  job: RunningJob,
  repository: OpenRepository,
  summary: Summary | undefined,
): Promise<SnapshotId | null> {
  const whole = parseSnapshotId(summary?.snapshot_id ?? '');
  return whole ?? (await repository.findSnapshot(tagOf(job.facts.jobId))) ?? null;
}

export const NO_PROGRESS = {
  phase: 'preparing',
  filesDone: 0,
  filesTotal: 0,
  bytesDone: 0,
  bytesTotal: 0,
  bytesPerSecond: 0,
  secondsLeft: null,
  currentFile: null,
} as const;

function progressOf(message: Extract<ResticMessage, { message_type: 'status' }>): JobProgress {
  const seconds = message.seconds_elapsed;
  return {
    phase: 'transferring',
    filesDone: message.files_done,
    filesTotal: message.total_files,
    bytesDone: message.bytes_done,
    bytesTotal: message.total_bytes,
    bytesPerSecond: seconds > 0 ? message.bytes_done / seconds : 0,
    secondsLeft: message.seconds_remaining > 0 ? message.seconds_remaining : null,
    currentFile: message.current_files?.[0]?.slice(0, 4096) ?? null,
  };
}
