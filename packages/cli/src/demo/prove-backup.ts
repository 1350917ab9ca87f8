import { AppError, fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { runPlan, type JobReport, type JobView } from '@sekisho/core/wire/jobs.ts';
import { createPlan, getPlan } from '@sekisho/core/wire/plans.ts';
import { getPoint, startRestore } from '@sekisho/core/wire/points.ts';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { note } from '../cli.ts';
import { resolveHost } from '../client/resolve.ts';
import { watchJobs } from '../client/watch-jobs.ts';
import { jobOutcomeText } from '../output/job-text.ts';
import { visible } from '../output/table.ts';
import { compareManifests, type Comparison } from './compare-manifests.ts';
import { DEMO_HOST } from './make-domain.ts';
import { readManifest, type Manifest } from './manifest.ts';
import type { Demo } from './run-demo.ts';
import { waitFor } from './wait-for.ts';

const PLAN_NAME = 'demo';
const PLAN_SECONDS = 60;
const POINT_SECONDS = 60;
/** A job that the host did not begin within so long proves nothing. */
const QUEUED_SECONDS = 120;
/** So many differences are shown. */
const DIFFERENCES_SHOWN_MAX = 20;

/** What the demo protects. */
export interface DemoSource {
  readonly path: string;
  /** Names that are left out wherever they stand. */
  readonly leaveOut: readonly string[];
}

/** The figures of a proof. */
export interface DemoProof {
  readonly backup: {
    readonly files: number;
    readonly bytes: number;
    readonly bytesAdded: number;
    readonly ms: number;
  };
  readonly restore: { readonly files: number; readonly bytes: number; readonly ms: number };
  readonly point: string;
  readonly restored: string;
  readonly compared: Omit<Comparison, 'differences'>;
}

/**
 * Plan, backup, restore, comparison. Refusals: DEMO_JOB_FAILED, DEMO_NOT_PROVED, DEMO_NOTHING_TO_PROVE, DEMO_STEP_SLOW.
 */
export async function proveBackup(demo: Demo, call: Caller, source: DemoSource): Promise<DemoProof> {
  const { cli, narrator, folder, signal } = demo;
  const words = cli.words.demo;
  const planId = await deployPlan(demo, call, source);
  const leaveOut = { names: new Set(source.leaveOut), paths: new Set([folder.root]) };
  const before = await readManifest(source.path, leaveOut, signal);
  if (![...before.values()].some(({ kind }) => kind === 'file' || kind === 'link')) {
    throw new AppError('DEMO_NOTHING_TO_PROVE', { path: source.path });
  }

  narrator.step(words.stepBackup);
  const { jobs } = await call(runPlan, { params: { id: planId }, body: { hosts: null, scheduleName: null } });
  const backup = await goodEnd(demo, call, jobs);
  const point = backup.snapshotId;
  if (point === null)
    throw new AppError('DEMO_JOB_FAILED', { job: backup.jobId, state: backup.state, folder: folder.logs });
  const backupMs = backup.endedAtMs - backup.startedAtMs;
  narrator.fact(words.backupFacts, {
    ...figures(demo, backup, backupMs),
    added: cli.format.bytes(backup.bytesAdded),
  });
  narrator.fact(words.pointFacts, { id: point });
  await waitFor(
    cli.io.clock,
    signal,
    { step: words.waitingPoint, seconds: POINT_SECONDS, folder: folder.logs },
    () => call(getPoint, { params: { id: point } }).catch(notYetThere),
  );

  narrator.step(words.stepRestore);
  const restoreJob = await call(startRestore, {
    body: { point, paths: [], targetFolder: folder.restored, conflict: 'overwrite' },
  });
  const restore = await goodEnd(demo, call, [restoreJob]);
  const restoreMs = restore.endedAtMs - restore.startedAtMs;
  narrator.fact(words.restoreFacts, figures(demo, restore, restoreMs));

  narrator.step(words.stepCompare);
  const restoredRoot = await restoredPlace(folder.restored, source.path);
  const after = await readManifest(source.path, leaveOut, signal);
  const restored = await readManifest(restoredRoot, NOTHING_LEFT_OUT, signal);
  const compared = judge(demo, source, restoredRoot, { before, after, restored });
  return {
    backup: { files: backup.filesDone, bytes: backup.bytesDone, bytesAdded: backup.bytesAdded, ms: backupMs },
    restore: { files: restore.filesDone, bytes: restore.bytesDone, ms: restoreMs },
    point,
    restored: restoredRoot,
    compared,
  };
}

const NOTHING_LEFT_OUT = { names: new Set<string>(), paths: new Set<string>() };

async function deployPlan(
  { cli, narrator, folder, processes, signal }: Demo,
  call: Caller,
  source: DemoSource,
) {
  const words = cli.words.demo;
  narrator.step(words.stepPlan);
  const host = await resolveHost(call, DEMO_HOST);
  const excludes = [...source.leaveOut, folder.root];
  const { id } = await call(createPlan, {
    body: {
      name: PLAN_NAME,
      targets: { hosts: [host.id], groups: [] },
      paths: [source.path],
      excludes,
      mediaServers: [host.id],
    },
  });
  await waitFor(
    cli.io.clock,
    signal,
    { step: words.waitingPlan, seconds: PLAN_SECONDS, folder: folder.logs },
    async () => {
      processes.assertRunning('server', 'agent');
      const { deployed } = await call(getPlan, { params: { id } });
      return deployed.hosts > 0 && deployed.acknowledged === deployed.hosts ? true : undefined;
    },
  );
  narrator.fact(words.planFacts, { name: PLAN_NAME, path: source.path });
  if (source.leaveOut.length > 0) narrator.fact(words.excludeFacts, { excludes: source.leaveOut.join(', ') });
  return id;
}

/** Watches jobs with live progress; only "done" proves something. */
async function goodEnd(demo: Demo, call: Caller, started: readonly JobView[]): Promise<JobReport> {
  const { cli, folder, processes } = demo;
  const queuedUntilMs = cli.io.clock.monotonicMs() + QUEUED_SECONDS * 1_000;
  const [job] = await watchJobs(
    cli,
    call,
    started.map(({ id }) => id),
    {
      onPoll: (running) => {
        processes.assertRunning('server', 'agent');
        const waiting = running.some(({ state }) => state === 'queued');
        if (waiting && cli.io.clock.monotonicMs() > queuedUntilMs) {
          throw new AppError('DEMO_STEP_SLOW', {
            step: cli.words.demo.waitingJob,
            seconds: QUEUED_SECONDS,
            folder: folder.logs,
          });
        }
      },
    },
  );
  processes.assertRunning('server', 'agent');
  if (job?.report != null && (job.state === 'done' || job.state === 'warnings')) return job.report;
  if (job !== undefined) for (const line of jobOutcomeText(cli, job)) note(cli, `      ${line}`);
  const state = job === undefined ? '–' : cli.words.states.job[job.state];
  const kind = job === undefined ? '–' : cli.words.states.jobKind[job.kind];
  throw new AppError('DEMO_JOB_FAILED', { job: kind, state, folder: folder.logs });
}

function figures({ cli }: Demo, report: JobReport, durationMs: number): Record<string, string> {
  return {
    files: cli.format.counted('file', report.filesDone),
    size: cli.format.bytes(report.bytesDone),
    duration: cli.format.duration(durationMs),
    rate: cli.format.rate(report.bytesDone / Math.max(0.001, durationMs / 1_000)),
  };
}

/** The recovery point is not recorded yet: the media server's word may come a moment after the agent's. */
function notYetThere(error: unknown): undefined {
  if (error instanceof AppError && error.status === 404) return undefined;
  throw error;
}

/** A restore keeps whole paths below its target folder. */
async function restoredPlace(target: string, source: string): Promise<string> {
  const whole = join(target, source);
  return (await lstat(whole).catch(() => undefined)) === undefined ? target : whole;
}

function judge(
  { cli, narrator }: Demo,
  source: DemoSource,
  restoredRoot: string,
  trees: { before: Manifest; after: Manifest; restored: Manifest },
): Omit<Comparison, 'differences'> {
  const words = cli.words.demo;
  const { differences, ...compared } = compareManifests(trees.before, trees.after, trees.restored);
  const first = differences[0];
  if (first !== undefined) {
    note(cli, fill(words.notProved, { differences: cli.format.counted('difference', differences.length) }));
    for (const { path, kind } of differences.slice(0, DIFFERENCES_SHOWN_MAX)) {
      note(cli, `  ${visible(path === '' ? '.' : path)}: ${words.differences[kind]}`);
    }
    throw new AppError('DEMO_NOT_PROVED', {
      count: differences.length,
      first: `${first.path === '' ? '.' : first.path} (${words.differences[first.kind]})`,
      source: source.path,
      restored: restoredRoot,
    });
  }
  if (compared.files + compared.links === 0)
    throw new AppError('DEMO_NOTHING_TO_PROVE', { path: source.path });
  narrator.fact(words.compareFacts, {
    files: cli.format.counted('file', compared.files),
    size: cli.format.bytes(compared.bytes),
    folders: cli.format.count(compared.folders),
    links: cli.format.count(compared.links),
  });
  if (compared.skipped > 0) narrator.fact(words.compareSkipped, { count: compared.skipped });
  if (compared.changed > 0)
    narrator.fact(words.compareChanged, { files: cli.format.counted('file', compared.changed) });
  return compared;
}
