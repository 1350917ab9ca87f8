import { setAgentSettings } from '@sekisho/agent/control/agent-status.ts';
import { cancelJob, getJob } from '@sekisho/core/wire/jobs.ts';
import { browsePoint } from '@sekisho/core/wire/points.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ROOT } from './root.ts';
import {
  makeFiles,
  noRestic,
  refusedWith,
  resticsOf,
  sameTree,
  SLOW_BYTES,
  SLOW_KIBPS,
  slowPlan,
  underWay,
} from './under-way.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');
/** Root reads everything: an agent that must not is started without that power. */
const WITHOUT_POWERS = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--'];

/** The agent of a host as a program of its own, which no file mode yields to; it ends with the test. */
async function runAsProgram(t: TestContext, fleet: Fleet, name: string): Promise<void> {
  const host = fleet.host(name);
  await host.agent.stop();
  const stoppedMs = fleet.clock.nowMs();
  const command = [
    ...(process.getuid?.() === 0 ? WITHOUT_POWERS : []),
    ...[SEKISHO, 'agent', 'run', '--data', host.dataFolder],
  ];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (part: Buffer) => (errors += part.toString()));
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  await eventually(`${name} is back as a program`, async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${errors}`);
    const { lastSeenAtMs } = await fleet.call(getHost, { params: { id: host.hostId } });
    return (lastSeenAtMs ?? 0) > stoppedMs ? true : undefined;
  });
}

test('P-10 P-11 P-12 a plan means what it says on its host', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const laptop = fleet.host('laptop');

  await t.test('P-10 what is excluded, by pattern or by path, is not in the recovery point', async () => {
    const source = join(fleet.folder, 'excludes');
    await makeFiles(source);
    await writeFile(join(source, 'sub', 'noise.log'), 'noise');
    const excludes = ['*.log', join(source, 'sub', 'deep')];
    const plan = await fleet.plan('laptop', [source], 'vault', [], { excludes });
    const job = await fleet.backup(plan.id, 'laptop');
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    const point = (await fleet.points('laptop')).find((one) => one.jobId === job.id);
    assert.ok(point);
    const browse = await fleet.call(browsePoint, {
      params: { id: point.id },
      body: { path: join(source, 'sub') },
    });
    const { report } = await fleet.ended(browse.id);
    assert.deepEqual(
      report?.listing?.map(({ path }) => path),
      [join(source, 'sub', 'b.txt')],
    );
  });

  await t.test('P-10 commands run only with the consent of the host itself', async () => {
    const source = join(fleet.folder, 'commands');
    await makeFiles(source);
    const mark = join(fleet.folder, 'mark');
    const commands = { pre: `echo before >> ${mark}`, post: `echo after $SEKISHO_JOB_STATE >> ${mark}` };
    const plan = await fleet.plan('laptop', [source], 'vault', [], { commands });
    const refused = await fleet.backup(plan.id, 'laptop');
    assert.deepEqual([refused.state, refused.report?.code], ['failed', 'COMMANDS_NOT_ALLOWED']);
    await assert.rejects(readFile(mark), { code: 'ENOENT' });
    await fleet.control('laptop')(setAgentSettings, { body: { allowCommands: true } });
    assert.equal((await fleet.backup(plan.id, 'laptop')).state, 'done');
    assert.equal(await readFile(mark, 'utf8'), 'before\nafter done\n');
    await fleet.control('laptop')(setAgentSettings, { body: { allowCommands: false } });
    assert.equal((await fleet.backup(plan.id, 'laptop')).report?.code, 'COMMANDS_NOT_ALLOWED');
    assert.equal(await readFile(mark, 'utf8'), 'before\nafter done\n');
  });

  await t.test('P-10 a schedule has a time zone that exists, and a time that comes', async () => {
    const schedule = { name: 'night', cron: '30 2 * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 60 };
    const plan = await fleet.plan('laptop', [fleet.folder], 'vault', [schedule]);
    assert.deepEqual(plan.schedules, [schedule]);
    assert.equal((await fleet.deployed(plan.id)).deployed.acknowledged, 1);
    for (const [change, code] of [
      [{ timeZone: 'Asia/Edo' }, 'SCHEDULE_TIME_ZONE_UNKNOWN'],
      [{ cron: '61 * * * *' }, 'SCHEDULE_CRON_INVALID'],
      [{ cron: '0 0 30 2 *' }, 'SCHEDULE_NEVER_RUNS'],
    ] as const)
      await refusedWith(code, fleet.plan('laptop', [fleet.folder], 'vault', [{ ...schedule, ...change }]));
  });

  await t.test(
    'P-10 P-11 P-12 a backup keeps to its bandwidth, shows how far it is, hides its password, and can be cancelled',
    async () => {
      const { plan, source } = await slowPlan(fleet, 'laptop', 'vault');
      const id = await fleet.begin(plan.id, 'laptop');
      await underWay(fleet, id);
      const { filesTotal, bytesTotal, bytesDone } = await eventually('a rate is known', async () => {
        const { progress } = await fleet.call(getJob, { params: { id } });
        return progress !== null && progress.bytesPerSecond > 0 ? progress : undefined;
      });
      assert.equal(filesTotal, 4);
      assert.ok(bytesTotal > SLOW_BYTES && bytesDone <= bytesTotal);
      const [pid] = await resticsOf(fleet);
      const [line, environment] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8'),
        readFile(`/proc/${pid}/environ`, 'utf8'),
      ]);
      assert.ok(line.includes(`--limit-upload\0${SLOW_KIBPS}\0`), 'restic was told the limit');
      const password = /RESTIC_PASSWORD=([^\0]+)/.exec(environment)?.[1];
      assert.ok(password !== undefined && !line.includes(password));

      await fleet.call(cancelJob, { params: { id } });
      const job = await fleet.ended(id);
      assert.equal(job.state, 'cancelled', JSON.stringify(job.report));
      await noRestic(fleet);
      assert.deepEqual(laptop.agent.status().jobs, []);
      await refusedWith('JOB_ENDED', fleet.call(cancelJob, { params: { id } }));
      assert.equal((await fleet.points('laptop')).filter((point) => point.jobId === id).length, 0);

      const quick = await fleet.plan('laptop', [source], 'vault');
      const next = await fleet.backup(quick.id, 'laptop');
      assert.equal(next.state, 'done', JSON.stringify(next.report));
      assert.equal((await fleet.call(getJob, { params: { id } })).state, 'cancelled');
    },
  );

  await t.test(
    'P-12 paths that do not exist and files that cannot be read are each listed, and the rest is safe',
    async (step) => {
      const source = join(fleet.folder, 'unreadable');
      await makeFiles(source);
      const closed = [join(source, 'a.txt'), join(source, 'sub', 'b.txt')];
      for (const path of closed) await chmod(path, 0o000);
      const missing = join(fleet.folder, 'never', 'made');
      const plan = await fleet.plan('laptop', [source, missing], 'vault');
      await runAsProgram(step, fleet, 'laptop');
      const job = await fleet.backup(plan.id, 'laptop');
      assert.equal(job.state, 'incomplete', JSON.stringify(job.report));
      assert.deepEqual(job.report?.unreadable.map(({ path }) => path).sort(), [...closed, missing].sort());
      assert.equal(job.report?.unreadableCount, 3);
      for (const { reason } of job.report?.unreadable ?? []) assert.ok(reason.length > 0);
      const point = (await fleet.points('laptop')).find((one) => one.jobId === job.id);
      assert.ok(point, 'what could be read is a recovery point');
      const target = join(fleet.folder, 'readable');
      assert.equal((await fleet.restore(point, target)).state, 'done');
      const rest = join('sub', 'deep');
      await sameTree(join(source, rest), join(target, source, rest));
      const nothing = await fleet.plan('laptop', [missing], 'vault');
      const failed = await fleet.backup(nothing.id, 'laptop');
      assert.deepEqual([failed.state, failed.report?.code], ['failed', 'PLAN_PATHS_MISSING']);
    },
  );
});

test('P-10 when the first media server is away the second one takes the backup, until the first is back', async (t) => {
  const fleet = await Fleet.start(t, {
    hosts: [{ name: 'first', media: true }, { name: 'second', media: true }, { name: 'laptop' }],
  });
  const source = join(fleet.folder, 'source');
  await makeFiles(source);
  const plan = await fleet.plan('laptop', [source], 'first', [], { fallback: 'second' });
  assert.equal((await fleet.backup(plan.id, 'laptop')).report?.mediaHostId, fleet.host('first').hostId);

  await fleet.host('first').agent.stop();
  const job = await fleet.backup(plan.id, 'laptop');
  assert.equal(job.state, 'warnings', JSON.stringify(job.report));
  assert.equal(job.report?.mediaHostId, fleet.host('second').hostId);
  assert.match(job.report.warnings.join('\n'), new RegExp(fleet.host('first').hostId));
  const point = (await fleet.points('laptop', 2)).find((one) => one.jobId === job.id);
  assert.equal(point?.mediaHostId, fleet.host('second').hostId);
  const target = join(fleet.folder, 'restored');
  assert.equal((await fleet.restore(point, target)).state, 'done');
  await sameTree(source, join(target, source));

  await fleet.restartAgent('first');
  const back = await fleet.backup(plan.id, 'laptop');
  assert.deepEqual([back.state, back.report?.mediaHostId], ['done', fleet.host('first').hostId]);
});
