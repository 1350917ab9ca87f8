import { listAudit, revokeHost } from '@sekisho/core/wire/trust.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { makeTempFolder, tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRealServer, type RealServer } from '../../test/real-server.ts';
import { readAgentStatus } from '../control/read-status.ts';
import { startAgent } from '../main.ts';
import { exportIdentity, importIdentity } from './export-identity.ts';
import { setupAgent } from './setup-agent.ts';
import { planUninstall, uninstallAgent } from './uninstall-agent.ts';

const PASSPHRASE = new Secret('correct horse battery');
const parts = { clock: systemClock, random: systemRandom, log: silentLog() };

describe('uninstalling, and what was saved before', () => {
  let folder: Awaited<ReturnType<typeof makeTempFolder>>;
  let real: RealServer;
  let drawn = 0;
  before(async () => {
    folder = await makeTempFolder();
    real = await startRealServer(folder.path, systemClock);
  });
  after(async () => {
    await real.stop();
    await folder.remove();
  });

  async function host(t: TestContext) {
    drawn += 1;
    const dataFolder = join(await tempFolder(t), 'agent');
    const result = await setupAgent({
      dataFolder,
      server: { host: '127.0.0.1', port: real.server.ports.agent },
      expectedFingerprint: real.caFingerprint,
      token: await real.token(),
      media: false,
      name: `gone-${drawn}`,
      ...parts,
    });
    return { dataFolder, hostId: result!.hostId };
  }
  const bring = (dataFolder: string, text: string, wish: { passphrase?: Secret; laterMs?: number } = {}) =>
    importIdentity({
      dataFolder,
      text,
      passphrase: wish.passphrase ?? PASSPHRASE,
      ...parts,
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + (wish.laterMs ?? 0) },
    });

  test('T-19 uninstalling stops the agent by its pid, removes keys and trust, and the server writes it down', async (t) => {
    const { dataFolder, hostId } = await host(t);
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../test/crash-child.ts', import.meta.url)), 'run', dataFolder],
      { stdio: 'ignore' },
    );
    t.after(() => child.kill('SIGKILL'));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await eventually('it runs', async () => ((await planUninstall(dataFolder)).isRunning ? true : undefined));
    await assert.rejects(uninstallAgent({ dataFolder, keepData: false, pid: null, ...parts }), {
      code: 'AGENT_DOES_NOT_STOP',
    });
    assert.equal((await readAgentStatus(dataFolder, systemClock)).notDeployed, null, 'nothing was removed');
    const { told } = await uninstallAgent({ dataFolder, keepData: false, pid: child.pid ?? null, ...parts });
    assert.equal(await ended, 0);
    assert.equal(told, true);
    assert.equal(existsSync(dataFolder), false);
    const { rows } = await real.call(listAudit, { query: { act: 'uninstall-agent', subject: hostId } });
    assert.deepEqual(
      rows.map(({ actor }) => actor),
      [hostId],
    );
    await assert.rejects(planUninstall(dataFolder), { code: 'AGENT_NOT_SET_UP' });
  });

  test('T-19 with --keep-data reports, jobs and repositories stay, and nothing else', async (t) => {
    const { dataFolder } = await host(t);
    await mkdir(join(dataFolder, 'repositories', 'one'), { recursive: true });
    await writeFile(join(dataFolder, 'spool', '1.x.json'), '{}');
    await writeFile(join(dataFolder, 'note.txt'), 'not ours');
    const plan = await planUninstall(dataFolder);
    assert.deepEqual([plan.spooled, plan.repositories, plan.isRunning], [1, 1, false]);
    await uninstallAgent({ dataFolder, keepData: true, pid: null, ...parts });
    assert.deepEqual((await readdir(dataFolder)).sort(), ['jobs', 'note.txt', 'repositories', 'spool']);
  });

  test('T-19 what was exported brings the host back: same key, same host ID, after the server was asked', async (t) => {
    const { dataFolder, hostId } = await host(t);
    const saved = await exportIdentity(dataFolder, PASSPHRASE);
    assert.ok(!saved.text.includes('PRIVATE KEY') && !saved.text.includes(hostId));
    await assert.rejects(bring(dataFolder, saved.text), { code: 'AGENT_ALREADY_SET_UP' });
    await uninstallAgent({ dataFolder, keepData: false, pid: null, ...parts });
    await assert.rejects(bring(dataFolder, saved.text, { passphrase: new Secret('another passphrase') }), {
      code: 'PASSPHRASE_WRONG',
    });
    const damaged = saved.text.replace(
      /"sha256": "(.)/,
      (_, first: string) => `"sha256": "${first === '0' ? '1' : '0'}`,
    );
    await assert.rejects(bring(dataFolder, damaged), { code: 'EXPORT_DAMAGED' });
    await assert.rejects(bring(dataFolder, '{}'), { code: 'EXPORT_DAMAGED' });
    await assert.rejects(bring(dataFolder, saved.text, { laterMs: 800 * DAY_MS }), {
      code: 'CERTIFICATE_EXPIRED',
    });
    assert.equal(existsSync(dataFolder), false, 'nothing came of what was refused');
    const { checked, identity } = await bring(dataFolder, saved.text);
    assert.equal(checked, true);
    assert.equal(identity.certificate.fingerprint, saved.identity.certificate.fingerprint);
    assert.equal((await stat(join(dataFolder, 'identity', 'key.pem'))).mode & 0o777, 0o600);
    const agent = await startAgent({ dataFolder, ...parts });
    t.after(() => agent.stop());
    await agent.heartbeatNow();
    assert.equal(agent.hostId, hostId);
  });

  test('T-19 T-43 an identity that was revoked, or is of another domain, is not brought back', async (t) => {
    const { dataFolder, hostId } = await host(t);
    const { text } = await exportIdentity(dataFolder, PASSPHRASE);
    await uninstallAgent({ dataFolder, keepData: false, pid: null, ...parts });
    await real.call(revokeHost, { params: { id: hostId }, body: { reason: 'cessationOfOperation' } });
    await assert.rejects(bring(dataFolder, text), { code: 'CERTIFICATE_REVOKED' });
    const other = await host(t);
    const elsewhere = await startRealServer(join(await tempFolder(t), 'other'), systemClock);
    t.after(() => elsewhere.stop());
    const there = join(await tempFolder(t), 'agent');
    await mkdir(there, { recursive: true });
    await writeFile(join(there, 'anchors.pem'), elsewhere.server.context.keys.caPem());
    const mine = await exportIdentity(other.dataFolder, PASSPHRASE);
    await assert.rejects(bring(there, mine.text), { code: 'EXPORT_OTHER_DOMAIN' });
  });

  test('T-19 without a reachable server the identity comes back, and it is said that nobody was asked', async (t) => {
    const { dataFolder } = await host(t);
    const { text } = await exportIdentity(dataFolder, PASSPHRASE);
    const file = join(dataFolder, 'agent.json');
    assert.ok(existsSync(file));
    await uninstallAgent({ dataFolder, keepData: false, pid: null, ...parts });
    const { port } = { port: real.server.ports.agent };
    await real.stop();
    t.after(async () => {
      real = await (
        await import('../../test/real-server.ts')
      ).reopen(join(folder.path, 'server'), real.caFingerprint, systemClock, silentLog(), port);
    });
    const { checked } = await bring(dataFolder, text);
    assert.equal(checked, false);
    const { told } = await uninstallAgent({ dataFolder, keepData: false, pid: null, ...parts });
    assert.equal(told, false);
    assert.equal(existsSync(dataFolder), false);
  });
});
