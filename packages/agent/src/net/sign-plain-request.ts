import type { DomainId, ServerId } from '@sekisho/core/ids.ts';
import { SIGNATURE_HEADER, signedRequest } from '@sekisho/core/wire/signed-request.ts';
import { privateKeyFromPem, sha256Hex } from '@sekisho/pki/keys.ts';
import { signRequest } from '@sekisho/pki/request-signature.ts';
import type { Identity } from '../identity/identity-store.ts';
import type { RouteTarget } from './call-route.ts';

/** F-20 Signs requests that go without TLS, with the key of this host: the server has nothing else to know it by. */
export function signatureHeaders(by: {
  readonly serverId: ServerId;
  readonly domainId: () => DomainId;
  readonly identity: () => Identity;
  readonly nextMomentMs: () => number;
}): NonNullable<RouteTarget['headers']> {
  return async ({ method, path, body }) => {
    const { hostId, keyPem, certificate } = by.identity();
    const request = signedRequest.parse({
      method,
      path,
      bodySha256: sha256Hex(Buffer.from(body ?? '')),
      domain: by.domainId(),
      server: by.serverId,
      host: hostId,
      atMs: by.nextMomentMs(),
    });
    const privateKey = privateKeyFromPem(keyPem);
    return { [SIGNATURE_HEADER]: await signRequest(request, { privateKey, certificate }) };
  };
}
