import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { getDomain, listAudit, listHosts } from '@sekisho/core/wire/trust.ts';
import { parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { verifyDocument } from '@sekisho/pki/documents.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { initServer, startServer } from '@sekisho/server/main.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { emptyDatabase, eachStore } from '@sekisho/testkit/stores.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadKeys } from '../keys/key-store.ts';
import { readKek } from '../keys/kek.ts';

const withCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;
const init = (dataFolder: string, more: Partial<Parameters<typeof initServer>[0]> = {}) =>
  initServer({
    dataFolder,
    name: 'Test',
    addresses: ['server.example'],
    clock: new FakeClock(),
    random: systemRandom,
    environment: {},
    ...more,
  });

eachStore((dialect) => {
  test('T-01 a domain is born with root, issuing CA, role certificates, its own host, list and bundle', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { context } = trust.server;
    const { keys, domain, clock } = context;
    const [root, issuing] = parsePemCertificates(keys.caPem());
    assert.ok(root !== undefined && issuing !== undefined);
    assert.equal(root.fingerprint, trust.caFingerprint);
    assert.equal(issuing.issuerDer.toString(), root.subjectDer.toString());
    const chain = { intermediates: [issuing], anchors: [root], nowMs: clock.nowMs(), domainId: domain.id };
    const tls = keys.certificateOf('server-tls');
    assert.equal(verifyChain({ ...chain, leaf: tls, role: 'server' }).serverId, domain.serverId);
    assert.ok(tls.extKeyUsages.includes(OID.cmcRa));
    assert.deepEqual(tls.san.dns, ['localhost', 'server.example']);
    const signer = keys.certificateOf('document-signer');
    verifyChain({ ...chain, leaf: signer, role: 'document-signer' });
    assert.deepEqual([...signer.extKeyUsages], [OID.documentSigner]);
    assert.equal(signer.extKeyUsageCritical, true);
    const host = keys.certificateOf('server-host');
    assert.equal(verifyChain({ ...chain, leaf: host, role: 'host-client' }).hostId, domain.serverHostId);
    const view = await trust.call(getDomain);
    assert.equal(view.caFingerprint, trust.caFingerprint);
    assert.deepEqual(
      (await trust.call(listHosts)).hosts.map(({ id, name }) => [id, name]),
      [[domain.serverHostId, 'server.example']],
    );
    const bundle = JSON.parse((await trust.agentRequest({ path: '/v1/bundle' })).body) as { jws: string };
    const { payload } = await verifyDocument(bundle.jws, {
      type: 'bundle',
      domainId: domain.id,
      anchors: [root],
      nowMs: clock.nowMs(),
    });
    assert.deepEqual(
      payload.anchors.map(({ fingerprint, state }) => [fingerprint, state]),
      [[root.fingerprint, 'active']],
    );
    assert.equal(payload.httpPort, trust.server.ports.http);
    const { rows } = await trust.call(listAudit, { query: {} });
    assert.ok(rows.some(({ act }) => act === 'create-domain'));
  });

  test('T-01 no enrolment gives a role certificate: a host leaf signs no document and serves as nothing', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { keys, domain, clock } = trust.server.context;
    const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    const [root] = parsePemCertificates(keys.caPem());
    assert.ok(root !== undefined);
    const intermediates = [keys.certificateOf('issuing')];
    for (const role of ['server', 'document-signer', 'host-media'] as const) {
      assert.throws(() =>
        verifyChain({
          leaf: host.certificate,
          intermediates,
          anchors: [root],
          nowMs: clock.nowMs(),
          domainId: domain.id,
          role,
        }),
      );
    }
  });

  test('T-07 keys lie sealed: another key-encryption key opens none of them', async (t) => {
    const trust = await TrustServer.start(t, { dialect });
    const { store } = trust.server.context;
    const rows = await store.db.selectFrom('ca_keys').select(['role', 'sealed']).execute();
    assert.deepEqual(rows.map(({ role }) => role).sort(), [
      'document-signer',
      'issuing',
      'ocsp-signer',
      'root',
      'server-host',
      'server-tls',
    ]);
    for (const { sealed } of rows) assert.doesNotMatch(sealed ?? '', /PRIVATE KEY/);
    const kek = await readKek(trust.dataFolder, {});
    await loadKeys(store.db, kek);
    await writeFile(join(trust.dataFolder, 'other'), Buffer.alloc(32, 7), { mode: 0o600 });
    await assert.rejects(
      readKek(trust.dataFolder, { SEKISHO_KEK_FILE: join(trust.dataFolder, 'other') }).then((other) =>
        loadKeys(store.db, other),
      ),
      withCode('SECRET_UNREADABLE'),
    );
  });

  test('a second init on a database that holds a domain is refused', async (t) => {
    const place = await emptyDatabase(t, dialect);
    await init(join(place.folder, 'one'), { database: place.database });
    await assert.rejects(
      init(join(place.folder, 'two'), { database: place.database }),
      withCode('DATABASE_TAKEN'),
    );
    assert.equal(existsSync(join(place.folder, 'two', 'server.json')), false);
  });

  test('the bundle and the list are made anew only when what they say changed', async (t) => {
    const place = await emptyDatabase(t, dialect);
    const dataFolder = join(place.folder, 'server');
    const clock = new FakeClock();
    await init(dataFolder, { database: place.database, clock });
    const serials = async (ports: object): Promise<number[]> => {
      const server = await startServer({
        dataFolder,
        listen: '127.0.0.1',
        ...ports,
        clock,
        random: systemRandom,
        log: silentLog(),
        environment: {},
      });
      const list = await server.context.store.db
        .selectFrom('server_lists')
        .select('id')
        .executeTakeFirstOrThrow();
      const found = [
        server.context.documents.latestSerial('bundle', ''),
        server.context.documents.latestSerial('list', list.id),
      ].map((serial) => serial ?? 0);
      kept = { agentPort: server.ports.agent, adminPort: server.ports.admin, httpPort: server.ports.http };
      await server.stop();
      return found;
    };
    let kept: object = { agentPort: 0, adminPort: 0, httpPort: 0 };
    const first = await serials(kept);
    const again = await serials(kept);
    assert.deepEqual(again, first);
    const moved = await serials({ agentPort: 0, adminPort: 0, httpPort: 0 });
    assert.ok(moved.every((serial, index) => serial > (first[index] ?? 0)));
  });
});

test('T-01 the data folder is the owner’s alone, and a taken one is refused', async (t) => {
  const folder = await tempFolder(t);
  const dataFolder = join(folder, 'deep', 'server');
  await init(dataFolder);
  assert.equal((await stat(dataFolder)).mode & 0o777, 0o700);
  for (const file of ['kek', 'server.json', 'sekisho.db']) {
    assert.equal((await stat(join(dataFolder, file))).mode & 0o777, 0o600, file);
  }
  await assert.rejects(init(dataFolder), withCode('DATA_FOLDER_TAKEN'));
  await mkdir(join(folder, 'full'));
  await writeFile(join(folder, 'full', 'notes.txt'), 'mine');
  await assert.rejects(init(join(folder, 'full')), withCode('DATA_FOLDER_TAKEN'));
  assert.equal(await readFile(join(folder, 'full', 'notes.txt'), 'utf8'), 'mine');
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(init(join(folder, 'file', 'server')), withCode('DATA_FOLDER_UNUSABLE'));
  await mkdir(join(folder, 'empty'));
  await init(join(folder, 'empty'));
});

test('names that cannot be served are refused before anything is made', async (t) => {
  const folder = await tempFolder(t);
  await assert.rejects(init(join(folder, 'a'), { addresses: ['not a name'] }), withCode('HOST_NAME_INVALID'));
  await assert.rejects(init(join(folder, 'a'), { name: '' }), withCode('BODY_INVALID'));
  assert.equal(existsSync(join(folder, 'a')), false);
});

test('T-01 a cut-short initialisation looks like none, and the same command completes it', async (t) => {
  const folder = await tempFolder(t);
  const whole = join(folder, 'whole');
  const { caFingerprint } = await init(whole);
  // what lies there when the process dies right before the configuration is written
  const cut = join(folder, 'cut');
  await cp(whole, cut, { recursive: true });
  await rm(join(cut, 'server.json'));
  await writeFile(join(cut, 'init-incomplete'), '');
  await assert.rejects(startOn(cut, new FakeClock()), withCode('SERVER_NOT_INITIALISED'));
  assert.equal((await init(cut)).caFingerprint, caFingerprint);
  // and right after the key-encryption key
  const early = join(folder, 'early');
  await mkdir(early, { mode: 0o700 });
  await cp(join(whole, 'kek'), join(early, 'kek'));
  await writeFile(join(early, 'init-incomplete'), '');
  assert.notEqual((await init(early)).caFingerprint, caFingerprint);
});

test('T-07 the key-encryption key: exposed, missing, cut off, from a file and from a systemd credential', async (t) => {
  const folder = await tempFolder(t);
  const dataFolder = join(folder, 'server');
  await init(dataFolder);
  const kek = join(dataFolder, 'kek');
  await chmod(kek, 0o640);
  await assert.rejects(startOn(dataFolder, new FakeClock()), withCode('KEK_EXPOSED'));
  await chmod(kek, 0o600);
  const bytes = await readFile(kek);
  await writeFile(kek, bytes.subarray(1));
  await assert.rejects(startOn(dataFolder, new FakeClock()), withCode('KEK_INVALID'));
  await rm(kek);
  await assert.rejects(startOn(dataFolder, new FakeClock()), withCode('KEK_MISSING'));
  const credentials = join(folder, 'credentials');
  await mkdir(credentials);
  await writeFile(join(credentials, 'sekisho-kek'), bytes, { mode: 0o400 });
  for (const environment of [
    { SEKISHO_KEK_FILE: join(credentials, 'sekisho-kek') },
    { CREDENTIALS_DIRECTORY: credentials },
  ]) {
    const server = await startServer({
      dataFolder,
      listen: '127.0.0.1',
      agentPort: 0,
      adminPort: 0,
      httpPort: 0,
      clock: new FakeClock(),
      random: systemRandom,
      log: silentLog(),
      environment,
    });
    await server.stop();
  }
});

test('S-08 all faults of the configuration are told at once, each with its key', async (t) => {
  const folder = await tempFolder(t);
  const dataFolder = join(folder, 'server');
  await init(dataFolder);
  const file = join(dataFolder, 'server.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, agentPort: 70_000, addresses: [], colour: 'red' }));
  await assert.rejects(
    startOn(dataFolder, new FakeClock()).then((server) => server.stop()),
    (error: unknown) =>
      error instanceof AppError &&
      error.code === 'CONFIG_INVALID' &&
      /addresses/.test(String(error.params['detail'])) &&
      /colour/.test(String(error.params['detail'])),
  );
  await writeFile(file, 'not json');
  await assert.rejects(startOn(dataFolder, new FakeClock()), withCode('CONFIG_INVALID'));
  await assert.rejects(startOn(join(folder, 'nowhere'), new FakeClock()), withCode('SERVER_NOT_INITIALISED'));
});

test('S-08 a flag wins over the environment, and that over the file', async (t) => {
  const dataFolder = join(await tempFolder(t), 'server');
  await init(dataFolder);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const start = (flags: object, environment: Record<string, string>) =>
    startServer({
      dataFolder,
      ...flags,
      clock: new FakeClock(),
      random: systemRandom,
      log: silentLog(),
      environment,
    });
  const environment = {
    SEKISHO_LISTEN: '127.0.0.1',
    SEKISHO_AGENT_PORT: String(port),
    SEKISHO_ADMIN_PORT: '0',
    SEKISHO_HTTP_PORT: '0',
  };
  await assert.rejects(
    start({}, environment),
    (error: unknown) =>
      error instanceof AppError &&
      error.code === 'PORT_TAKEN' &&
      error.params['flag'] === '--agent-port' &&
      error.params['port'] === port,
  );
  const server = await start({ agentPort: 0 }, environment);
  assert.notEqual(server.ports.agent, port);
  await server.stop();
});

test('a path that is too long for a socket falls back to a short one that the data folder records', async (t) => {
  const dataFolder = join(await tempFolder(t), 'd'.repeat(100), 'server');
  await init(dataFolder);
  const server = await startOn(dataFolder, new FakeClock());
  const recorded = (await readFile(join(dataFolder, 'run', 'socket-path'), 'utf8')).trim();
  assert.equal(recorded, server.socketPath);
  assert.ok(Buffer.byteLength(recorded) <= 100);
  assert.equal((await stat(join(recorded, '..'))).mode & 0o777, 0o700);
  await server.stop();
  assert.equal(existsSync(join(recorded, '..')), false);
  assert.equal(existsSync(join(dataFolder, 'run', 'socket-path')), false);
});

test('a stopped server leaves no timer behind, and starts again on the same folder', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  await trust.server.stop();
  assert.equal(clock.pendingTimers, 0);
  assert.equal(existsSync(trust.server.socketPath), false);
  await trust.restart();
  clock.jump(DAY_MS);
  assert.equal((await trust.call(listHosts)).hosts.length, 1);
});

test('T-07 a second process on one embedded database is refused', async (t) => {
  const trust = await TrustServer.start(t);
  await assert.rejects(startOn(trust.dataFolder, trust.clock), withCode('DATABASE_IN_USE'));
});
