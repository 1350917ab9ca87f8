import { z } from 'zod';
import { COMMUNICATION_PACKAGE_BYTES_MAX, SERVERS_PER_LIST_MAX } from '../limits.ts';
import { domainId, sha256Hex } from './scalars.ts';

/**
 * F-13 What `agent repair` takes: a file that an administrator exports, and carries to an agent that finds or accepts no server any more.
 * Only `signed` counts, a document of the type `communication`; the rest is for people.
 */
export const communicationPackage = z.strictObject({
  format: z.literal('sekisho-communication-package'),
  version: z.literal(1),
  domain: domainId,
  name: z.string().max(100),
  caFingerprint: sha256Hex,
  servers: z.array(z.string().max(300)).max(SERVERS_PER_LIST_MAX),
  signed: z.string().max(COMMUNICATION_PACKAGE_BYTES_MAX),
});
export type CommunicationPackage = z.infer<typeof communicationPackage>;
