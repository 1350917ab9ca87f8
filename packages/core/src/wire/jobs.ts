import { z } from 'zod';
import {
  LISTING_ENTRIES_MAX,
  LOG_LINE_LENGTH_MAX,
  LOG_TAIL_LINES_MAX,
  PAGE_ROWS_MAX,
  UNREADABLE_FILES_MAX,
} from '../limits.ts';
import { count, epochMs, hostId, jobId, planId, repositoryName, snapshotId } from './scalars.ts';
import { route } from './route.ts';

export const JOB_KINDS = ['backup', 'restore', 'browse', 'maintain', 'seal'] as const;
export const jobKind = z.enum(JOB_KINDS);
export type JobKind = z.infer<typeof jobKind>;

/**
 * P-12. `warnings`: done with warnings. `incomplete`: finished with unreadable files, each listed. `skipped`: this node of an application
 * was not the active one (T-34).
 */
export const JOB_STATES = [
  'queued',
  'active',
  'done',
  'warnings',
  'incomplete',
  'failed',
  'cancelled',
  'missed',
  'skipped',
] as const;
export const jobState = z.enum(JOB_STATES);
export type JobState = z.infer<typeof jobState>;

/** What a Date can hold (ECMA-262 §21.4.1.1): a file's time may be anything, before 1970 too. */
const DATE_MS_MAX = 8.64e15;

/** One file or folder of a recovery point. */
export const listingEntry = z.object({
  path: z.string().max(4096),
  kind: z.enum(['file', 'folder', 'link', 'other']),
  bytes: count,
  modifiedAtMs: z.number().min(-DATE_MS_MAX).max(DATE_MS_MAX).nullable(),
});
export type ListingEntry = z.infer<typeof listingEntry>;

/** Figures while a job runs. Totals are what is known so far. */
export const jobProgress = z.object({
  phase: z.enum(['preparing', 'scanning', 'transferring', 'finishing']),
  filesDone: count,
  filesTotal: count,
  bytesDone: count,
  bytesTotal: count,
  bytesPerSecond: z.number().min(0),
  secondsLeft: z.number().min(0).nullable(),
  currentFile: z.string().max(4096).nullable(),
});
export type JobProgress = z.infer<typeof jobProgress>;

/** What an agent says of a finished job; spooled on its disk until the server has it. */
export const jobReport = z.object({
  jobId,
  kind: jobKind,
  trigger: z.enum(['schedule', 'manual', 'retry', 'system']),
  planId: planId.nullable(),
  planRevision: count.nullable(),
  scheduleName: z.string().max(64).nullable(),
  scheduledAtMs: epochMs.nullable(),
  attempt: count,
  state: z.enum(['done', 'warnings', 'incomplete', 'failed', 'cancelled', 'missed', 'skipped']),
  startedAtMs: epochMs,
  endedAtMs: epochMs,
  repository: repositoryName.nullable(),
  mediaHostId: hostId.nullable(),
  snapshotId: snapshotId.nullable(),
  filesDone: count,
  bytesDone: count,
  /** Bytes that were new in the repository. */
  bytesAdded: count,
  /** Set when the job was refused or failed: a code of core/errors. */
  code: z.string().max(64).nullable(),
  params: z.record(z.string().max(64), z.union([z.string().max(4096), z.number()])),
  unreadable: z
    .array(z.object({ path: z.string().max(4096), reason: z.string().max(1000) }))
    .max(UNREADABLE_FILES_MAX),
  unreadableCount: count,
  warnings: z.array(z.string().max(LOG_LINE_LENGTH_MAX)).max(50),
  log: z.array(z.string().max(LOG_LINE_LENGTH_MAX)).max(LOG_TAIL_LINES_MAX),
  listing: z.array(listingEntry).max(LISTING_ENTRIES_MAX).nullable(),
  /** Of maintenance: what was forgotten, and what was held back with its reason. */
  forgotten: z.array(snapshotId).max(1000).nullable(),
  heldBack: z
    .array(z.object({ snapshotId, code: z.string().max(64) }))
    .max(1000)
    .nullable(),
});
export type JobReport = z.infer<typeof jobReport>;

/** The result of a job that did nothing: what a report says beyond what the run was. */
export const nothingDone = () =>
  ({
    snapshotId: null,
    filesDone: 0,
    bytesDone: 0,
    bytesAdded: 0,
    code: null,
    params: {},
    unreadable: [],
    unreadableCount: 0,
    warnings: [],
    log: [],
    listing: null,
    forgotten: null,
    heldBack: null,
  }) satisfies Partial<JobReport>;

export const jobView = z.object({
  id: jobId,
  kind: jobKind,
  hostId,
  hostName: z.string(),
  planId: planId.nullable(),
  planName: z.string().nullable(),
  /** T-34: of a plan of an application. */
  virtualName: z.string().nullable().default(null),
  trigger: z.enum(['schedule', 'manual', 'retry', 'system']),
  scheduleName: z.string().nullable(),
  scheduledAtMs: epochMs.nullable(),
  attempt: count,
  state: jobState,
  createdAtMs: epochMs,
  startedAtMs: epochMs.nullable(),
  endedAtMs: epochMs.nullable(),
  progress: jobProgress.nullable(),
  report: jobReport.nullable(),
});
export type JobView = z.infer<typeof jobView>;

const idParams = z.object({ id: jobId });

/** Starts a plan now on one, some or all of its hosts (P-13). */
export const runPlan = route({
  method: 'POST',
  path: '/v1/plans/:id/run',
  right: 'job.run',
  scope: 'group',
  params: z.object({ id: planId }),
  body: z.object({
    hosts: z.array(hostId).max(1000).nullable(),
    scheduleName: z.string().max(64).nullable(),
  }),
  reply: z.object({ jobs: z.array(jobView) }),
});
export const listJobs = route({
  method: 'GET',
  path: '/v1/jobs',
  right: 'job.read',
  scope: 'group',
  query: z.object({
    state: jobState.optional(),
    kind: jobKind.optional(),
    host: hostId.optional(),
    plan: planId.optional(),
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ jobs: z.array(jobView), next: z.string().nullable() }),
});
export const getJob = route({
  method: 'GET',
  path: '/v1/jobs/:id',
  right: 'job.read',
  scope: 'group',
  params: idParams,
  reply: jobView,
});
export const cancelJob = route({
  method: 'POST',
  path: '/v1/jobs/:id/cancel',
  right: 'job.run',
  scope: 'group',
  params: idParams,
  reply: jobView,
});
export const retryJob = route({
  method: 'POST',
  path: '/v1/jobs/:id/retry',
  right: 'job.run',
  scope: 'group',
  params: idParams,
  reply: jobView,
});
