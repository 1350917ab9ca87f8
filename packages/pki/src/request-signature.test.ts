import type { SignedRequest } from '@sekisho/core/wire/signed-request.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TestAuthority, type TestHost } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { KeyAlgorithm } from './keys.ts';
import { sha256Hex } from './keys.ts';
import { signRequest, verifyRequest } from './request-signature.ts';

describe('signatures of requests without TLS', () => {
  const nowMs = new FakeClock().nowMs();
  let authority: TestAuthority;
  let host: TestHost;
  let other: TestHost;
  before(async () => {
    authority = await TestAuthority.create({ nowMs });
    [host, other] = await Promise.all([authority.host(), authority.host()]);
  });
  const requestOf = (by: TestHost): SignedRequest => ({
    method: 'POST',
    path: '/v1/agent/heartbeat',
    bodySha256: sha256Hex(Buffer.from('{}')),
    domain: authority.domainId,
    server: authority.serverId,
    host: by.hostId,
    atMs: nowMs,
  });
  const sign = (by: TestHost): Promise<string> =>
    signRequest(requestOf(by), { privateKey: by.key, certificate: by.certificate });
  const verify = (jws: string) => verifyRequest(jws, (leaf) => leaf.fingerprint);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  for (const keyAlgorithm of ['p256', 'p384', 'ed25519', 'rsa3072'] as const satisfies KeyAlgorithm[])
    test(`F-20 what a host signs with a key of kind ${keyAlgorithm} says whose certificate it is, and what was asked`, async () => {
      const own = await authority.host({ keyAlgorithm });
      const { request, judged } = await verify(await sign(own));
      assert.deepEqual(request, requestOf(own));
      assert.equal(judged, own.certificate.fingerprint);
    });

  test('F-20 a signature that was forged, altered or made for something else is refused', async () => {
    const jws = await sign(host);
    const [head = '', body = '', signature = ''] = jws.split('.');
    const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Record<string, unknown>;
    const otherHeader = { ...header, x5c: [Buffer.from(other.certificate.der).toString('base64')] };
    const document = await authority.signDocument('order', {
      domain: authority.domainId,
      serial: 1,
      issuedAt: nowMs,
      jobId: 'ab'.repeat(16) as never,
      hostId: host.hostId,
      expiresAtMs: nowMs + 1,
      act: { what: 'seal', repository: `${host.hostId}.1` as never },
    });
    const cases: Record<string, string> = {
      'another payload': `${head}.${part({ ...requestOf(host), atMs: nowMs + 1 })}.${signature}`,
      'the certificate of another host': `${part(otherHeader)}.${body}.${signature}`,
      'the same with the key ID of that host': `${part({ ...otherHeader, kid: other.certificate.keyId })}.${body}.${signature}`,
      'no signature at all': `${part({ ...header, alg: 'none' })}.${body}.AA`,
      'a secret algorithm': `${part({ ...header, alg: 'HS256' })}.${body}.${signature}`,
      'another type': `${part({ ...header, typ: 'JWT' })}.${body}.${signature}`,
      'a key of its own': `${part({ ...header, jwk: {} })}.${body}.${signature}`,
      'a signed document': document,
      'too much': `${jws}${'A'.repeat(20_000)}`,
      nothing: '',
    };
    for (const [what, forged] of Object.entries(cases))
      await assert.rejects(verify(forged), { code: 'REQUEST_SIGNATURE_INVALID' }, what);
  });

  test('F-20 a certificate that is not accepted is refused before its key is used', async () => {
    await assert.rejects(
      verifyRequest(await sign(host), () => {
        throw new Error('not this one');
      }),
      /not this one/,
    );
  });
});
