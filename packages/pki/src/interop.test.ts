import 'reflect-metadata';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { newDomainId, newHostId, approve, TestAuthority } from '@sekisho/testkit/test-authority.ts';
import * as peculiar from '@peculiar/x509';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCertificate } from './certificate.ts';
import { parseCrl, verifyCrl, type CrlReason } from './crl.ts';
import { createCertificateRequest, parseCertificateRequest } from './csr.ts';
import { issueHostCertificate, normalizeSerial, serialHex } from './issue.ts';
import { KEY_ALGORITHMS } from './keys.ts';
import { OID } from './oids.ts';
import { verifySignature } from './signature.ts';

peculiar.cryptoProvider.set(globalThis.crypto);

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const authority = await TestAuthority.create({ nowMs: NOW_MS });
const hosts = new Map(
  await Promise.all(
    KEY_ALGORITHMS.map(
      async (keyAlgorithm) => [keyAlgorithm, await authority.host({ keyAlgorithm })] as const,
    ),
  ),
);

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const dnsName = fc
  .array(label, { minLength: 1, maxLength: 4 })
  .map((labels) => `${labels.join('.')}.example`);
const ip = fc
  .oneof(fc.ipV4(), fc.ipV6())
  .map((text) => canonicalIp(text)!)
  .filter((text) => text !== undefined);
const names = fc.record(
  { dns: fc.uniqueArray(dnsName, { maxLength: 6 }), ips: fc.uniqueArray(ip, { maxLength: 6 }) },
  { noNullPrototype: true },
);
const serial = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .filter((bytes) => normalizeSerial(bytes)[1] !== 0);
const seconds = fc.integer({
  min: Math.floor(NOW_MS / 1000),
  max: Math.floor(NOW_MS / 1000) + 18 * 365 * 86_400,
});

const hexOf = (bytes: ArrayBuffer | Uint8Array): string => Buffer.from(bytes as ArrayBuffer).toString('hex');

test('T-03 T-08 what we issue, @peculiar/x509 reads with equal facts', async () => {
  await fc.assert(
    fc.asyncProperty(
      names,
      serial,
      fc.boolean(),
      fc.constantFrom(...KEY_ALGORITHMS),
      seconds,
      fc.integer({ min: 86_400, max: 825 * 86_400 }),
      async ({ dns, ips }, serialBytes, media, algorithm, begin, lifetime) => {
        const plan = approve({
          hostId: newHostId(),
          domainId: newDomainId(),
          dns,
          ips,
          media,
          notBeforeMs: begin * 1000,
          notAfterMs: Math.min((begin + lifetime) * 1000, authority.issuing.certificate.notAfterMs),
        });
        const { spkiDer } = hosts.get(algorithm)!.signer;
        const ours = await issueHostCertificate({
          plan,
          spkiDer,
          issuer: authority.issuing,
          serial: serialBytes,
        });
        const theirs = new peculiar.X509Certificate(Buffer.from(ours.der));
        assert.equal(theirs.serialNumber.replace(/^(00)+/, ''), serialHex(serialBytes));
        assert.equal(theirs.notBefore.getTime(), plan.notBeforeMs);
        assert.equal(theirs.notAfter.getTime(), plan.notAfterMs);
        assert.equal(theirs.subject, `CN=${plan.hostId}`);
        assert.equal(theirs.issuer, `CN=${authority.issuing.certificate.subjectCn}`);
        assert.equal(hexOf(theirs.publicKey.rawData), hexOf(spkiDer));
        const san = theirs.getExtension(peculiar.SubjectAlternativeNameExtension)!;
        const valuesOf = (type: string): string[] =>
          san.names.items.filter((name) => name.type === type).map(({ value }) => value);
        assert.deepEqual(valuesOf('url'), [`spiffe://${plan.domainId}/host/${plan.hostId}`]);
        assert.deepEqual(valuesOf('dns'), dns);
        assert.deepEqual(
          valuesOf('ip').map((text) => canonicalIp(text)),
          ips,
        );
        const usages = [...theirs.getExtension(peculiar.ExtendedKeyUsageExtension)!.usages];
        assert.deepEqual(usages, media ? [OID.clientAuth, OID.serverAuth] : [OID.clientAuth]);
        assert.equal(theirs.getExtension(peculiar.BasicConstraintsExtension)!.ca, false);
        const usage = theirs.getExtension(peculiar.KeyUsagesExtension)!.usages;
        assert.equal(
          usage,
          peculiar.KeyUsageFlags.digitalSignature |
            (algorithm === 'rsa3072' ? peculiar.KeyUsageFlags.keyEncipherment : 0),
        );
        assert.equal(
          theirs.getExtension(peculiar.AuthorityKeyIdentifierExtension)!.keyId,
          authority.issuing.certificate.subjectKeyId,
        );
      },
    ),
    { numRuns: 150 },
  );
});

test('T-03 what we issue verifies with @peculiar/x509 under the CA', async () => {
  const [host, ca] = [hosts.get('p256')!.certificate, authority.issuing.certificate].map(
    ({ der }) => new peculiar.X509Certificate(Buffer.from(der)),
  ) as [peculiar.X509Certificate, peculiar.X509Certificate];
  assert.equal(await host.verify({ publicKey: ca, signatureOnly: true }), true);
});

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const theirKeys = await globalThis.crypto.subtle.generateKey(P256, true, ['sign', 'verify']);

test('what @peculiar/x509 issues, we read with equal facts', async () => {
  await fc.assert(
    fc.asyncProperty(
      names,
      serial,
      seconds,
      fc.boolean(),
      fc.stringMatching(/^[A-Za-z0-9 ]{0,20}[A-Za-z0-9]$/).filter((text) => !text.startsWith(' ')),
      async ({ dns, ips }, serialBytes, begin, isCa, commonName) => {
        const general = [
          ...dns.map((value) => ({ type: 'dns' as const, value })),
          ...ips.map((value) => ({ type: 'ip' as const, value })),
          { type: 'url' as const, value: 'spiffe://x/y' },
        ];
        const theirs = await peculiar.X509CertificateGenerator.createSelfSigned({
          serialNumber: hexOf(normalizeSerial(serialBytes)),
          name: [{ CN: [commonName] }],
          notBefore: new Date(begin * 1000),
          notAfter: new Date((begin + 86_400) * 1000),
          signingAlgorithm: P256,
          keys: theirKeys,
          extensions: [
            isCa
              ? new peculiar.BasicConstraintsExtension(true, 3, true)
              : new peculiar.BasicConstraintsExtension(false, undefined, true),
            new peculiar.KeyUsagesExtension(
              peculiar.KeyUsageFlags.digitalSignature | peculiar.KeyUsageFlags.cRLSign,
              true,
            ),
            new peculiar.ExtendedKeyUsageExtension([OID.clientAuth, OID.documentSigner], true),
            new peculiar.SubjectAlternativeNameExtension(general),
            await peculiar.SubjectKeyIdentifierExtension.create(theirKeys.publicKey),
          ],
        });
        const ours = parseCertificate(new Uint8Array(theirs.rawData));
        assert.equal(ours.serial, serialHex(serialBytes));
        assert.equal(ours.subjectCn, commonName);
        assert.equal(ours.notBeforeMs, begin * 1000);
        assert.equal(ours.notAfterMs, (begin + 86_400) * 1000);
        assert.deepEqual(ours.san, { dns, ips, uris: ['spiffe://x/y'], others: 0 });
        assert.equal(ours.isCa, isCa);
        assert.equal(ours.pathLength, isCa ? 3 : undefined);
        assert.deepEqual([...ours.keyUsages], ['digitalSignature', 'cRLSign']);
        assert.deepEqual(ours.extKeyUsages, [OID.clientAuth, OID.documentSigner]);
        assert.equal(ours.extKeyUsageCritical, true);
        assert.equal(hexOf(ours.spkiDer), hexOf(theirs.publicKey.rawData));
        assert.equal(ours.subjectKeyId, theirs.getExtension(peculiar.SubjectKeyIdentifierExtension)!.keyId);
        assert.ok(verifySignature(ours.tbs.signatureAlgorithm, ours.publicKey, ours.tbsDer, ours.signature));
      },
    ),
    { numRuns: 150 },
  );
});

test('T-06 requests go both ways with equal facts', async () => {
  const { signer } = hosts.get('p256')!;
  await fc.assert(
    fc.asyncProperty(names, dnsName, fc.boolean(), async ({ dns, ips }, commonName, serverAuth) => {
      const der = await createCertificateRequest({ signer, commonName, dns, ips, serverAuth });
      const theirs = new peculiar.Pkcs10CertificateRequest(Buffer.from(der));
      assert.equal(theirs.subject, `CN=${commonName}`);
      assert.equal(await theirs.verify(), true);
      const [san] = theirs.extensions.filter(
        (one) => one instanceof peculiar.SubjectAlternativeNameExtension,
      );
      assert.equal(san?.names.items.length ?? 0, dns.length + ips.length);

      const general = [
        ...dns.map((value) => ({ type: 'dns' as const, value })),
        ...ips.map((value) => ({ type: 'ip' as const, value })),
      ];
      const made = await peculiar.Pkcs10CertificateRequestGenerator.create({
        name: [{ CN: [commonName] }],
        keys: theirKeys,
        signingAlgorithm: P256,
        extensions: [
          ...(general.length > 0 ? [new peculiar.SubjectAlternativeNameExtension(general)] : []),
          new peculiar.ExtendedKeyUsageExtension(serverAuth ? [OID.serverAuth] : [OID.clientAuth]),
        ],
      });
      const ours = parseCertificateRequest(new Uint8Array(made.rawData));
      assert.equal(ours.commonName, commonName);
      assert.deepEqual(ours.dns, dns);
      assert.deepEqual(ours.ips, ips);
      assert.equal(ours.wantsServerAuth, serverAuth);
      assert.equal(ours.keyAlgorithm, 'p256');
    }),
    { numRuns: 100 },
  );
});

const REASONS: readonly (readonly [CrlReason, peculiar.X509CrlReason])[] = [
  ['keyCompromise', peculiar.X509CrlReason.keyCompromise],
  ['superseded', peculiar.X509CrlReason.superseded],
  ['cessationOfOperation', peculiar.X509CrlReason.cessationOfOperation],
];

test('T-41 revocation lists go both ways with equal entries', async () => {
  const ca = await peculiar.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Their CA',
    keys: theirKeys,
    signingAlgorithm: P256,
    notBefore: new Date(NOW_MS - DAY_MS),
    notAfter: new Date(NOW_MS + DAY_MS),
    extensions: [
      new peculiar.BasicConstraintsExtension(true, undefined, true),
      new peculiar.KeyUsagesExtension(peculiar.KeyUsageFlags.cRLSign, true),
      await peculiar.SubjectKeyIdentifierExtension.create(theirKeys.publicKey),
    ],
  });
  const entries = REASONS.map(([ours, theirs]) => ({ ours, theirs, serial: serialHex(randomBytes(15)) }));
  const made = await peculiar.X509CrlGenerator.create({
    issuer: ca.subject,
    thisUpdate: new Date(NOW_MS),
    nextUpdate: new Date(NOW_MS + DAY_MS),
    signingAlgorithm: P256,
    signingKey: theirKeys.privateKey,
    entries: entries.map(({ serial, theirs }) => ({
      serialNumber: serial,
      revocationDate: new Date(NOW_MS),
      reason: theirs,
    })),
    extensions: [
      await peculiar.AuthorityKeyIdentifierExtension.create(theirKeys.publicKey),
      new peculiar.Extension(OID.crlNumber, false, Buffer.from([2, 1, 9])),
    ],
  });
  const read = parseCrl(new Uint8Array(made.rawData));
  verifyCrl(read, parseCertificate(new Uint8Array(ca.rawData)));
  assert.equal(read.number, 9);
  assert.deepEqual(
    [...read.entries()],
    entries.map(({ serial, ours }) => ({ serial, revokedAtMs: NOW_MS, reason: ours })),
  );

  const own = await authority.crl({
    entries: entries.map(({ serial, ours }) => ({ serial, revokedAtMs: NOW_MS, reason: ours })),
  });
  const theirs = new peculiar.X509Crl(Buffer.from(own.der));
  assert.deepEqual(
    theirs.entries.map(({ serialNumber, reason }) => [serialNumber.replace(/^(00)+/, ''), reason]),
    entries.map(({ serial, theirs: reason }) => [serial, reason]),
  );
  assert.equal(
    await theirs.verify({
      publicKey: new peculiar.X509Certificate(Buffer.from(authority.issuing.certificate.der)),
    }),
    true,
  );
});
