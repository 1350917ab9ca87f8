import { getJob } from '@sekisho/core/wire/jobs.ts';
import { createToken, getHost, listCertificates, setHostMedia } from '@sekisho/core/wire/trust.ts';
import { startAgent } from '@sekisho/agent/main.ts';
import { setupAgent } from '@sekisho/agent/setup/setup-agent.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { createLog, silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startTcpRelay } from '../packages/agent/test/tcp-relay.ts';
import { makeFiles, refusedWith, sameTree, slowPlan, underWay } from './under-way.ts';

/** The certificate that a media server shows to a new connection. */
function shownAt(port: number): Promise<Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      const shown = socket.getPeerX509Certificate();
      socket.destroy();
      if (shown === undefined) reject(new Error('it shows no certificate'));
      else resolve(parseCertificate(shown.raw));
    });
    socket.once('error', reject);
  });
}

const inUse = (fleet: Fleet, host: string): string | undefined =>
  fleet.host(host).agent.status().certificate?.fingerprint;

/** The certificates with which a host is connected to the management server. */
const connectedWith = (fleet: Fleet, host: string): string[] => [
  ...fleet.server.context.connections.shownBy(fleet.host(host).hostId),
];

test('T-04 F-39 both ends renew in mid-backup when the server says "come now", and the backup loses nothing', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'vault', media: true }, { name: 'laptop' }] });
  const { plan, source } = await slowPlan(fleet, 'laptop', 'vault');
  const id = await fleet.begin(plan.id, 'laptop');
  await underWay(fleet, id);
  const names = ['laptop', 'vault'];
  const before = new Map(names.map((name) => [name, inUse(fleet, name)]));
  for (const name of names) fleet.server.context.fleet.push(fleet.host(name).hostId, ['certificate']);
  for (const name of names) {
    const renewed = await eventually(`${name} has renewed`, () => {
      const now = inUse(fleet, name);
      return now === before.get(name) ? undefined : now;
    });
    await eventually(`${name} is connected with it, and with nothing else`, () =>
      connectedWith(fleet, name).join() === renewed ? true : undefined,
    );
    await eventually(`${name} has its channel again`, () =>
      fleet.host(name).agent.status().channel === 'open' ? true : undefined,
    );
    const { certificate } = await fleet.call(getHost, { params: { id: fleet.host(name).hostId } });
    assert.equal(certificate?.fingerprint, renewed);
  }
  assert.equal((await shownAt(fleet.host('vault').mediaPort)).fingerprint, inUse(fleet, 'vault'));
  const meanwhile = await fleet.call(getJob, { params: { id } });
  assert.equal(meanwhile.endedAtMs, null, 'the backup was still running');

  const job = await fleet.ended(id);
  assert.equal(job.state, 'done', JSON.stringify(job.report));
  assert.deepEqual(job.report?.warnings, []);
  assert.doesNotMatch(job.report?.log.join('\n') ?? '', /retry|error/i);
  const [point] = await fleet.points('laptop');
  assert.ok(point);
  const target = join(fleet.folder, 'restored');
  assert.equal((await fleet.restore(point, target)).state, 'done');
  await sameTree(source, join(target, source));
  const { certificates } = await fleet.call(listCertificates, {
    query: { host: fleet.host('laptop').hostId },
  });
  assert.deepEqual(
    certificates.map(({ revokedAtMs }) => revokedAtMs),
    [null, null],
  );
});

test('T-14 a reply that is lost after the commit costs a renewal nothing, nor a reissue', async (t) => {
  let issued = false;
  const destination = {
    write(line: string) {
      if (line.includes('certificate issued')) issued = true;
    },
  };
  // agents find the server at this address: the relay stands between them
  const address = '127.0.0.2';
  const fleet = await Fleet.start(t, { address, log: createLog({ name: 'server', destination }) });
  const { agent: port } = fleet.server.ports;
  const relay = await startTcpRelay(port, { host: address, port });
  t.after(() => relay.stop());
  const host = await fleet.addHost('laptop');
  const known = async (): Promise<string[]> => {
    const { certificates } = await fleet.call(listCertificates, { query: { host: host.hostId } });
    return certificates.map(({ fingerprint }) => fingerprint);
  };

  await t.test('T-14 a renewal: the same certificate comes at the next attempt', async () => {
    const first = inUse(fleet, 'laptop');
    issued = false;
    relay.losesReplies = () => issued;
    await refusedWith('SERVER_UNREACHABLE', host.agent.renewNow());
    assert.equal(issued, true);
    assert.equal(inUse(fleet, 'laptop'), first);
    const committed = await known();
    assert.equal(committed.length, 2);
    relay.losesReplies = () => false;
    await host.agent.renewNow();
    assert.deepEqual(new Set(await known()), new Set(committed), 'no third certificate was made');
    assert.notEqual(inUse(fleet, 'laptop'), first);
    assert.ok(committed.includes(inUse(fleet, 'laptop') ?? ''));
    await host.agent.heartbeatNow();
  });

  await t.test(
    'T-14 a reissue: the same token and the same request get the same certificate, and the host stays itself',
    async () => {
      await host.agent.stop();
      const before = await known();
      const { token } = await fleet.call(createToken, { body: { name: 'again', reissueFor: 'laptop' } });
      const again = () =>
        setupAgent({
          dataFolder: host.dataFolder,
          server: { host: address, port },
          expectedFingerprint: fleet.caFingerprint,
          token: new Secret(token),
          media: false,
          reissue: true,
          name: 'laptop',
          clock: fleet.clock,
          random: systemRandom,
          log: silentLog(),
        });
      issued = false;
      relay.losesReplies = () => issued;
      await refusedWith('SERVER_UNREACHABLE', again());
      relay.losesReplies = () => false;
      const result = await again();
      assert.equal(result?.hostId, host.hostId);
      const after = await known();
      assert.equal(after.length, before.length + 1);
      host.agent = await startAgent({
        dataFolder: host.dataFolder,
        clock: fleet.clock,
        random: systemRandom,
        log: silentLog(),
      });
      await host.agent.heartbeatNow();
      await eventually('what was replaced is revoked', async () => {
        const { certificates } = await fleet.call(listCertificates, { query: { host: host.hostId } });
        const open = certificates.filter(({ revokedAtMs }) => revokedAtMs === null);
        return open.length === 1 && open[0]?.fingerprint === inUse(fleet, 'laptop') ? true : undefined;
      });
    },
  );
});

test('T-03 T-04 a host that becomes a media server later renews for the role, serves, and stops when it is taken away', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'later' }, { name: 'laptop' }] });
  const later = fleet.host('later');
  const role = (media: boolean) =>
    fleet.call(setHostMedia, {
      params: { id: later.hostId },
      body: {
        media,
        endpoints: later.mediaPort === 0 ? [] : [{ address: '127.0.0.1', port: later.mediaPort }],
      },
    });
  const first = inUse(fleet, 'later');
  assert.equal(later.agent.mediaPort, undefined);
  await role(true);
  later.mediaPort = await eventually('it serves', () => later.agent.mediaPort);
  await role(true);
  const shown = await shownAt(later.mediaPort);
  assert.notEqual(shown.fingerprint, first);
  assert.equal(shown.fingerprint, inUse(fleet, 'later'));
  assert.ok(shown.extKeyUsages.includes(OID.serverAuth));

  const source = join(fleet.folder, 'source');
  await makeFiles(source);
  const plan = await fleet.plan('laptop', [source], 'later');
  const job = await fleet.backup(plan.id, 'laptop');
  assert.equal(job.state, 'done', JSON.stringify(job.report));
  await role(false);
  await eventually('it serves no more', () => (later.agent.mediaPort === undefined ? true : undefined));
  await refusedWith('PLAN_MEDIA_ROLE_MISSING', fleet.begin(plan.id, 'laptop'));
});
