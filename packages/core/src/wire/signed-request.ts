import { z } from 'zod';
import { domainId, epochMs, hostId, serverId, sha256Hex } from './scalars.ts';

/** Header of a request without TLS (F-20): a JWS compact over what the request is, by the key of its host. */
export const SIGNATURE_HEADER = 'sekisho-signature';
/** `typ` of that JWS: no signed document, and no other signature of a host, passes for one. */
export const REQUEST_KIND = 'sekisho-request+jws';
export const REQUEST_SIGNATURE_LENGTH_MAX = 12 * 1024;
/** A heartbeat is all that comes with a body. */
export const SIGNED_BODY_BYTES_MAX = 16 * 1024;

/** What is signed. Whoever changes, repeats or redirects the request changes one of these. */
export const signedRequest = z.strictObject({
  method: z.enum(['GET', 'POST']),
  /** With its query, as it is sent. */
  path: z.string().min(1).max(300),
  /** Of the body's bytes; of nothing when there is none. */
  bodySha256: sha256Hex,
  domain: domainId,
  server: serverId,
  host: hostId,
  /** When it was signed. Of one host each is later than the one before: a request counts once. */
  atMs: epochMs,
});
export type SignedRequest = z.infer<typeof signedRequest>;
