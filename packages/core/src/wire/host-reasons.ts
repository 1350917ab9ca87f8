import { z } from 'zod';
import { count, epochMs, serial } from './scalars.ts';

/** F-05 Why a host is in a state that wants attention: the facts that the server decided by. */
export const hostReason = z.discriminatedUnion('why', [
  /** Offline: it missed that many of its own heartbeat periods. */
  z.object({
    why: z.literal('silent'),
    state: z.literal('offline'),
    lastSeenAtMs: epochMs,
    heartbeatSeconds: count,
    missed: count,
  }),
  /** Offline: nothing is heard of a revoked host (T-40). */
  z.object({ why: z.literal('not-heard'), state: z.literal('offline'), revokedAtMs: epochMs }),
  z.object({ why: z.literal('never-heard'), state: z.literal('never-seen') }),
  z.object({ why: z.literal('revoked'), state: z.literal('revoked'), revokedAtMs: epochMs }),
  z.object({ why: z.literal('ended'), state: z.literal('certificate-expired'), notAfterMs: epochMs }),
  z.object({ why: z.literal('ends'), state: z.literal('certificate-expiring'), notAfterMs: epochMs }),
  /** It confirmed an older policy than its group's newest; zero: none. */
  z.object({
    why: z.literal('older-policy'),
    state: z.literal('policy-outdated'),
    held: serial,
    wanted: serial,
  }),
  /** By its own report, which came another way than over the server that it refuses: the first of those that followed one another. */
  z.object({ why: z.literal('refuses-server'), state: z.literal('orphaned'), reportedAtMs: epochMs }),
]);
export type HostReason = z.infer<typeof hostReason>;
