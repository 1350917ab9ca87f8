import { TestAuthority, type TestHost } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { certificateToPem, chainToPem, type Certificate } from './certificate.ts';
import { parseCrl } from './crl.ts';
import { certsOnlyPkcs7, csrAttrs, parseCertsOnly } from './est.ts';
import { KEY_ALGORITHMS } from './keys.ts';
import { toPem } from './pem.ts';
import { verifyChain } from './verify.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'sekisho-openssl-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const openssl = (...args: string[]): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
};
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return name;
};

const authority = await TestAuthority.create({ nowMs: NOW_MS, name: '東京本社' });
write('root.pem', authority.rootPem);
write('issuing.pem', certificateToPem(authority.issuing.certificate.der));

const verify = (leaf: string, ...more: string[]) =>
  openssl(
    ...['verify', '-x509_strict', '-check_ss_sig', '-attime', String(NOW_MS / 1000)],
    ...['-CAfile', 'root.pem', '-untrusted', 'issuing.pem', ...more, leaf],
  );

for (const keyAlgorithm of KEY_ALGORITHMS)
  test(`T-03 openssl verify -x509_strict accepts a host with a ${keyAlgorithm} key`, async () => {
    const host = await authority.host({
      keyAlgorithm,
      name: 'h.example',
      media: true,
      crlUrl: 'http://s.example/crl',
    });
    const leaf = write('leaf.pem', certificateToPem(host.certificate.der));
    assert.deepEqual(verify(leaf, '-purpose', 'sslclient'), { status: 0, output: 'leaf.pem: OK\n' });
    assert.equal(verify(leaf, '-purpose', 'sslserver', '-verify_hostname', 'h.example').status, 0);
    assert.notEqual(verify(leaf, '-verify_hostname', 'other.example').status, 0);
  });

test('T-01 openssl verify -x509_strict accepts the role certificates and the CAs', () => {
  for (const [certificate, purpose] of [
    [authority.server.certificate, 'sslserver'],
    [authority.server.certificate, 'sslclient'],
    [authority.documentSigner.certificate, 'any'],
    [authority.issuing.certificate, 'any'],
    [authority.root.certificate, 'any'],
  ] as const) {
    const leaf = write('role.pem', certificateToPem(certificate.der));
    const { status, output } = verify(leaf, '-purpose', purpose);
    assert.equal(status, 0, output);
  }
});

test('T-01 openssl accepts neither a host nor a document signer as what it is not', async () => {
  const client = await authority.host();
  write('client.pem', certificateToPem(client.certificate.der));
  write('signer.pem', certificateToPem(authority.documentSigner.certificate.der));
  assert.notEqual(verify('client.pem', '-purpose', 'sslserver').status, 0);
  assert.notEqual(verify('signer.pem', '-purpose', 'sslserver').status, 0);
  assert.notEqual(verify('signer.pem', '-purpose', 'sslclient').status, 0);
});

const isValidAt = (leaf: Certificate, nowMs: number): boolean => {
  try {
    verifyChain({
      leaf,
      nowMs,
      intermediates: [authority.issuing.certificate],
      anchors: authority.anchors,
      domainId: authority.domainId,
      role: 'host-client',
    });
    return true;
  } catch {
    return false;
  }
};

test('T-02 openssl and we agree on when a certificate expires', async () => {
  const host = await authority.host({ notAfterMs: NOW_MS + DAY_MS });
  write('short.pem', certificateToPem(host.certificate.der));
  const accepts = (nowMs: number): { openssl: boolean; own: boolean } => ({
    openssl: verify('short.pem', '-attime', String(nowMs / 1000)).status === 0,
    own: isValidAt(host.certificate, nowMs),
  });
  assert.deepEqual(accepts(host.certificate.notBeforeMs - 1000), { openssl: false, own: false });
  assert.deepEqual(accepts(host.certificate.notBeforeMs), { openssl: true, own: true });
  assert.deepEqual(accepts(NOW_MS + DAY_MS - 1000), { openssl: true, own: true });
  assert.deepEqual(accepts(NOW_MS + DAY_MS + 1000), { openssl: false, own: false });
});

test('T-08 openssl crl reads our list, and openssl verify -crl_check obeys it', async () => {
  const [good, bad] = (await Promise.all([authority.host(), authority.host()])) as [TestHost, TestHost];
  const crl = await authority.crl({ revoke: [bad.certificate], number: 4660 });
  write('crl.pem', toPem('X509 CRL', crl.der));
  const text = openssl('crl', '-in', 'crl.pem', '-noout', '-text');
  assert.match(text.output, /Version 2/);
  assert.match(text.output, /X509v3 CRL Number:\s*\n\s*(4660|0x1234)/i);
  assert.match(text.output, /Key Compromise/);
  assert.match(text.output.toLowerCase(), new RegExp(bad.certificate.serial));
  write('chain.pem', chainToPem([authority.issuing.certificate]));
  assert.match(openssl('crl', '-in', 'crl.pem', '-noout', '-CAfile', 'chain.pem').output, /verify OK/);
  write('good.pem', certificateToPem(good.certificate.der));
  write('bad.pem', certificateToPem(bad.certificate.der));
  const check = ['-crl_check', '-CRLfile', 'crl.pem'];
  assert.equal(verify('good.pem', ...check).status, 0);
  const refused = verify('bad.pem', ...check);
  assert.notEqual(refused.status, 0);
  assert.match(refused.output, /revoked/);
});

test('T-41 a list that openssl ca makes is read', () => {
  write(
    'ca.cnf',
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=7\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n',
  );
  write(
    'index.txt',
    'R\t300101000000Z\t250101000000Z,keyCompromise\t0A1B\tunknown\t/CN=x\nR\t300101000000Z\t250102000000Z\t7F\tunknown\t/CN=y\n',
  );
  write('crlnumber', '1F\n');
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:3072',
      '-nodes',
      '-keyout',
      'k.pem',
      '-out',
      'c.pem',
      '-subj',
      '/CN=Their CA',
    ],
    { cwd: folder, stdio: 'ignore' },
  );
  const made = openssl(
    'ca',
    '-config',
    'ca.cnf',
    '-gencrl',
    '-keyfile',
    'k.pem',
    '-cert',
    'c.pem',
    '-out',
    'their.pem',
  );
  assert.equal(made.status, 0, made.output);
  openssl('crl', '-in', 'their.pem', '-outform', 'DER', '-out', 'their.crl');
  const crl = parseCrl(readFileSync(join(folder, 'their.crl')));
  assert.equal(crl.number, 31);
  assert.deepEqual(
    [...crl.entries()],
    [
      { serial: '7f', revokedAtMs: Date.UTC(2025, 0, 2), reason: 'unspecified' },
      { serial: '0a1b', revokedAtMs: Date.UTC(2025, 0, 1), reason: 'keyCompromise' },
    ],
  );
});

test('T-06 openssl pkcs7 prints our certs-only message, and we read the one that openssl makes', () => {
  const certificates = [authority.issuing.certificate, authority.root.certificate];
  write('cacerts.p7', certsOnlyPkcs7(certificates));
  const printed = openssl('pkcs7', '-inform', 'DER', '-in', 'cacerts.p7', '-print_certs');
  assert.equal(printed.status, 0, printed.output);
  for (const { der } of certificates) assert.ok(printed.output.includes(certificateToPem(der)));
  write('both.pem', chainToPem(certificates));
  openssl('crl2pkcs7', '-nocrl', '-certfile', 'both.pem', '-outform', 'DER', '-out', 'made.p7');
  assert.deepEqual(
    parseCertsOnly(readFileSync(join(folder, 'made.p7')))
      .map(({ fingerprint }) => fingerprint)
      .sort(),
    certificates.map(({ fingerprint }) => fingerprint).sort(),
  );
});

test('T-06 openssl asn1parse reads what a request should look like', () => {
  write('csrattrs.der', csrAttrs());
  const { status, output } = openssl('asn1parse', '-inform', 'DER', '-in', 'csrattrs.der');
  assert.equal(status, 0);
  assert.match(output, /id-ecPublicKey[^]*prime256v1[^]*ecdsa-with-SHA256/);
});
