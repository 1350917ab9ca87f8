import { AppError } from '@sekisho/core/errors.ts';
import type { ManualAnswer } from '@sekisho/core/wire/manual.ts';
import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { parseCertificateRequest } from '@sekisho/pki/csr.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fromBase64 } from '@sekisho/pki/pem.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { emptyDatabase, eachStore } from '@sekisho/testkit/stores.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { csrOf } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { initServer } from './init-server.ts';
import { joinServer } from './join-server.ts';

const code = (expected: string) => (error: unknown) => error instanceof AppError && error.code === expected;

eachStore((dialect) => {
  test('T-20 the active node gets its certificate, cut short once; the next node joins under the virtual name', async (t) => {
    const { database } = await emptyDatabase(t, dialect);
    const folder = await tempFolder(t);
    const key = await generatePrivateKey('p256');
    const csr = parseCertificateRequest(await csrOf({ key, name: 'node-a' }));
    const installed: ManualAnswer[] = [];
    const init = (
      names: { virtualName?: string; nodes?: readonly [string, ...string[]] } = {},
      install: (answer: ManualAnswer) => void = (answer) => void installed.push(answer),
    ) =>
      initServer({
        dataFolder: join(folder, 'first'),
        name: 'Test',
        database,
        addresses: ['node-a', 'other.example.com'],
        cluster: {
          virtualName: 'Backup.example.com.',
          nodes: ['node-a', 'node-b'],
          ...names,
          request: () => Promise.resolve(csr),
          install: (answer) => Promise.resolve(install(answer)),
        },
        clock: new FakeClock(),
        random: systemRandom,
        environment: {},
      });
    await assert.rejects(init({ nodes: ['backup.example.com'] }), code('CLUSTER_NAME_OF_HOST'));
    await assert.rejects(init({ virtualName: 'localhost' }), code('HOST_NAME_RESERVED'));
    await assert.rejects(init({ nodes: ['*'] }), code('HOST_NAME_INVALID'));
    const full = () => {
      throw new AppError('DISK_FULL', { path: folder });
    };
    await assert.rejects(init({}, full), code('DISK_FULL'));
    const domain = await init();
    assert.deepEqual(domain.addresses, ['backup.example.com', 'node-a', 'other.example.com']);
    const [answer] = installed;
    assert.ok(answer !== undefined && installed.length === 1);
    const leaf = parseCertificate(fromBase64(answer.chain[0] ?? '', 'CERTIFICATE_MALFORMED'));
    assert.deepEqual([...leaf.san.dns].sort(), ['backup.example.com', 'node-a']);
    assert.equal(Buffer.compare(leaf.spkiDer, csr.spkiDer), 0);
    assert.notEqual(leaf.subjectCn, domain.serverHostId);
    assert.ok(leaf.crlUrls.length > 0, 'it can be revoked');
    if (dialect === 'sqlite') return;
    const kekFile = join(folder, 'first', 'kek');
    const parts = { database, kekFile, clock: new FakeClock(), random: systemRandom };
    const second = await joinServer({ ...parts, dataFolder: join(folder, 'second') });
    assert.deepEqual(second.addresses, ['backup.example.com']);
    const own = { ...parts, dataFolder: join(folder, 'third'), addresses: ['third.example.com'] };
    assert.deepEqual((await joinServer(own)).addresses, ['third.example.com']);
  });
});
