import type { HostId, JobId, PlanId } from '@sekisho/core/ids.ts';
import { getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { listPoints, startRestore, type PointView } from '@sekisho/core/wire/points.ts';
import { seededRandom } from '@sekisho/agent/simulate/seeded-random.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { fingerprintOf, makeFiles } from '@sekisho/testkit/media-domain.ts';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RealHost } from './real-hosts.ts';
import type { SoakDomain } from './soak-domain.ts';

/** Small files, so that what is measured is connections and not disks. */
const FILE_BYTES_MAX = 120_000;
const FILES_MAX = 8;
const JOB_POLL_MS = 1_000;
/** A job may wait for its host through a whole round. */
const JOB_MS_MAX = 30 * 60_000;
const RESTORE_MS_MAX = 10 * 60_000;
/** Restores at once, of different hosts. */
const RESTORES_AT_ONCE = 4;

/** One backup that was asked for, and what its host had on its disk then. */
export interface BackupRecord {
  readonly host: string;
  readonly jobId: JobId;
  readonly files: Readonly<Record<string, string>>;
  readonly askedAtMs: number;
  readonly endedAtMs: number;
  readonly state: JobView['state'];
  readonly code: string | null;
}

/** What became of every recovery point. */
export interface RestoreResult {
  readonly points: number;
  /** Restored, and equal to what was on the disk, byte for byte. */
  readonly equal: number;
  /** Restored; the agent had made them by itself (a retry), so that nobody wrote down what was on the disk. */
  readonly unasked: number;
  /** A sentence for each that was not. */
  readonly faults: readonly string[];
}

/** Backups of real hosts, one after the other on each, as long as it goes on. */
export class RealBackups {
  readonly records: BackupRecord[] = [];
  readonly #domain: Pick<SoakDomain, 'call'>;
  readonly #plans = new Map<RealHost, PlanId>();
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(domain: Pick<SoakDomain, 'call'>) {
    this.#domain = domain;
  }

  /** A plan for each host. */
  async prepare(hosts: readonly RealHost[], media: HostId): Promise<void> {
    for (const host of hosts) {
      const { id } = await this.#domain.call(createPlan, {
        body: {
          name: `files of ${host.name}`,
          targets: { hosts: [host.hostId], groups: [] },
          paths: [host.source],
          mediaServers: [media],
        },
      });
      this.#plans.set(host, id);
    }
  }

  /** Each host backs up, waits for as long as the seed says, and so on. Rejects when the server refuses what it must not. */
  begin(seed: number, gapMs: { readonly least: number; readonly most: number }): void {
    this.#running = Promise.all(
      [...this.#plans].map(async ([host, planId], n) => {
        const { fraction } = seededRandom(seed * 31 + n, systemRandom);
        const gap = (): number => gapMs.least + fraction() * (gapMs.most - gapMs.least);
        await this.#pause(gap() * fraction());
        while (!this.#stopping.signal.aborted) {
          const files = Math.ceil(fraction() * FILES_MAX);
          const sizes = Array.from({ length: files }, () => Math.ceil(fraction() * FILE_BYTES_MAX));
          this.records.push(await this.#backUp(host, planId, sizes));
          await this.#pause(gap());
        }
      }),
    );
    this.#running.catch(() => undefined); // told by `end`
  }

  /** No further backup begins; waits for those that run. */
  async end(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  async #backUp(host: RealHost, planId: PlanId, sizes: readonly number[]): Promise<BackupRecord> {
    const { call } = this.#domain;
    await makeFiles(host.source, sizes);
    const files = await fingerprintOf(host.source);
    const askedAtMs = Date.now();
    const { jobs } = await call(runPlan, {
      params: { id: planId },
      body: { hosts: [host.hostId], scheduleName: null },
    });
    const [job] = jobs;
    if (job === undefined) throw new Error(`no job was made for ${host.name}`);
    const ended = await this.#ended(job.id, JOB_MS_MAX);
    const { state, report } = ended;
    const code = report?.code ?? null;
    return { host: host.name, jobId: job.id, files, askedAtMs, endedAtMs: Date.now(), state, code };
  }

  #ended(id: JobId, withinMs: number): Promise<JobView> {
    return eventually(
      `job ${id} ends`,
      async () => {
        const job = await this.#domain.call(getJob, { params: { id } });
        if (job.endedAtMs !== null) return job;
        await sleep(JOB_POLL_MS);
        return undefined;
      },
      withinMs,
    );
  }

  /** Restores every recovery point of every host beside its files, and compares. */
  async restoreAll(say: (text: string) => void): Promise<RestoreResult> {
    const result = { points: 0, equal: 0, unasked: 0, faults: [] as string[] };
    const left = [...this.#plans.keys()];
    const worker = async (): Promise<void> => {
      for (let host = left.shift(); host !== undefined; host = left.shift()) {
        const points = await this.#points(host.hostId);
        for (const point of points) {
          result.points += 1;
          const end = await this.#restore(host, point).catch((error: unknown) => ({ fault: String(error) }));
          if (end === 'equal') result.equal += 1;
          else if (end === 'unasked') result.unasked += 1;
          else result.faults.push(`recovery point ${point.id} of ${host.name}: ${end.fault}`);
        }
        say(`${host.name}: ${points.length} recovery points restored; ${left.length} hosts left`);
      }
    };
    await Promise.all(Array.from({ length: RESTORES_AT_ONCE }, worker));
    const done = this.records.filter(({ state }) => state === 'done');
    if (result.points < done.length)
      result.faults.push(
        `${done.length} backups were done, and only ${result.points} recovery points are there`,
      );
    return result;
  }

  async #points(host: HostId): Promise<PointView[]> {
    const all: PointView[] = [];
    let after: string | undefined;
    do {
      const page = await this.#domain.call(listPoints, {
        query: { host, ...(after === undefined ? {} : { after }) },
      });
      all.push(...page.points);
      after = page.next ?? undefined;
    } while (after !== undefined);
    return all;
  }

  async #restore(host: RealHost, point: PointView): Promise<'equal' | 'unasked' | { fault: string }> {
    const record = this.records.find(({ jobId }) => jobId === point.jobId);
    const targetFolder = join(host.source, '..', 'restored');
    await rm(targetFolder, { recursive: true, force: true });
    const { id } = await this.#domain.call(startRestore, {
      body: { point: point.id, paths: [], targetFolder, conflict: 'overwrite', host: null },
    });
    const { state, report } = await this.#ended(id, RESTORE_MS_MAX);
    if (state !== 'done')
      return { fault: `the restore ended as ${state} (${report?.code ?? 'without a code'})` };
    if (record === undefined) return 'unasked';
    const restored = await fingerprintOf(join(targetFolder, host.source));
    return sameFiles(record.files, restored) ? 'equal' : { fault: 'other bytes came back' };
  }
}

/** The same paths with the same content. */
export function sameFiles(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const paths = Object.keys(one);
  return paths.length === Object.keys(other).length && paths.every((path) => one[path] === other[path]);
}
