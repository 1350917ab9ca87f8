import type { JobId, PlanId } from '@sekisho/core/ids.ts';
import { isEnded } from '@sekisho/core/rules/jobs.ts';
import { getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import { createPlan, getPlan } from '@sekisho/core/wire/plans.ts';
import { listPoints } from '@sekisho/core/wire/points.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import type { Installation } from './installation.ts';

/** Long enough for a server to be killed meanwhile: two seconds. */
const DATA_BYTES = 1024 * 1024;
const SLOW_KIB = 512;

const agentStatus = z.object({
  spooled: z.number(),
  jobs: z.array(z.unknown()),
  health: z.array(z.object({ code: z.string() })),
});

/** A domain that lives through crashes, with one plan of the laptop. */
export class Survivor {
  readonly installation: Installation;
  readonly planId: PlanId;
  readonly #source: string;
  #runs = 0;

  private constructor(installation: Installation, planId: PlanId, source: string) {
    this.installation = installation;
    this.planId = planId;
    this.#source = source;
  }

  static async start(installation: Installation): Promise<Survivor> {
    const source = join(installation.folder, 'source');
    await mkdir(source);
    const { id } = await installation.call(createPlan, {
      body: {
        name: 'files',
        targets: { hosts: [installation.hostId('laptop')], groups: [] },
        paths: [source],
        mediaServers: [installation.hostId('vault')],
        bandwidthKiBps: SLOW_KIB,
      },
    });
    return new Survivor(installation, id, source);
  }

  /** Starts a backup of something new. */
  async run(): Promise<JobId> {
    this.#runs += 1;
    await writeFile(join(this.#source, `file-${this.#runs}`), randomBytes(DATA_BYTES));
    const body = { hosts: null, scheduleName: null };
    const { jobs } = await this.installation.call(runPlan, { params: { id: this.planId }, body });
    return jobs[0]!.id;
  }

  ended(id: JobId): Promise<JobView> {
    return eventually(`job ${id} ends`, async () => {
      const job = await this.installation.call(getJob, { params: { id } });
      return isEnded(job.state) ? job : undefined;
    });
  }

  /** The job was done, is one recovery point, and its agents have nothing left to say. */
  async proveDone(id: JobId): Promise<void> {
    const { call } = this.installation;
    const job = await this.ended(id);
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    const points = await eventually('it is a recovery point', async () => {
      const found = (await call(listPoints)).points.filter((point) => point.jobId === id);
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(
      points.map((point) => point.id),
      [job.report?.snapshotId],
    );
    await this.nothingSpooled();
  }

  async nothingSpooled(): Promise<void> {
    for (const part of ['laptop', 'vault'] as const)
      await eventually(`${part} has told everything`, async () =>
        (await this.status(part)).spooled === 0 ? true : undefined,
      );
  }

  async status(part: 'laptop' | 'vault'): Promise<z.infer<typeof agentStatus>> {
    return agentStatus.parse(await this.installation.agentStatus(part));
  }

  /** The laptop holds the newest policy, and refused nothing. */
  async deployed(): Promise<void> {
    await eventually('the laptop holds the plan', async () => {
      const { deployed } = await this.installation.call(getPlan, { params: { id: this.planId } });
      return deployed.acknowledged === 1 ? true : undefined;
    });
    const { health } = await this.status('laptop');
    assert.deepEqual(
      health.filter(({ code }) => code.startsWith('document')),
      [],
    );
  }

  /** Rows of the database, while no server has it. */
  rows(sql: string): Record<string, unknown>[] {
    const database = new DatabaseSync(join(this.installation.data('server'), 'sekisho.db'));
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }

  documents(): number {
    return this.rows('SELECT serial FROM documents').length;
  }
}

/** All was told once, nothing has a double, and nothing is open. The installation is stopped by it. */
export async function proveWhole(survivor: Survivor): Promise<void> {
  const { installation } = survivor;
  await installation.proveSound();
  await installation.stopAll();
  assert.deepEqual(
    survivor.rows(
      `SELECT jobs.id, COUNT(outbox.num) AS told FROM jobs
         LEFT JOIN outbox ON outbox.subject = jobs.id AND outbox.kind = 'job-ended'
         GROUP BY jobs.id HAVING COUNT(outbox.num) <> 1`,
    ),
    [],
    'every end was told exactly once',
  );
  assert.deepEqual(
    survivor.rows('SELECT type, serial FROM documents GROUP BY type, serial HAVING COUNT(*) > 1'),
    [],
    'no serial was given twice',
  );
  assert.deepEqual(survivor.rows('SELECT id FROM intentions WHERE finished_at_ms IS NULL'), []);
}
