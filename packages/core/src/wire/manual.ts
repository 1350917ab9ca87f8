import { z } from 'zod';
import { CERTIFICATE_BYTES_MAX, CSR_BYTES_MAX, DOCUMENT_BYTES_MAX, MANUAL_CHAIN_MAX } from '../limits.ts';
import { route } from './route.ts';
import { domainId, hostId } from './scalars.ts';

const BASE64_FACTOR = 2;
const der = z.string().max(CERTIFICATE_BYTES_MAX * BASE64_FACTOR);
const jws = z.string().max(DOCUMENT_BYTES_MAX);

/**
 * T-17 The file that a host without a route gets back: its certificate, and what the agent needs to know its domain. Nothing in it is
 * secret, and nothing is believed before the root in it has the fingerprint that an administrator gave.
 */
export const manualAnswer = z.strictObject({
  format: z.literal('sekisho-answer-1'),
  domainId,
  /** DER in base64. */
  root: der,
  /** The host's certificate first. DER in base64. */
  chain: z.array(der).min(1).max(MANUAL_CHAIN_MAX),
  bundle: jws,
  list: jws,
});
export type ManualAnswer = z.infer<typeof manualAnswer>;

/**
 * T-17 Decides about a certificate request that came as a file. The administrator's act approves a new host; one that has a host ID
 * already needs a reissue token as ever. The right is that of making tokens: it approves as much.
 */
export const signByHand = route({
  method: 'POST',
  path: '/v1/certificates/sign',
  right: 'token.write',
  body: z.object({
    /** PEM, or DER in base64. */
    csr: z.string().max(CSR_BYTES_MAX * BASE64_FACTOR),
    token: z.string().max(256).optional(),
    /** The host may become a media server. */
    media: z.boolean().default(false),
  }),
  reply: z.object({ hostId, name: z.string(), answer: manualAnswer }),
});
