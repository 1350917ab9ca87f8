import { listHosts } from '@sekisho/core/wire/trust.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { createLog, silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { makeTempFolder, tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { startRealServer, type RealServer } from '../../test/real-server.ts';
import { startTcpRelay } from '../../test/tcp-relay.ts';
import { readAgentStatus } from '../control/read-status.ts';
import { startAgent } from '../main.ts';
import { setupAgent, type SetupOptions } from './setup-agent.ts';

const clock = systemClock;
const log = silentLog();

describe('agent setup against a real management server', () => {
  let folder: Awaited<ReturnType<typeof makeTempFolder>>;
  let real: RealServer;
  let drawn = 0;
  /** Set when the server has committed a certificate, before its reply leaves. */
  let issued = false;
  before(async () => {
    folder = await makeTempFolder();
    const destination = {
      write(line: string) {
        if (line.includes('certificate issued')) issued = true;
      },
    };
    real = await startRealServer(folder.path, clock, createLog({ name: 'server', destination }));
  });
  after(async () => {
    await real.stop();
    await folder.remove();
  });

  async function options(t: TestContext, wish: Partial<SetupOptions> = {}): Promise<SetupOptions> {
    drawn += 1;
    return {
      dataFolder: join(await tempFolder(t), 'agent'),
      server: { host: '127.0.0.1', port: real.server.ports.agent },
      expectedFingerprint: real.caFingerprint,
      media: false,
      name: `host-${drawn}`,
      clock,
      random: systemRandom,
      log,
      ...wish,
    };
  }

  test('T-10 with the right fingerprint and a token the host gets its identity and all documents', async (t) => {
    const wish = await options(t, { token: await real.token() });
    const result = await setupAgent(wish);
    const status = await readAgentStatus(wish.dataFolder, clock);
    assert.equal(status.notDeployed, null);
    assert.equal(status.hostId, result?.hostId);
    assert.ok(status.serials.bundle > 0 && status.serials.list > 0 && status.serials.policy > 0);
    assert.equal((await stat(join(wish.dataFolder, 'identity', 'key.pem'))).mode & 0o077, 0);
    const { hosts } = await real.call(listHosts, {});
    assert.ok(hosts.some((host) => host.id === result?.hostId && host.name === wish.name));
  });

  test('T-10 a wrong fingerprint stops, sends no token and leaves nothing behind', async (t) => {
    const relay = await startTcpRelay(real.server.ports.agent);
    t.after(() => relay.stop());
    const wish = await options(t, {
      server: { host: '127.0.0.1', port: relay.port },
      expectedFingerprint: 'f'.repeat(64),
      token: await real.token(),
    });
    await assert.rejects(setupAgent(wish), { code: 'CA_FINGERPRINT_MISMATCH' });
    assert.equal(existsSync(wish.dataFolder), false);
    assert.equal(relay.connections, 1);
  });

  test('T-10 the first connection is closed: token and request go over a second, verified one', async (t) => {
    const relay = await startTcpRelay(real.server.ports.agent);
    t.after(() => relay.stop());
    const wish = await options(t, {
      server: { host: '127.0.0.1', port: relay.port },
      token: await real.token(),
    });
    await setupAgent(wish);
    assert.ok(relay.connections >= 2);
  });

  test('T-10 without a fingerprint somebody is asked, and a no leaves nothing behind', async (t) => {
    const shown: string[] = [];
    const { expectedFingerprint: _, ...rest } = await options(t, { token: await real.token() });
    const confirm = (answer: boolean) => (fingerprint: string) => {
      shown.push(fingerprint);
      return Promise.resolve(answer);
    };
    await assert.rejects(setupAgent({ ...rest, confirm: confirm(false) }), { code: 'CA_NOT_CONFIRMED' });
    await assert.rejects(setupAgent(rest), { code: 'CA_NOT_CONFIRMED' });
    assert.equal(existsSync(rest.dataFolder), false);
    assert.ok(await setupAgent({ ...rest, confirm: confirm(true) }));
    assert.deepEqual(shown, [real.caFingerprint, real.caFingerprint]);
  });

  test('T-11 without a certificate the host is installed, says so, and names the command', async (t) => {
    const wish = await options(t, { skipCertificate: true });
    assert.equal(await setupAgent(wish), undefined);
    const status = await readAgentStatus(wish.dataFolder, clock);
    assert.equal(status.notDeployed?.code, 'CERTIFICATE_SKIPPED');
    assert.match(
      status.notDeployed?.command ?? '',
      /^sekisho agent setup --data .* --server 127\.0\.0\.1:\d+ --name host-/,
    );
    await assert.rejects(startAgent({ dataFolder: wish.dataFolder, clock, random: systemRandom, log }), {
      code: 'AGENT_NOT_DEPLOYED',
    });
    assert.ok(await setupAgent({ ...wish, skipCertificate: false, token: await real.token() }));
    assert.equal((await readAgentStatus(wish.dataFolder, clock)).notDeployed, null);
  });

  const failures: [string, Partial<SetupOptions>, string][] = [
    ['an unreachable server', { server: { host: '127.0.0.1', port: 1 } }, 'SERVER_UNREACHABLE'],
    ['a refused token', { token: new Secret('nonsense') }, 'TOKEN_REFUSED'],
    ['a missing token', {}, 'TOKEN_REQUIRED'],
    [
      'a clock that is an hour off',
      { clock: { ...clock, nowMs: () => clock.nowMs() + 3_600_000 } },
      'CLOCK_SKEW',
    ],
  ];
  for (const [what, wish, code] of failures) {
    test(`T-11 ${what} leaves an installed agent that says why it is not deployed`, async (t) => {
      const whole = await options(t, wish);
      await assert.rejects(setupAgent(whole), { code });
      const status = await readAgentStatus(whole.dataFolder, clock);
      assert.equal(status.notDeployed?.code, code);
      if (code === 'TOKEN_REQUIRED') assert.equal(status.notDeployed?.params['name'], whole.name);
    });
  }

  test('T-10 an identity that is there is kept, unless a reissue is asked for', async (t) => {
    const wish = await options(t, { token: await real.token() });
    const first = await setupAgent(wish);
    await assert.rejects(setupAgent({ ...wish, token: await real.token() }), {
      code: 'AGENT_ALREADY_SET_UP',
    });
    assert.equal((await readAgentStatus(wish.dataFolder, clock)).hostId, first?.hostId);
  });

  test('T-14 a reissue keeps the host ID, and a refused one keeps the old identity', async (t) => {
    const wish = await options(t, { token: await real.token() });
    const first = await setupAgent(wish);
    const before = await readAgentStatus(wish.dataFolder, clock);
    await assert.rejects(setupAgent({ ...wish, reissue: true, token: new Secret('wrong') }), {
      code: 'TOKEN_REFUSED',
    });
    assert.deepEqual(await readAgentStatus(wish.dataFolder, clock), before);
    const again = await setupAgent({
      ...wish,
      reissue: true,
      token: await real.token({ reissueFor: wish.name }),
    });
    assert.equal(again?.hostId, first?.hostId);
    const now = await readAgentStatus(wish.dataFolder, clock);
    assert.notEqual(now.certificate?.fingerprint, before.certificate?.fingerprint);
  });

  test('T-14 a lost reply costs nothing: the same command again gets the same certificate with the same token', async (t) => {
    const relay = await startTcpRelay(real.server.ports.agent);
    t.after(() => relay.stop());
    const wish = await options(t, {
      server: { host: '127.0.0.1', port: relay.port },
      token: await real.token(),
    });
    issued = false;
    relay.losesReplies = () => issued;
    await assert.rejects(setupAgent(wish), { code: 'SERVER_UNREACHABLE' });
    assert.equal(issued, true);
    assert.ok(!(await readdir(wish.dataFolder)).includes('identity'));
    relay.losesReplies = () => false;
    const result = await setupAgent(wish);
    const { hosts } = await real.call(listHosts, {});
    assert.deepEqual(
      hosts.filter((host) => host.name === wish.name).map((host) => host.id),
      [result?.hostId],
    );
  });

  test('T-04 an agent with an expired certificate does not run, and names the way back', async (t) => {
    const wish = await options(t, { token: await real.token() });
    await setupAgent(wish);
    const late = { ...clock, nowMs: () => clock.nowMs() + 366 * 86_400_000 };
    await assert.rejects(
      startAgent({ dataFolder: wish.dataFolder, clock: late, random: systemRandom, log }),
      (error: { code?: string; params?: { command?: string } }) => {
        assert.equal(error.code, 'CERTIFICATE_EXPIRED');
        return /agent setup .* --reissue/.test(error.params?.command ?? '');
      },
    );
  });

  test('T-03 every kind of key is accepted', async (t) => {
    for (const keyAlgorithm of ['p384', 'ed25519', 'rsa3072'] as const) {
      const wish = await options(t, { token: await real.token(), keyAlgorithm });
      assert.ok(await setupAgent(wish));
    }
  });
});
