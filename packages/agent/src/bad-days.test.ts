import { getJob, runPlan, type JobView } from '@sekisho/core/wire/jobs.ts';
import type { PlanView } from '@sekisho/core/wire/plans.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startProtectedHost, type ProtectedHost } from '../test/protected-host.ts';
import { startRealServer, type RealServer } from '../test/real-server.ts';
import { runAgent, type AgentProcess } from '../test/run-agent.ts';
import { until } from '../test/until.ts';
import { startAgent } from './main.ts';

describe('agent, media server and restic on a bad day', () => {
  let folder: Awaited<ReturnType<typeof makeTempFolder>>;
  let real: RealServer;
  /** The media server; its port stays. */
  let media: ProtectedHost;
  let drawn = 0;
  before(async () => {
    folder = await makeTempFolder();
    real = await startRealServer(folder.path, systemClock);
    media = await startProtectedHost(real, { dataFolder: join(folder.path, 'media'), name: 'media' });
  });
  after(async () => {
    await media.stop();
    await real.stop();
    await folder.remove();
  });

  /** A client host with files and a plan that takes a while. */
  async function slowClient(kibps = 200): Promise<{ host: ProtectedHost; plan: PlanView; root: string }> {
    drawn += 1;
    const root = join(folder.path, `client-${drawn}`);
    await mkdir(join(root, 'data'), { recursive: true });
    const content = Buffer.alloc(800_000);
    for (let offset = 0; offset < content.length; offset += 4)
      content.writeUInt32LE(((offset + drawn) * 2654435761) >>> 0, offset);
    await writeFile(join(root, 'data/large'), content);
    const host = await startProtectedHost(real, {
      dataFolder: join(root, 'agent'),
      name: `client-${drawn}`,
      media: false,
      mediaUnreachableMs: 1500,
    });
    const plan = await host.plan({
      paths: [join(root, 'data')],
      mediaServers: [media.hostId],
      bandwidthKiBps: kibps,
    });
    return { host, plan, root };
  }
  async function start(plan: PlanView): Promise<JobView> {
    const { jobs } = await real.call(runPlan, {
      params: { id: plan.id },
      body: { hosts: null, scheduleName: null },
    });
    return jobs[0]!;
  }
  const transferring = (id: JobView['id']): Promise<void> =>
    until('it transfers', async () => {
      const job = await real.call(getJob, { params: { id } });
      if (job.report !== null) throw new Error(`it ended: ${JSON.stringify(job.report)}`);
      return job.progress?.phase === 'transferring';
    });

  test('P-12 an agent that is killed in a backup reports it as interrupted, and the next run resumes', async (t) => {
    const { host, plan } = await slowClient();
    await host.agent.stop();
    const first = await runAgent(host.dataFolder, 0);
    const job = await start(plan);
    await transferring(job.id);
    await first.kill('SIGKILL');
    host.agent = await startAgent(host.options);
    t.after(() => host.stop());
    const ended = await host.ended(job.id);
    assert.deepEqual([ended.state, ended.report?.code], ['failed', 'JOB_INTERRUPTED']);
    assert.ok((await readdir(join(host.dataFolder, 'jobs'))).some((name) => name.endsWith('.busy')));
    const again = await host.run(plan);
    assert.equal(again.state, 'done', JSON.stringify(again.report));
    assert.ok(!(await readdir(join(host.dataFolder, 'jobs'))).some((name) => name.endsWith('.busy')));
  });

  test('P-12 restic that is killed fails the job, and the next run works', async (t) => {
    const { host, plan } = await slowClient();
    t.after(() => host.stop());
    const job = await start(plan);
    await transferring(job.id);
    await killRestic();
    const ended = await host.ended(job.id);
    assert.deepEqual([ended.state, ended.report?.code], ['failed', 'RESTIC_FAILED']);
    assert.equal((await host.run(plan)).state, 'done');
  });

  test('P-12 a media server that goes away fails the job with its name, and the next run works', async (t) => {
    const { host, plan } = await slowClient(60);
    t.after(() => host.stop());
    const job = await start(plan);
    await transferring(job.id);
    const port = media.agent.mediaPort!;
    await media.agent.stop();
    const ended = await host.ended(job.id);
    media.agent = await startAgent({ ...media.options, mediaListen: { host: '127.0.0.1', port } });
    assert.deepEqual([ended.state, ended.report?.code], ['failed', 'MEDIA_SERVER_UNREACHABLE']);
    const quick = await host.plan({ paths: plan.paths, mediaServers: [media.hostId] });
    assert.equal((await host.run(quick)).state, 'done');
  });

  const points = ['spool.before-send', 'spool.before-send:2', 'spool.acknowledged', 'spool.renamed:2'];
  for (const point of points) {
    test(`P-12 killed at ${point}, the job ends in a true state once the agent is back`, async (t) => {
      const { host, plan } = await slowClient(4000);
      await host.agent.stop();
      const child: AgentProcess = await runAgent(host.dataFolder, 0, { SEKISHO_TEST_CRASH_POINT: point });
      const job = await start(plan);
      assert.equal(await child.ended, 'SIGKILL');
      host.agent = await startAgent(host.options);
      t.after(() => host.stop());
      const ended = await host.ended(job.id);
      if (ended.state === 'failed') assert.equal(ended.report?.code, 'JOB_INTERRUPTED');
      else assert.equal(ended.state, 'done');
      await until('nothing waits any more', () => host.agent.status().spooled === 0);
      assert.equal((await host.run(plan)).state, 'done');
    });
  }

  test('P-11 no secret is on a command line, in a log line or in a report', async (t) => {
    const { host, plan } = await slowClient();
    t.after(() => host.stop());
    const job = await start(plan);
    await transferring(job.id);
    const lines = await resticCommandLines();
    assert.ok(lines.length > 0);
    for (const line of lines) assert.doesNotMatch(line, /rest:http|password|RESTIC_/i);
    const ended = await host.ended(job.id);
    assert.doesNotMatch(JSON.stringify(ended), /rest:http:\/\/[0-9a-f]+:[0-9a-f]{8}/);
  });
});

/** restic processes that descend from this one. */
async function resticProcesses(): Promise<{ pid: number; line: string }[]> {
  const parents = new Map<number, number>();
  const found: { pid: number; line: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const fields = /^(\d+) \((.*)\) \S (\d+)/.exec(stat);
    if (fields === null) continue;
    parents.set(Number(fields[1]), Number(fields[3]));
    const line = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (fields[2] === 'restic') found.push({ pid: Number(fields[1]), line });
  }
  const isOurs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (pid === process.pid || isOurs(parents.get(pid)));
  return found.filter(({ pid }) => isOurs(pid));
}
const resticCommandLines = async (): Promise<string[]> => (await resticProcesses()).map(({ line }) => line);

async function killRestic(): Promise<void> {
  const found = await resticProcesses();
  assert.equal(found.length, 1);
  process.kill(found[0]!.pid, 'SIGKILL');
}
