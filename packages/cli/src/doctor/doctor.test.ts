import { DAY_MS, HOUR_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { setSecurity } from '@sekisho/core/wire/trust.ts';
import { backUpDatabase } from '@sekisho/server/features/database/back-up-database.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { runCli } from '../main.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { checkAgent } from './check-agent.ts';
import type { Lookups } from './check-dns.ts';
import { checkDisk } from './check-folder.ts';
import { checkNode, compareClocks, watchClock } from './check-machine.ts';
import { whoListens } from './check-ports.ts';
import { checkServer } from './check-server.ts';
import type { Finding } from './finding.ts';

let trust: TrustServer;
const cleanUps: (() => void | Promise<void>)[] = [];
const t = { after: (call: () => void | Promise<void>) => void cleanUps.push(call) };

before(async () => {
  trust = await TrustServer.start(t, { addresses: ['server.example', '127.0.0.1'] });
});
after(async () => {
  for (const call of cleanUps) await call();
});

const quiet: Lookups = {
  forward: (name) => Promise.resolve(name === 'server.example' ? ['127.0.0.1'] : []),
  reverse: () => Promise.resolve(['localhost']),
};

const look = (
  wish: { environment?: Record<string, string>; nowMs?: number; lookups?: Lookups } = {},
): Promise<Finding[]> =>
  checkServer({
    folder: trust.dataFolder,
    environment: {
      SEKISHO_AGENT_PORT: String(trust.server.ports.agent),
      SEKISHO_ADMIN_PORT: String(trust.server.ports.admin),
      SEKISHO_HTTP_PORT: String(trust.server.ports.http),
      SEKISHO_LISTEN: '127.0.0.1',
      SEKISHO_DISK__FREE_MEGABYTES: '1',
      ...wish.environment,
    },
    clock: { ...trust.clock, nowMs: () => wish.nowMs ?? trust.clock.nowMs() },
    lookups: wish.lookups ?? quiet,
    size: (bytes) => `${bytes} B`,
  });

const nameOf = (finding: Finding): string => ('refusal' in finding ? finding.refusal.code : finding.code);
const states = (findings: readonly Finding[]): string[] =>
  findings.map((finding) => `${finding.state} ${nameOf(finding)}`);
const has = (findings: readonly Finding[], line: string): void => {
  assert.ok(states(findings).includes(line), `${line} is not among ${states(findings).join(', ')}`);
};
const hasNot = (findings: readonly Finding[], code: string): void => {
  assert.ok(!findings.some((finding) => nameOf(finding) === code), code);
};

test('S-02 a server in good order has no fault, and its risks are named', async () => {
  const findings = await look();
  assert.deepEqual(
    findings.filter(({ state }) => state === 'fault'),
    [],
  );
  for (const line of [
    'ok folderOk',
    'ok diskOk',
    'ok settingsOk',
    'ok keyOk',
    'ok portServed',
    'ok dnsOk',
    'ok databaseOk',
    'ok certificateOk',
    'warning backupNone',
    'notice mailMissing',
    'notice riskRootAttached',
    'warning riskAdministrators',
  ])
    has(findings, line);
  hasNot(findings, 'riskMedium');
  hasNot(findings, 'certificateNames');
  hasNot(findings, 'riskListensEverywhere');
});

test('S-02 risks of the settings: level medium, metrics for all, names that the certificate lacks', async () => {
  await trust.call(setSecurity, { body: { level: 'medium' } });
  const findings = await look({
    environment: {
      SEKISHO_METRICS__LISTEN: '0.0.0.0:9100',
      SEKISHO_ADDRESSES: 'server.example,other.example,127.0.0.1',
      SEKISHO_LISTEN: '',
    },
  });
  has(findings, 'warning riskMedium');
  has(findings, 'warning riskMetricsOpen');
  has(findings, 'warning certificateNames');
  has(findings, 'warning dnsNone');
  has(findings, 'notice riskListensEverywhere');
  await trust.call(setSecurity, { body: { level: 'medium', requireForwardRecords: true } });
  hasNot(await look(), 'riskMedium');
});

test('S-02 certificates: days left, expired, and a clock before their begin', async () => {
  hasNot(await look(), 'certificateSoon'); // the responder's certificate lives two weeks, and is none too short
  const { notAfterMs } = trust.server.context.keys.certificateOf('server-tls');
  has(await look({ nowMs: notAfterMs - 10 * DAY_MS }), 'warning certificateSoon');
  has(await look({ nowMs: notAfterMs + DAY_MS }), 'fault certificateExpired');
  has(await look({ nowMs: trust.clock.nowMs() - 1_000 * DAY_MS }), 'fault clockBefore');
});

test('S-02 backups: none, fresh, old', async () => {
  const folder = join(trust.dataFolder, 'backups');
  const { id } = trust.server.context.domain;
  const database = `sqlite:${trust.dataFolder}/sekisho.db`;
  await backUpDatabase({
    database,
    folder,
    domainId: id,
    schemaVersion: 1,
    automatic: true,
    clock: trust.clock,
  });
  has(await look(), 'ok backupOk');
  has(await look(), 'notice backupBeside');
  has(await look({ nowMs: trust.clock.nowMs() + 5 * DAY_MS }), 'warning backupOld');
});

test('S-02 DNS: a name of another machine, and an address without a name', async () => {
  const findings = await look({
    lookups: { forward: () => Promise.resolve(['192.0.2.7']), reverse: () => Promise.resolve([]) },
  });
  has(findings, 'notice dnsElsewhere');
  has(findings, 'notice dnsNoReverse');
});

test('S-02 disk: no room by the setting, and nothing that can be written', async () => {
  const findings = await look({ environment: { SEKISHO_DISK__FREE_MEGABYTES: '1000000' } });
  has(findings, 'fault diskFull');
  const size = String;
  assert.deepEqual(states(await checkDisk(join(trust.dataFolder, 'none'), 1, size)), [
    'fault diskUnwritable',
  ]);
  assert.deepEqual(states(await checkDisk('/proc', 1, size)), ['fault diskFull']);
});

test('S-02 S-08 disk: one that is full for real is found, and mended by room alone', async (t) => {
  const folder = await makeTempFolder();
  t.after(async () => {
    spawnSync('umount', ['-l', folder.path]);
    await folder.remove();
  });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder.path]).status !== 0)
    return t.skip('needs the right to mount a small disk');
  const ballast = join(folder.path, 'ballast');
  assert.deepEqual(states(await checkDisk(folder.path, 1, String)), ['warning diskLow']);
  await assert.rejects(writeFile(ballast, Buffer.alloc(5 * 1024 * 1024)), { code: 'ENOSPC' });
  assert.deepEqual(states(await checkDisk(folder.path, 1, String)), ['fault diskFull']);
  const [unwritable] = await checkDisk(folder.path, 0, String);
  assert.ok(unwritable !== undefined && 'params' in unwritable);
  assert.equal(nameOf(unwritable), 'diskUnwritable');
  assert.equal(unwritable.params['reason'], 'ENOSPC');
  await rm(ballast);
  assert.deepEqual(states(await checkDisk(folder.path, 1, String)), ['warning diskLow']);
});

test('S-02 permissions of the folder and of its secret files', async () => {
  for (const path of [trust.dataFolder, join(trust.dataFolder, 'server.json')]) {
    await chmod(path, 0o755);
    const findings = await look();
    await chmod(path, path === trust.dataFolder ? 0o700 : 0o600);
    has(findings, 'fault folderOpen');
  }
  hasNot(await look(), 'folderOpen');
});

test('S-02 the key-encryption key: exposed, missing', async () => {
  const kek = join(trust.dataFolder, 'kek');
  await chmod(kek, 0o644);
  has(await look(), 'fault KEK_EXPOSED');
  await chmod(kek, 0o600);
  await rename(kek, `${kek}.away`);
  has(await look(), 'fault KEK_MISSING');
  await rename(`${kek}.away`, kek);
  has(await look(), 'ok keyOk');
});

test('S-02 settings that are wrong are told, and a folder that is none', async () => {
  has(await look({ environment: { SEKISHO_AGENT_PORT: 'often' } }), 'fault CONFIG_INVALID');
  const findings = await checkServer({
    folder: join(trust.dataFolder, 'nowhere'),
    environment: {},
    clock: trust.clock,
    lookups: quiet,
    size: String,
  });
  assert.deepEqual(states(findings), ['fault folderMissing', 'fault SERVER_NOT_INITIALISED']);
});

test('S-02 ports: a running server that does not answer; with the server stopped one that is free, and one that is taken', async (context) => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  context.after(() => new Promise((resolve) => blocker.close(resolve)));
  const address = blocker.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const closedAddress = closed.address();
  const free = String(typeof closedAddress === 'object' && closedAddress !== null ? closedAddress.port : 0);
  await new Promise((resolve) => closed.close(resolve));

  // started with another port than the settings say: it is asked which
  const flagged = await look({ environment: { SEKISHO_ADMIN_PORT: free } });
  has(flagged, 'ok portServed');
  assert.ok(!states(flagged).includes('fault portUnreachable'));
  has(await look({ environment: { SEKISHO_LISTEN: '127.0.0.9' } }), 'fault portUnreachable');
  await trust.server.stop();
  const findings = await look({
    environment: { SEKISHO_AGENT_PORT: String(taken), SEKISHO_ADMIN_PORT: free },
  });
  has(findings, 'ok portFree');
  has(findings, 'fault portTaken');
  assert.match(await whoListens(taken), new RegExp(`PID ${process.pid}`));
});

test('T-41 T-44 revocation lists that are late or past their end are told, and that nobody needs the plain protocol', async () => {
  const now = await look();
  has(now, 'ok crlOk');
  has(now, 'notice riskLegacyNobody');
  const nowMs = trust.clock.nowMs();
  has(await look({ nowMs: nowMs + 5 * DAY_MS }), 'warning crlLate');
  has(await look({ nowMs: nowMs + 8 * DAY_MS }), 'fault crlStale');
});

test('F-34 a key of the domain that is damaged is found, and to be restored', async () => {
  const database = new DatabaseSync(join(trust.dataFolder, 'sekisho.db'));
  const { sealed } = database.prepare(`SELECT sealed FROM ca_keys WHERE role = 'document-signer'`).get() as {
    sealed: string;
  };
  const set = database.prepare(`UPDATE ca_keys SET sealed = ? WHERE role = 'document-signer'`);
  set.run(`${sealed.slice(0, -8)}AAAAAAA=`);
  has(await look(), 'fault keyDamaged');
  set.run(sealed);
  database.close();
  hasNot(await look(), 'keyDamaged');
});

test('S-02 a damaged database is found, whole again it is in order', async () => {
  const database = join(trust.dataFolder, 'sekisho.db');
  await copyFile(database, `${database}.whole`);
  const file = await open(database, 'r+');
  await file.write(Buffer.alloc(8_192, 0xa5), 0, 8_192, 8_192);
  await file.close();
  const findings = await look();
  has(findings, 'fault databaseDamaged');
  await writeFile(database, 'this is no database at all, but some text that is long enough');
  has(await look(), 'fault databaseDamaged');
  await rename(`${database}.whole`, database);
  has(await look(), 'ok databaseOk');
  trust.server = await startOn(trust.dataFolder, trust.clock);
});

test('S-02 the command prints findings with their mend in both languages, and exits with 1 for a fault', async () => {
  for (const [lang, fault, mend, port] of [
    ['C.UTF-8', /fault {2}Data folder: /, /mend: chmod go= /, /\(administration\)/],
    ['ja_JP.UTF-8', /障害 {2}データフォルダー: /, /対処: chmod go= /, /\(管理用\)/],
  ] as const) {
    const terminal = fakeTerminal({ env: { LANG: lang } });
    await chmod(trust.dataFolder, 0o750);
    const exitCode = await runCli(['doctor', '--server-data', trust.dataFolder], terminal.io);
    await chmod(trust.dataFolder, 0o700);
    assert.equal(exitCode, 1);
    assert.match(terminal.stdout(), fault);
    assert.match(terminal.stdout(), mend);
    assert.match(terminal.stdout(), port);
  }
  const json = fakeTerminal({ env: {} });
  const missing = join(trust.dataFolder, 'nowhere');
  assert.equal(await runCli(['doctor', '--agent-data', missing, '--json'], json.io), 1);
  const document = JSON.parse(json.stdout()) as { faults: number; parts: unknown[] };
  assert.equal(document.faults, 2);
  assert.equal(document.parts.length, 2);
});

test('S-02 an agent: not set up, without a certificate, expired, server out of reach, restic', async (context) => {
  const folder = await makeTempFolder();
  context.after(() => folder.remove());
  const agent = join(folder.path, 'agent');
  const ask = (nowMs: number, environment: Record<string, string> = {}) =>
    checkAgent({
      ...{ folder: agent, environment, lookups: quiet, size: String },
      clock: { ...trust.clock, nowMs: () => nowMs },
    });
  const nowMs = trust.clock.nowMs();
  assert.deepEqual(states(await ask(nowMs)), ['fault folderMissing', 'fault AGENT_NOT_SET_UP']);
  const host = await trust.enrol({ name: 'web9.example' }, { token: await trust.token() });
  const id = host.hostId;
  const settings = {
    ...{ version: 1, name: 'web9.example', names: [], media: false, keyAlgorithm: 'p256' },
    server: { host: '127.0.0.1', port: trust.server.ports.agent },
    state: { is: 'deployed', hostId: id, domainId: id, serverId: id },
    ...{ allowCommands: false, mediaFolder: null },
  };
  await mkdir(join(agent, 'identity'), { recursive: true, mode: 0o700 });
  await chmod(agent, 0o700);
  const write = (wish: object) =>
    writeFile(join(agent, 'agent.json'), JSON.stringify({ ...settings, ...wish }), { mode: 0o600 });
  await write({});
  has(await ask(nowMs), 'fault AGENT_IDENTITY_UNREADABLE');
  await writeFile(join(agent, 'identity/certificate.pem'), certificateToPem(host.certificate.der));
  await writeFile(join(agent, 'identity/key.pem'), await readFile(join(agent, 'agent.json')), {
    mode: 0o600,
  });
  const good = await ask(Date.parse(new Date().toUTCString()), { PATH: process.env['PATH'] ?? '' });
  for (const line of ['ok serverReachable', 'ok clockOk', 'ok resticOk', 'ok folderOk']) has(good, line);
  has(await ask(nowMs), 'ok certificateOk');
  has(await ask(nowMs), 'fault clockDiffers');
  has(await ask(nowMs), 'fault RESTIC_MISSING');
  has(await ask(host.certificate.notAfterMs + HOUR_MS), 'fault certificateExpired');
  await write({ server: { host: '127.0.0.1', port: 1 } });
  has(await ask(nowMs), 'fault serverUnreachable');
  await write({ state: { is: 'not-deployed', code: 'TOKEN_REFUSED', params: {} } });
  has(await ask(nowMs), 'fault AGENT_NOT_DEPLOYED');
  await rm(agent, { recursive: true });
});

test('S-02 the runtime and the clock of the machine', () => {
  const clock = { wallMs: 0, steadyMs: 0 };
  const watched = watchClock({
    ...trust.clock,
    nowMs: () => clock.wallMs,
    monotonicMs: () => clock.steadyMs,
  });
  clock.steadyMs = 5_000;
  clock.wallMs = 5_100;
  assert.deepEqual(states(watched()), ['ok clockSteady']);
  clock.wallMs = 9_000;
  assert.deepEqual(states(watched()), ['warning clockJumped']);
  for (const [version, state] of [
    ['20.20.2', 'fault nodeOld'],
    ['24.14.9', 'fault nodeOld'],
    ['24.15.0', 'ok nodeOk'],
    ['26.0.0', 'ok nodeOk'],
  ] as const)
    assert.deepEqual(states(checkNode(version)), [state]);
  for (const [differs, state] of [
    [10, 'ok clockOk'],
    [60, 'warning clockDiffers'],
    [-400, 'fault clockDiffers'],
  ] as const)
    assert.deepEqual(states([compareClocks(0, differs * SECOND_MS, 'x')]), [state]);
});
