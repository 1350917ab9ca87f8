import type { JobId, PlanId, RepositoryName } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { jobKind, jobReport, type JobReport } from '@sekisho/core/wire/jobs.ts';
import { count, epochMs, hostId, jobId, planId, repositoryName } from '@sekisho/core/wire/scalars.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isMissing } from '../settings.ts';

/** Entries older than this are forgotten; orders expire, and schedules are decided, long before. */
export const LEDGER_KEEP_MS = 40 * DAY_MS;
/** A bound on the files in the folder, whatever is ordered. */
export const LEDGER_ENTRIES_MAX = 20_000;

/** What a run is, from the moment it is taken. */
export const jobFacts = z.object({
  jobId,
  kind: jobKind,
  trigger: z.enum(['schedule', 'manual', 'retry', 'system']),
  planId: planId.nullable(),
  planRevision: count.nullable(),
  scheduleName: z.string().nullable(),
  scheduledAtMs: epochMs.nullable(),
  attempt: count,
  repository: repositoryName.nullable(),
  mediaHostId: hostId.nullable(),
});
export type JobFacts = z.infer<typeof jobFacts>;

/** `taken`: on the disk before it begins. `ended`: its report is here until it is in the spool. `reported`: only the ID counts. */
const ledgerEntry = z.discriminatedUnion('state', [
  z.object({ state: z.literal('taken'), atMs: epochMs, job: jobFacts }),
  z.object({ state: z.literal('ended'), atMs: epochMs, report: jobReport }),
  z.object({ state: z.literal('reported'), atMs: epochMs }),
  z.object({ state: z.literal('refused'), atMs: epochMs }),
]);
export type LedgerEntry = z.infer<typeof ledgerEntry>;

const decidedFile = z.record(planId, z.record(z.string(), epochMs));

/**
 * The agent's own memory of runs (P-12): an order or a scheduled run that is in it is never begun again, whenever the agent
 * was killed. Every change is durable before its promise resolves.
 */
export interface Ledger {
  state(jobId: JobId): LedgerEntry['state'] | undefined;
  take(job: JobFacts, nowMs: number): Promise<void>;
  refuse(jobId: JobId, nowMs: number): Promise<void>;
  end(report: JobReport, nowMs: number): Promise<void>;
  reported(jobId: JobId, nowMs: number): Promise<void>;
  /** What a crash left behind: runs without an end, and ends that were not spooled. */
  leftovers(): Promise<{ interrupted: { job: JobFacts; atMs: number }[]; unspooled: JobReport[] }>;
  decidedUntilMs(planId: PlanId, scheduleName: string): number | undefined;
  setDecided(planId: PlanId, decided: Readonly<Record<string, number>>): Promise<void>;
  /** Marks that restic works in a repository, so that its lock is cleared after a crash. */
  markBusy(repository: RepositoryName): Promise<void>;
  wasBusy(repository: RepositoryName): Promise<boolean>;
  clearBusy(repository: RepositoryName): Promise<void>;
}

export async function openLedger(options: { folder: string; nowMs: number; log: Log }): Promise<Ledger> {
  const { folder, log } = options;
  const states = new Map<JobId, { state: LedgerEntry['state']; atMs: number }>();
  let decided = new Map<string, Record<string, number>>();

  for (const name of await readdir(folder)) {
    const id = FILE_NAME.exec(name)?.[1];
    const parsedId = id === undefined ? undefined : jobId.safeParse(id);
    if (parsedId?.success !== true) continue;
    const entry = await readJson(join(folder, name), ledgerEntry);
    if (entry === undefined) {
      // Written by rename, so only a failing disk does this: the ID alone still forbids a second run.
      log.warn({ jobId: id }, 'a damaged ledger entry counts as reported');
      states.set(parsedId.data, { state: 'reported', atMs: options.nowMs });
    } else if (entry.state === 'reported' && entry.atMs < options.nowMs - LEDGER_KEEP_MS)
      await rm(join(folder, name), { force: true });
    else states.set(parsedId.data, { state: entry.state, atMs: entry.atMs });
  }
  decided = new Map(Object.entries((await readJson(join(folder, DECIDED), decidedFile)) ?? {}));

  async function write(id: JobId, entry: LedgerEntry): Promise<void> {
    await writeDurably(join(folder, `${id}.json`), JSON.stringify(entry));
    states.set(id, { state: entry.state, atMs: entry.atMs });
    if (states.size > LEDGER_ENTRIES_MAX) await forgetOldest();
  }

  async function forgetOldest(): Promise<void> {
    const done = [...states].filter(([, { state }]) => state === 'reported' || state === 'refused');
    done.sort(([, left], [, right]) => left.atMs - right.atMs);
    for (const [id] of done.slice(0, LEDGER_ENTRIES_MAX / 10)) {
      await rm(join(folder, `${id}.json`), { force: true });
      states.delete(id);
    }
  }

  return {
    state: (id) => states.get(id)?.state,
    take: (job, nowMs) => write(job.jobId, { state: 'taken', atMs: nowMs, job }),
    refuse: (id, nowMs) => write(id, { state: 'refused', atMs: nowMs }),
    end: (report, nowMs) => write(report.jobId, { state: 'ended', atMs: nowMs, report }),
    reported: (id, nowMs) => write(id, { state: 'reported', atMs: nowMs }),
    async leftovers() {
      const interrupted: { job: JobFacts; atMs: number }[] = [];
      const unspooled: JobReport[] = [];
      for (const [id, { state }] of states) {
        if (state !== 'taken' && state !== 'ended') continue;
        const entry = await readJson(join(folder, `${id}.json`), ledgerEntry);
        if (entry?.state === 'taken') interrupted.push({ job: entry.job, atMs: entry.atMs });
        if (entry?.state === 'ended') unspooled.push(entry.report);
      }
      return { interrupted, unspooled };
    },
    decidedUntilMs: (plan, scheduleName) => decided.get(plan)?.[scheduleName],
    async setDecided(plan, changes) {
      const next = new Map(decided).set(plan, { ...decided.get(plan), ...changes });
      await writeDurably(join(folder, DECIDED), JSON.stringify(Object.fromEntries(next)));
      decided = next;
    },
    async markBusy(repository) {
      await writeDurably(join(folder, `${repository}.busy`), '');
    },
    wasBusy: async (repository) => (await readdir(folder)).includes(`${repository}.busy`),
    async clearBusy(repository) {
      await rm(join(folder, `${repository}.busy`), { force: true });
    },
  };
}

const FILE_NAME = /^([0-9a-f]{32})\.json$/;
const DECIDED = 'schedules.json';

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
