import type { Emergency, RotationKind, RotationPhase } from '@sekisho/core/rules/rotation.ts';
import { getPublicBundle } from '@sekisho/core/wire/agent.ts';
import { createToken, getDomain } from '@sekisho/core/wire/trust.ts';
import { setupAgent, type SetupResult } from '@sekisho/agent/setup/setup-agent.ts';
import { repairAgent } from '@sekisho/agent/control/agent-status.ts';
import { parseSha256Hex } from '@sekisho/core/ids.ts';
import { exportPackage, listServerLists } from '@sekisho/core/wire/server-lists.ts';
import { getRotation, planRotation, rollBackRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { parseCrl, verifyCrl } from '@sekisho/pki/crl.ts';
import { verifyBundle } from '@sekisho/pki/verify-bundle.ts';
import { DAY_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sameTree, slowPlan, underWay } from './under-way.ts';
import { comesBack, leafOf } from './updates.ts';

/** Changes the CA, and lets the clock of the fleet run meanwhile if there is one to be moved. */
async function rotate(
  fleet: Fleet,
  tick: () => Promise<void> = () => Promise.resolve(),
  wish: { kind: RotationKind; emergency?: Emergency } = { kind: 'ca' },
): Promise<void> {
  const { id } = await fleet.call(startRotation, { body: { ...wish, overlapSeconds: 0 } });
  await eventually('the CA is changed', async () => {
    await tick();
    const { phase } = await fleet.call(getRotation, { params: { id } });
    return phase === 'done' ? true : undefined;
  });
}

/** `agent setup`, as somebody runs it who was given this fingerprint. */
async function setUpBy(
  fleet: Fleet,
  name: string,
  expectedFingerprint: string,
): Promise<SetupResult | undefined> {
  const { token } = await fleet.call(createToken, { body: { name } });
  return setupAgent({
    dataFolder: join(fleet.folder, name),
    server: { host: '127.0.0.1', port: fleet.server.ports.agent },
    expectedFingerprint,
    token: new Secret(token),
    media: false,
    name,
    clock: fleet.clock,
    random: systemRandom,
    log: silentLog(),
  });
}

test('F-30 F-36 F-37 F-38 the CA is changed under a running backup; a host that was off comes back unaided', async (t) => {
  const fleet = await Fleet.start(t, {
    heartbeatSeconds: 1,
    hosts: [{ name: 'vault', media: true }, { name: 'laptop' }, { name: 'attic' }],
  });
  const { keys, store } = fleet.server.context;
  const [oldRoot, oldIssuing] = [keys.certificateOf('root'), keys.certificateOf('issuing')];
  const oldLeaf = await leafOf(fleet, 'attic');
  const before = await fleet.call(getDomain);
  await fleet.host('attic').agent.stop();
  const { plan, source } = await slowPlan(fleet, 'laptop', 'vault');
  const job = await fleet.begin(plan.id, 'laptop');
  await underWay(fleet, job);

  await rotate(fleet);

  const after = await fleet.call(getDomain);
  assert.notEqual(after.caFingerprint, before.caFingerprint);
  assert.deepEqual(
    parsePemCertificates(after.caCertificatesPem).map(({ subjectCn }) => subjectCn?.split(' ').slice(1, -1)),
    [
      ['Root', 'CA'],
      ['Issuing', 'CA'],
    ],
  );
  const rows = await store.db.selectFrom('ca_keys').select(['key_id', 'state', 'sealed', 'role']).execute();
  for (const { key_id: keyId, state, sealed } of rows)
    if (keyId === oldRoot.keyId || keyId === oldIssuing.keyId)
      assert.deepEqual([state, sealed], ['destroyed', null]);
  // who was there has a certificate of the new CA, and the backup is whole
  for (const host of ['vault', 'laptop']) await comesBack(fleet, host);
  const ended = await fleet.ended(job);
  assert.equal(ended.state, 'done', JSON.stringify(ended.report));
  assert.deepEqual(ended.report?.warnings, []);
  assert.doesNotMatch(ended.report?.log.join('\n') ?? '', /retry|error/i);
  const [point] = await fleet.points('laptop');
  const target = join(fleet.folder, 'restored');
  assert.equal((await fleet.restore(point!, target)).state, 'done');
  await sameTree(source, join(target, source));
  // the last list of the old CA outlives its last certificate
  const lists = `http://127.0.0.1:${fleet.server.ports.http}`;
  const url = new URL(oldLeaf.crlUrls[0] ?? '');
  const crl = parseCrl(new Uint8Array(await (await fetch(`${lists}${url.pathname}`)).arrayBuffer()));
  verifyCrl(crl, oldIssuing);
  assert.ok(crl.nextUpdateMs > oldLeaf.notAfterMs);
  // everybody is led from the old root to the new one, on the plain port too
  const { jws } = getPublicBundle.reply.parse(await (await fetch(`${lists}/v1/bundle`)).json());
  const nowMs = fleet.clock.nowMs();
  const read = await verifyBundle(jws, { domainId: after.domainId, anchors: [oldRoot], nowMs });
  assert.deepEqual([read.overLinks, read.payload.anchors.length], [true, 1]);

  // last month's note names the fingerprint of the old CA: what its key signed leads to the one of now
  const young = await setUpBy(fleet, 'young', before.caFingerprint);
  assert.deepEqual(young?.caFollowed, { from: before.caFingerprint, to: after.caFingerprint });
  const pinned = parsePemCertificates(await readFile(join(fleet.folder, 'young', 'anchors.pem'), 'utf8'));
  assert.deepEqual(
    pinned.map(({ fingerprint }) => fingerprint),
    [after.caFingerprint],
  );

  await fleet.restartAgent('attic');
  await comesBack(fleet, 'attic');
  await fleet.stopServer();
  await fleet.startServer();
  for (const host of ['vault', 'laptop', 'attic']) await comesBack(fleet, host);
});

test('F-37 F-38 a host that was off during three changes of the CA comes back a week later, and from a snapshot; a change is turned back', async (t) => {
  const clock = new FakeClock();
  const fleet = await Fleet.start(t, {
    clock,
    heartbeatSeconds: 1,
    hostCertificateHours: 450 * 24,
    hosts: [{ name: 'laptop' }, { name: 'attic' }],
  });
  const tick = (): Promise<void> => clock.advance(SECOND_MS);
  await fleet.host('attic').agent.stop();
  for (let changes = 0; changes < 3; changes += 1) await rotate(fleet, tick);
  clock.jump(7 * DAY_MS);
  await comesBack(fleet, 'laptop', tick);
  const { dataFolder } = fleet.host('attic');
  await cp(dataFolder, `${dataFolder}-snapshot`, { recursive: true });
  await fleet.restartAgent('attic');
  await comesBack(fleet, 'attic', tick);

  // restored from a snapshot of before, it has its old certificate and an older generation again
  await fleet.host('attic').agent.stop();
  await rm(dataFolder, { recursive: true });
  await rename(`${dataFolder}-snapshot`, dataFolder);
  await fleet.restartAgent('attic');
  await comesBack(fleet, 'attic', tick);

  // a change that is turned back after the switch: who was enrolled meanwhile follows, too
  const { caFingerprint } = await fleet.call(getDomain);
  const { id } = await fleet.call(startRotation, { body: { kind: 'ca', overlapSeconds: 3_600 } });
  const reach = (...wanted: readonly RotationPhase[]) =>
    eventually(`the change is ${wanted.join(' or ')}`, async () => {
      await tick();
      const { phase } = await fleet.call(getRotation, { params: { id } });
      return wanted.includes(phase) ? true : undefined;
    });
  await reach('overlap');
  await fleet.addHost('young');
  assert.notEqual((await fleet.call(getDomain)).caFingerprint, caFingerprint);
  await fleet.call(rollBackRotation, { params: { id } });
  await reach('overlap');
  clock.jump(3_600 * SECOND_MS);
  await reach('rolled-back');
  assert.equal((await fleet.call(getDomain)).caFingerprint, caFingerprint);
  for (const host of ['laptop', 'attic', 'young']) await comesBack(fleet, host, tick);
});

test('F-34 F-38 after the theft of the root hosts that are there go on; one that was off needs a communication package', async (t) => {
  const clock = new FakeClock();
  const fleet = await Fleet.start(t, {
    clock,
    heartbeatSeconds: 1,
    hostCertificateHours: 450 * 24,
    hosts: [{ name: 'laptop' }, { name: 'attic' }],
  });
  const tick = (): Promise<void> => clock.advance(SECOND_MS);
  await fleet.host('attic').agent.stop();
  const before = await fleet.call(getDomain);
  const wish = { kind: 'ca', emergency: 'stolen' } as const;
  const plan = await fleet.call(planRotation, { body: wish });
  await eventually('the price is known', async () => {
    await tick();
    const { wouldBeLost } = await fleet.call(planRotation, { body: wish });
    return wouldBeLost.map(({ name }) => name).join() === 'attic' ? true : undefined;
  });
  assert.equal(plan.prevented, false);
  await rotate(fleet, tick, wish);
  await comesBack(fleet, 'laptop', tick);
  await assert.rejects(setUpBy(fleet, 'young', before.caFingerprint), { code: 'CA_ROOT_COMPROMISED' });
  assert.equal(existsSync(join(fleet.folder, 'young')), false);
  await fleet.restartAgent('attic');
  await eventually('it finds no way', async () => {
    await tick();
    return fleet.host('attic').agent.status().lastError?.code === 'PEER_CHAIN_UNTRUSTED' ? true : undefined;
  });
  const [list] = (await fleet.call(listServerLists, {})).lists;
  const { file, caFingerprint } = await fleet.call(exportPackage, { params: { id: list!.id } });
  const body = { package: file, caFingerprint: parseSha256Hex(caFingerprint)! };
  // on a disk that is full: it is decided, and waits, also over a restart
  const obstacle = join(fleet.host('attic').dataFolder, 'documents', 'list.jws.previous');
  await rm(obstacle, { force: true });
  await mkdir(obstacle);
  await assert.rejects(fleet.control('attic')(repairAgent, { body }), { code: 'REPAIR_UNFINISHED' });
  const isUnfinished = (): boolean =>
    fleet
      .host('attic')
      .agent.status()
      .health.some(({ code }) => code === 'repair-unfinished');
  assert.equal(isUnfinished(), true);
  await fleet.host('attic').agent.stop();
  await fleet.restartAgent('attic');
  assert.equal(isUnfinished(), true);
  await rmdir(obstacle);
  await comesBack(fleet, 'attic', tick);
  assert.equal(isUnfinished(), false);
});
