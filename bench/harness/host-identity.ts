import { sha256Hex } from '@sekisho/core/wire/scalars.ts';
import { z } from 'zod';

/** A host's key and certificates (PEM), as TLS takes them, and what its heartbeats say of them. */
export const hostIdentity = z.object({ key: z.string(), cert: z.string(), fingerprint: sha256Hex });
export type HostIdentity = z.infer<typeof hostIdentity>;
