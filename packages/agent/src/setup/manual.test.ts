import { listAudit, listCertificates, revokeHost } from '@sekisho/core/wire/trust.ts';
import { signByHand, type ManualAnswer } from '@sekisho/core/wire/manual.ts';
import { toPem } from '@sekisho/pki/pem.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { makeTempFolder, tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { startRealServer, type RealServer } from '../../test/real-server.ts';
import { runChild } from '../../test/run-child.ts';
import { readAgentStatus } from '../control/read-status.ts';
import { startAgent } from '../main.ts';
import { installManually } from './manual-install.ts';
import { makeManualRequest } from './manual-request.ts';

describe('manual deployment by files', () => {
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

  async function ask(t: TestContext, wish: { media?: boolean; name?: string } = {}) {
    drawn += 1;
    const dataFolder = join(await tempFolder(t), 'agent');
    const name = wish.name ?? `far-${drawn}`;
    const csr = await makeManualRequest({
      dataFolder,
      name,
      names: [`${name}.example.com`],
      media: wish.media ?? false,
      reissue: false,
    });
    return { dataFolder, name, pem: toPem('CERTIFICATE REQUEST', csr.der), csr };
  }
  const install = (dataFolder: string, answer: unknown, expectedFingerprint = real.caFingerprint) =>
    installManually({
      dataFolder,
      answer: JSON.stringify(answer),
      expectedFingerprint,
      clock: systemClock,
      log: silentLog(),
    });
  const sign = (csr: string, wish: { token?: string; media?: boolean } = {}) =>
    real.call(signByHand, { body: { csr, ...wish } });

  test('T-17 request, signature and installation by files make a host whose agent runs at once', async (t) => {
    const { dataFolder, name, pem, csr } = await ask(t);
    assert.equal(existsSync(join(dataFolder, 'agent.json')), false, 'nothing is deployed by asking');
    const { answer, hostId } = await sign(pem);
    const result = await install(dataFolder, answer);
    assert.deepEqual([result.hostId, result.name], [hostId, name]);
    assert.equal(
      (await sign(pem)).answer.chain[0],
      answer.chain[0],
      'asked again, it is the same certificate',
    );
    const status = await readAgentStatus(dataFolder, systemClock);
    assert.equal(status.notDeployed, null);
    assert.deepEqual(status.server, { host: '127.0.0.1', port: real.server.ports.agent });
    assert.ok(status.serials.bundle > 0 && status.serials.list > 0);
    const agent = await startAgent({
      dataFolder,
      clock: systemClock,
      random: systemRandom,
      log: silentLog(),
    });
    t.after(() => agent.stop());
    await agent.heartbeatNow();
    await assert.rejects(install(dataFolder, answer), { code: 'AGENT_ALREADY_RUNNING' });
    const again = { dataFolder, name, names: [], media: false };
    await assert.rejects(makeManualRequest({ ...again, reissue: false }), { code: 'AGENT_ALREADY_SET_UP' });
    await assert.rejects(makeManualRequest({ ...again, reissue: true }), { code: 'AGENT_ALREADY_RUNNING' });
    const { rows } = await real.call(listAudit, { query: { act: 'approve-certificate', subject: hostId } });
    assert.deepEqual(
      rows.map(({ actor, origin, detail }) => [actor, origin, detail['basis'], detail['csr']]),
      [['local', 'local', 'manual', csr.sha256]],
    );
  });

  test('T-17 the media role needs the administrator to say so', async (t) => {
    const { dataFolder, pem } = await ask(t, { media: true });
    await assert.rejects(sign(pem), { code: 'MEDIA_NOT_APPROVED' });
    await install(dataFolder, (await sign(pem, { media: true })).answer);
  });

  test('T-17 T-43 a host that has a host ID needs its reissue token, by files too', async (t) => {
    const first = await ask(t);
    const { hostId, answer } = await sign(first.pem);
    await install(first.dataFolder, answer);
    await real.call(revokeHost, { params: { id: hostId }, body: { reason: 'unspecified' } });
    const second = await ask(t, { name: first.name });
    await assert.rejects(sign(second.pem), { code: 'REISSUE_TOKEN_REQUIRED' });
    await assert.rejects(sign(second.pem, { token: 'wrong' }), { code: 'TOKEN_REFUSED' });
    const token = (await real.token({ reissueFor: first.name })).reveal();
    const back = await sign(second.pem, { token });
    assert.equal(back.hostId, hostId, 'it keeps its host ID');
    await install(second.dataFolder, back.answer);
    const { certificates } = await real.call(listCertificates, { query: { host: hostId } });
    assert.equal(certificates.filter(({ revokedAtMs }) => revokedAtMs === null).length, 1);
  });

  test('T-17 what is not right is refused before anything is changed', async (t) => {
    const { dataFolder, pem } = await ask(t);
    const { answer } = await sign(pem);
    const other = await sign((await ask(t)).pem);
    const before = await readdir(dataFolder, { recursive: true });
    const flipped = (text: string): string =>
      text.slice(0, -8) + (text.at(-8) === 'A' ? 'B' : 'A') + text.slice(-7);
    const wrong: [string, unknown, string?][] = [
      ['MANUAL_CA_MISMATCH', answer, 'f'.repeat(64)],
      ['CA_FINGERPRINT_INVALID', answer, 'f'.repeat(63)],
      ['MANUAL_ANSWER_UNREADABLE', { ...answer, format: 'other' }],
      ['MANUAL_ANSWER_UNREADABLE', { ...answer, more: 1 }],
      ['CERTIFICATE_REPLY_WRONG', other.answer],
      ['CERTIFICATE_REPLY_WRONG', { ...answer, domainId: '00000000-0000-4000-8000-00000000000d' }],
      ['CERTIFICATE_REPLY_WRONG', { ...answer, chain: answer.chain.slice(0, 1) }],
      ['DOCUMENT_SIGNATURE_INVALID', { ...answer, bundle: flipped(answer.bundle) }],
      ['DOCUMENT_SIGNATURE_INVALID', { ...answer, list: flipped(answer.list) }],
    ];
    for (const [code, file, fingerprint] of wrong)
      await assert.rejects(install(dataFolder, file, fingerprint), { code }, code);
    assert.deepEqual(await readdir(dataFolder, { recursive: true }), before);
    const elsewhere = join(await tempFolder(t), 'agent');
    await assert.rejects(install(elsewhere, answer), { code: 'MANUAL_REQUEST_MISSING' });
    await install(dataFolder, answer);
  });

  for (const point of [
    'agent-identity.before-rename',
    'manual-install.certificate',
    'manual-install.settings',
  ])
    test(`T-17 killed at ${point}, the same command completes the installation`, async (t) => {
      const { dataFolder, pem } = await ask(t);
      const { answer, hostId } = await sign(pem);
      const file = join(dataFolder, 'answer.json');
      await writeFile(file, JSON.stringify(answer satisfies ManualAnswer));
      const child = await runChild(['manual-install', dataFolder, file, real.caFingerprint], point);
      assert.equal(child.killed, true, child.errors);
      assert.equal((await install(dataFolder, answer)).hostId, hostId);
      const status = await readAgentStatus(dataFolder, systemClock);
      assert.deepEqual([status.hostId, status.notDeployed], [hostId, null]);
      assert.ok(status.serials.list > 0);
    });
});
