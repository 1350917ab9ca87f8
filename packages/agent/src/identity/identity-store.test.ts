import { parseCertificateRequest } from '@sekisho/pki/csr.ts';
import { issueHostCertificate } from '@sekisho/pki/issue.ts';
import { chainToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { approve, newHostId, TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { runChild } from '../../test/run-child.ts';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { installStaged, loadIdentity, stageRequest } from './identity-store.ts';

const names = { commonName: 'web-1', dns: ['web-1'], ips: ['192.0.2.7'], uris: [], serverAuth: false };

describe('identity store', () => {
  const clock = new FakeClock();
  const hostId = newHostId();
  let authority: TestAuthority;
  before(async () => {
    authority = await TestAuthority.create({ nowMs: clock.nowMs() });
  });

  async function certify(csrDer: Uint8Array): Promise<Certificate[]> {
    const leaf = await issueHostCertificate({
      plan: approve({
        hostId,
        domainId: authority.domainId,
        dns: ['web-1'],
        ips: [],
        media: false,
        notBeforeMs: clock.nowMs(),
        notAfterMs: clock.nowMs() + 86_400_000,
      }),
      spkiDer: parseCertificateRequest(csrDer).spkiDer,
      issuer: authority.issuing,
      serial: randomBytes(16),
    });
    return [leaf, authority.issuing.certificate];
  }
  async function freshFolder(t: TestContext): Promise<DataFolder> {
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    return folder;
  }
  async function deploy(folder: DataFolder): Promise<string> {
    const request = await stageRequest(folder, names, 'p256');
    return (await installStaged(folder, await certify(request.csr.der))).certificate.fingerprint;
  }

  test('T-03 the key is made on the host, for its owner alone', async (t) => {
    const folder = await freshFolder(t);
    await deploy(folder);
    const mode = (await stat(join(folder.identity, 'key.pem'))).mode & 0o777;
    assert.equal(mode, 0o600);
    assert.equal((await stat(folder.identity)).mode & 0o777, 0o700);
    assert.deepEqual((await readdir(folder.identity)).sort(), ['certificate.pem', 'key.pem']);
  });

  test('T-14 the same wish after a restart sends the same request; another wish makes a new key', async (t) => {
    const folder = await freshFolder(t);
    const first = await stageRequest(folder, names, 'p256');
    const second = await stageRequest(folder, names, 'p256');
    assert.deepEqual(Buffer.from(second.csr.der), Buffer.from(first.csr.der));
    const third = await stageRequest(folder, { ...names, commonName: 'web-2' }, 'p256');
    assert.notEqual(third.keyId, first.keyId);
  });

  test('a half-written request is thrown away', async (t) => {
    const folder = await freshFolder(t);
    const first = await stageRequest(folder, names, 'p256');
    await writeFile(join(folder.identityNext, 'request.der'), Buffer.from(first.csr.der).subarray(0, 50));
    assert.notEqual((await stageRequest(folder, names, 'p256')).keyId, first.keyId);
  });

  test('a certificate for another key is never installed', async (t) => {
    const folder = await freshFolder(t);
    const kept = await deploy(folder);
    await stageRequest(folder, names, 'p256');
    const foreign = await authority.host({ hostId });
    await assert.rejects(installStaged(folder, [foreign.certificate]), { code: 'AGENT_IDENTITY_UNREADABLE' });
    await writeFile(join(folder.identityNext, 'certificate.pem'), chainToPem([foreign.certificate]));
    assert.equal((await loadIdentity(folder))?.certificate.fingerprint, kept);
  });

  for (const point of ['agent-identity.before-rename', 'agent-identity.renamed']) {
    test(`T-04 killed at ${point}, the host has one whole identity: the new one`, async (t) => {
      const folder = await freshFolder(t);
      const old = await deploy(folder);
      const request = await stageRequest(folder, names, 'p256');
      const chain = await certify(request.csr.der);
      await writeFile(join(folder.root, 'chain.pem'), chainToPem(chain));
      const child = await runChild(['install', folder.root, join(folder.root, 'chain.pem')], point);
      assert.equal(child.killed, true, child.errors);
      const identity = await loadIdentity(folder);
      assert.notEqual(identity?.certificate.fingerprint, old);
      assert.equal(identity?.certificate.fingerprint, chain[0]?.fingerprint);
      assert.equal(identity?.hostId, hostId);
      assert.deepEqual(
        (await readdir(folder.root)).filter((name) => name.startsWith('identity')),
        ['identity'],
      );
    });
  }

  test('T-04 killed between the two renames, the new identity takes the place', async (t) => {
    const folder = await freshFolder(t);
    await deploy(folder);
    const request = await stageRequest(folder, names, 'p256');
    const chain = await certify(request.csr.der);
    await writeFile(join(folder.identityNext, 'certificate.pem'), chainToPem(chain));
    await rename(folder.identity, `${folder.identity}.old`);
    assert.equal((await loadIdentity(folder))?.certificate.fingerprint, chain[0]?.fingerprint);
  });
});
