import { COMMUNICATION_PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { PEER_CHECKS } from '@sekisho/core/rules/peer.ts';
import { jobKind } from '@sekisho/core/wire/jobs.ts';
import { route } from '@sekisho/core/wire/route.ts';
import {
  count,
  domainId,
  epochMs,
  hostId,
  jobId,
  planId,
  port,
  serial,
  sha256Hex,
} from '@sekisho/core/wire/scalars.ts';
import { z } from 'zod';

const params = z.record(z.string(), z.union([z.string(), z.number()]));
const refusal = z.object({ code: z.string(), params });

/** What `agent status` shows: of a running agent over its socket, else read from its data folder. */
export const agentStatus = z.object({
  running: z.boolean(),
  version: z.string(),
  name: z.string(),
  server: z.object({ host: z.string(), port }),
  /** T-11: not null when this host can't communicate; the command completes it. */
  notDeployed: refusal.extend({ command: z.string() }).nullable(),
  hostId: hostId.nullable(),
  domainId: domainId.nullable(),
  certificate: z
    .object({
      fingerprint: sha256Hex,
      serial: z.string(),
      notBeforeMs: epochMs,
      notAfterMs: epochMs,
      /** When the agent begins to renew it. */
      renewFromMs: epochMs,
    })
    .nullable(),
  /** In push mode: is the channel open? */
  channel: z.enum(['open', 'closed', 'off']),
  /** T-60: the media server through which the management server is reached (`ADDRESS:PORT`); null: directly. */
  relay: z.string().nullable(),
  lastContactMs: epochMs.nullable(),
  lastError: refusal.nullable(),
  serials: z.object({
    bundle: serial,
    list: serial,
    assignment: serial,
    policy: serial,
    crl: serial,
  }),
  /** F-20: is the management server verified by its certificate, and if not, until when? */
  verification: z
    .discriminatedUnion('state', [
      z.object({ state: z.literal('on') }),
      z.object({ state: z.literal('off'), untilMs: epochMs }),
    ])
    .default({ state: 'on' }),
  /** Reports that wait for the management server. */
  spooled: count,
  jobs: z.array(z.object({ jobId, kind: jobKind, planId: planId.nullable(), waiting: z.boolean() })),
  health: z.array(z.object({ code: z.string(), detail: z.string() })),
  /** F-05: servers whose certificate this agent refuses, and why. */
  refusedServers: z.array(refusal.extend({ server: z.string() })).default([]),
  media: z.object({ port: port.nullable(), folder: z.string() }).nullable(),
  /** Of the running agent's process. */
  pid: z.int().nullable().default(null),
  settings: z.object({ allowCommands: z.boolean() }),
});
export type AgentStatus = z.infer<typeof agentStatus>;

/** Routes of the control socket (`run/agent.sock`): whoever can open it administers this agent. */
export const getAgentStatus = route({ method: 'GET', path: '/status', right: 'public', reply: agentStatus });
export const setAgentSettings = route({
  method: 'PUT',
  path: '/settings',
  right: 'public',
  body: z.object({ allowCommands: z.boolean() }),
  reply: z.object({ allowCommands: z.boolean() }),
});
/** Renews the certificate now (T-04); answers when it is done. */
export const renewAgent = route({
  method: 'POST',
  path: '/renew',
  right: 'public',
  reply: z.object({ fingerprint: sha256Hex, notAfterMs: epochMs }),
});
/** A heartbeat now; answers when the server has. */
export const heartbeatAgent = route({
  method: 'POST',
  path: '/heartbeat',
  right: 'public',
  reply: z.object({ lastContactMs: epochMs.nullable() }),
});
const askedCheck = z.object({
  outcome: z.enum(['passed', 'failed', 'skipped']),
  /** Of one that failed: an error code with its values. */
  code: z.string().nullable(),
  params,
});
/** T-36 Dials another agent's media port with every check; nothing is written. */
export const askPeer = route({
  method: 'POST',
  path: '/ask',
  right: 'public',
  body: z.object({ host: z.string().min(1).max(253), port }),
  reply: z.object({
    /** Whose certificate was shown. */
    hostId: hostId.nullable(),
    checks: z.array(askedCheck.extend({ check: z.enum(PEER_CHECKS) })),
    /** What the other side says of this host. */
    answer: askedCheck,
    allow: z.boolean(),
  }),
});
/** F-04 `agent upgrade` refused a package: the management server is told. */
export const reportPackage = route({
  method: 'POST',
  path: '/package-refused',
  right: 'public',
  body: z.object({ code: z.string().max(64) }),
  reply: z.object({ spooled: z.literal(true) }),
});
/** F-13 Takes a communication package; answers when it is in use. Nothing is changed when it is refused. */
export const repairAgent = route({
  method: 'POST',
  path: '/repair',
  right: 'public',
  body: z.object({
    package: z.string().max(COMMUNICATION_PACKAGE_BYTES_MAX),
    /** As a person confirmed it; null: only a CA that the agent trusts already will do. */
    caFingerprint: sha256Hex.nullable(),
  }),
  reply: z.object({
    generation: serial,
    listSerial: serial,
    caFingerprint: sha256Hex,
    isNewCa: z.boolean(),
    servers: z.array(z.string()),
    /** This host's own, as the repaired agent sees it. */
    certificate: z.enum(['fits', 'foreign', 'expired']),
    /** With which it is replaced, with a reissue token. */
    command: z.string(),
  }),
});
