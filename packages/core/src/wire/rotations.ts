import { z } from 'zod';
import {
  EMERGENCIES,
  GATE_HOSTS_NAMED_MAX,
  ROTATION_KINDS,
  ROTATION_PATHS,
  ROTATION_PHASES,
  UNDECIDED_REASONS,
} from '../rules/rotation.ts';
import { TAKE_OVERS } from '../rules/rotation-takeover.ts';
import { PATH_REASONS } from '../rules/rotation-path.ts';
import { route } from './route.ts';
import { count, epochMs, groupId, hostId, sha256Hex } from './scalars.ts';

/** F-33 The overlap that may be wanted beyond what hosts need. */
export const OVERLAP_SECONDS_MAX = 30 * 86_400;
/** PEM of a certificate with its chain and key, or PKCS#12 in base64. */
export const OUTSIDE_LENGTH_MAX = 256 * 1024;
export const ROTATION_LOSSES_MAX = 10_000;

const hostRef = z.object({ id: hostId, name: z.string(), lastSeenAtMs: epochMs.nullable() });
export type RotationHost = z.infer<typeof hostRef>;
const hostList = z.array(hostRef).max(GATE_HOSTS_NAMED_MAX);
const behindList = z.object({ total: count, hosts: hostList });
/** A refusal's code with its values, as a finding: the words are those of the code. */
const finding = z.object({
  code: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type RotationFinding = z.infer<typeof finding>;

const kind = z.enum(ROTATION_KINDS);
const path = z.enum(ROTATION_PATHS);

/** What an update waits for: hosts, silent hosts, cycles, server processes, the overlap, an administrator. */
export const ROTATION_WAITS = [
  'paused',
  'hosts',
  'silent-hosts',
  'cycles',
  'servers',
  'overlap',
  'question',
] as const;

export const rotationView = z.object({
  id: z.uuid(),
  kind,
  path,
  phase: z.enum(ROTATION_PHASES),
  /** `back`: it is being rolled back. */
  direction: z.enum(['forward', 'back']),
  emergency: z.enum(EMERGENCIES).nullable(),
  outside: z.boolean(),
  fromKeyId: sha256Hex,
  toKeyId: sha256Hex,
  overlapSeconds: count,
  startedBy: z.string(),
  startedAtMs: epochMs,
  phaseSinceMs: epochMs,
  pausedAtMs: epochMs.nullable(),
  endedAtMs: epochMs.nullable(),
  /** Null: it has ended, or the next step is about to be done. */
  waitsFor: z.enum(ROTATION_WAITS).nullable(),
  /** When the wait is over at the latest, if that is known. */
  untilMs: epochMs.nullable(),
  /** Why the last step could not be done. */
  problem: finding.nullable(),
  mayRollBack: z.boolean(),
  /** Hosts at the gate of this phase. */
  hosts: z.object({
    total: count,
    acknowledged: count,
    waiting: count,
    silent: count,
    late: count,
    undecided: count,
    accepted: count,
  }),
  slowest: hostList,
  /** F-32 They would be lost, or do not acknowledge: an administrator decides. */
  undecided: z.array(hostRef.extend({ why: z.enum(UNDECIDED_REASONS) })).max(GATE_HOSTS_NAMED_MAX),
  /** F-33 Whom it left behind, as things are now: given up, in need of a communication package, back by themselves. Null: it has not ended. */
  behind: z.object({ givenUp: behindList, cutOff: behindList, late: behindList }).nullable(),
  servers: z.array(
    z.object({
      instanceId: z.string(),
      addresses: z.array(z.string()),
      live: z.boolean(),
      orderedAtMs: epochMs.nullable(),
      confirmed: z.boolean(),
    }),
  ),
  steps: z.array(
    z.object({
      seq: count,
      step: z.string(),
      actor: z.string(),
      atMs: epochMs,
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
});
export type RotationView = z.infer<typeof rotationView>;

/** A certificate from outside: PEM texts, or PKCS#12 in base64 with its password. */
export const outsideCertificate = z.union([
  z.strictObject({
    chainPem: z.string().min(1).max(OUTSIDE_LENGTH_MAX),
    keyPem: z.string().min(1).max(OUTSIDE_LENGTH_MAX),
    /** Of an encrypted key. */
    password: z.string().max(1_024).optional(),
  }),
  z.strictObject({ pkcs12: z.base64().min(1).max(OUTSIDE_LENGTH_MAX), password: z.string().max(1_024) }),
]);
export type OutsideInput = z.infer<typeof outsideCertificate>;

const wish = {
  kind,
  /** Left out: chosen by what servers and hosts can do (F-31). */
  path: path.optional(),
  outside: outsideCertificate.optional(),
  /** F-34 Nobody is waited for. */
  emergency: z.enum(EMERGENCIES).optional(),
};

export const rotationPlan = z.object({
  kind,
  path,
  reasons: z.array(z.enum(PATH_REASONS)),
  current: z.object({ keyId: sha256Hex, fingerprint: sha256Hex, notAfterMs: epochMs, outside: z.boolean() }),
  hosts: z.object({ total: count, online: count, silent: count, neverSeen: count }),
  longestHeartbeatSeconds: count,
  /** Hosts that would be lost, as things are now. */
  wouldBeLost: hostList,
  wouldBeLostTotal: count,
  /** Hosts that are not there, and come back by themselves. */
  late: hostList,
  lateTotal: count,
  /** Hosts that are not there and refuse this server's certificate, or trust a CA that was lost or stolen: no update brings them back. */
  cutOff: hostList,
  cutOffTotal: count,
  /** Hosts whose agent cannot do what path 1 needs. */
  unable: hostList,
  unableTotal: count,
  /** Groups that do not inherit, which a procedure by hand forgets. */
  notInheriting: z.array(z.object({ id: groupId, name: z.string() })).max(GATE_HOSTS_NAMED_MAX),
  servers: z.array(z.object({ instanceId: z.string(), addresses: z.array(z.string()), live: z.boolean() })),
  /** From the start to the withdrawal, when all hosts that are online stay so. */
  expectedSeconds: count,
  /** F-34 The update that is open, and what becomes of it; null: none is, or it is in the way. */
  takesOver: z
    .object({
      id: z.uuid(),
      kind,
      phase: z.enum(ROTATION_PHASES),
      startedBy: z.string(),
      becomes: z.enum(TAKE_OVERS),
      /** Hosts that have not followed it, and will not be waited for. */
      behind: count,
    })
    .nullable(),
  /** What speaks against it, or prevents it: codes of refusals. */
  findings: z.array(finding),
  /** One of the findings prevents the start. */
  prevented: z.boolean(),
});
export type RotationPlan = z.infer<typeof rotationPlan>;

/** F-32 Says the path and why, who would be lost, and how long it takes; nothing changes. */
export const planRotation = route({
  method: 'POST',
  path: '/v1/rotations/plan',
  right: 'ca.write',
  body: z.object(wish),
  reply: rotationPlan,
});
/** F-30 Starts the update of a certificate. One at a time in a domain. */
export const startRotation = route({
  method: 'POST',
  path: '/v1/rotations',
  right: 'ca.write',
  body: z.object({ ...wish, overlapSeconds: z.int().min(0).max(OVERLAP_SECONDS_MAX).default(0) }),
  reply: rotationView,
});
export const listRotations = route({
  method: 'GET',
  path: '/v1/rotations',
  right: 'security.read',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(500).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({
    rotations: z.array(
      rotationView.pick({
        id: true,
        kind: true,
        path: true,
        phase: true,
        direction: true,
        emergency: true,
        startedBy: true,
        startedAtMs: true,
        endedAtMs: true,
      }),
    ),
    next: z.string().nullable(),
  }),
});
const params = z.object({ id: z.uuid() });
/** F-33 How far an update is, of this moment. */
export const getRotation = route({
  method: 'GET',
  path: '/v1/rotations/:id',
  right: 'security.read',
  params,
  reply: rotationView,
});
const act = (name: string) =>
  ({
    method: 'POST',
    path: `/v1/rotations/:id/${name}`,
    right: 'ca.write',
    params,
    reply: rotationView,
  }) as const;
/** F-33 No step is done until it is resumed. */
export const pauseRotation = route(act('pause'));
export const resumeRotation = route(act('resume'));
/** F-33 Until the old certificate is withdrawn; gated like the way there. */
export const rollBackRotation = route(act('roll-back'));
/** F-37 These hosts, by name, may be lost. */
export const acceptRotationLoss = route({
  ...act('accept-loss'),
  body: z.object({ hosts: z.array(hostId).min(1).max(ROTATION_LOSSES_MAX) }),
});
