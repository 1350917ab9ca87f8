import { z } from 'zod';
import { NAME_LENGTH_MAX, PAGE_ROWS_MAX, PEER_QUESTIONS_MAX } from '../limits.ts';
import { MAPPING_KINDS, PENDING_REASONS } from '../rules/naming.ts';
import { NAME_WARNINGS } from '../rules/shown-name.ts';
import { PEER_CHECKS } from '../rules/peer.ts';
import { hostView } from './trust.ts';
import { address, count, epochMs, groupId, hostId, sha256Hex } from './scalars.ts';
import { route } from './route.ts';

/** Who asks about a peer: the side that dialled a name, or the side that accepted and was told one. */
export const PEER_DIRECTIONS = ['dialled', 'accepted'] as const;
export const peerDirection = z.enum(PEER_DIRECTIONS);
export type PeerDirection = z.infer<typeof peerDirection>;

/** T-31 May this host go by this name? The answer is for whoever asks, from the TLS peer. */
export const peerQuestion = z.object({
  /** Dialled: the address that was dialled. Accepted: the primary name in the certificate that was shown. Any text: the rule judges. */
  name: z.string().max(NAME_LENGTH_MAX * 2),
  /** Of the certificate that was shown, which the asker has verified. */
  hostId,
  direction: peerDirection,
  /**
   * The certificate that was shown: one that was revoked this moment is known here before any list says so. Without it a free name is
   * never mapped.
   */
  fingerprint: sha256Hex.optional(),
});
export type PeerQuestion = z.infer<typeof peerQuestion>;

export const peerAnswer = z.object({
  allow: z.boolean(),
  /** Of a refusal: an error code with its values. */
  code: z.string().max(64).optional(),
  params: z.record(z.string().max(64), z.union([z.string().max(4096), z.number()])).optional(),
  /** So long the answer may be used without asking again. */
  cacheSeconds: z.int().min(0).max(3600),
});
export type PeerAnswer = z.infer<typeof peerAnswer>;

/** T-31 What an agent asks before it talks, several at once; the answers come in the order of the questions. */
export const askPeers = route({
  method: 'POST',
  path: '/v1/agent/peers',
  right: 'peer',
  body: z.object({ questions: z.array(peerQuestion).min(1).max(PEER_QUESTIONS_MAX) }),
  reply: z.object({
    /** Counts decisions about names: another number than before means that cached answers are to be asked for again. */
    generation: count,
    answers: z.array(peerAnswer).max(PEER_QUESTIONS_MAX),
  }),
});

export const mappingKind = z.enum(MAPPING_KINDS);

/** What looks odd about a name that is valid. */
export const nameWarning = z.enum(NAME_WARNINGS);

const namedHost = z.object({ id: hostId, name: z.string() });

export const mappingView = z.object({
  name: z.string(),
  /** As people read it: an `xn--` name in its own script. */
  shown: z.string(),
  warnings: z.array(nameWarning),
  host: namedHost,
  kind: mappingKind,
  createdAtMs: epochMs,
  /** Of an automatic one: when the host was last met under the name, to the day. */
  lastSeenAtMs: epochMs.nullable().default(null),
});
export type MappingView = z.infer<typeof mappingView>;

export const pendingView = z.object({
  name: z.string(),
  shown: z.string(),
  warnings: z.array(nameWarning),
  /** The host that was met under the name. */
  host: namedHost,
  /** Who has the name; null: nobody. */
  owner: namedHost.extend({ kind: mappingKind }).nullable(),
  reason: z.enum(PENDING_REASONS),
  /** The host that met it. */
  askedBy: namedHost.nullable(),
  state: z.enum(['pending', 'rejected']),
  firstSeenAtMs: epochMs,
  lastSeenAtMs: epochMs,
  seen: count,
  /** The last rejection; it may have been found again since. */
  rejectedAtMs: epochMs.nullable(),
  rejectedBy: z.string().nullable(),
});
export type PendingView = z.infer<typeof pendingView>;

const page = {
  limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
  after: z.string().max(1_000).optional(),
};
const nameAndHost = z.object({ name: address, hostId });

/** T-32 Which names belong to which hosts. */
export const listMappings = route({
  method: 'GET',
  path: '/v1/mappings',
  right: 'host.read',
  scope: 'group',
  query: z.object({
    ...page,
    host: hostId.optional(),
    name: address.optional(),
    kind: mappingKind.optional(),
  }),
  reply: z.object({ mappings: z.array(mappingView), next: z.string().nullable() }),
});
/** T-31 Names that wait for an administrator, conflicts with both hosts. */
export const listPendingNames = route({
  method: 'GET',
  path: '/v1/pending-names',
  right: 'host.read',
  scope: 'group',
  query: z.object({
    ...page,
    host: hostId.optional(),
    /** Those that were rejected and were not found again, too. */
    rejected: z.enum(['true', 'false']).optional(),
  }),
  reply: z.object({ pending: z.array(pendingView), next: z.string().nullable() }),
});
/** Everything about one name: its hosts, and who waits for it. The entity tag is what a decision's If-Match takes. */
export const getMapping = route({
  method: 'GET',
  path: '/v1/mappings/:name',
  right: 'host.read',
  scope: 'group',
  params: z.object({ name: address }),
  reply: z.object({ mappings: z.array(mappingView), pending: z.array(pendingView) }),
});

/** Of a name that another host has: it goes over, or both have it. */
export const conflictWay = z.enum(['move', 'share']);
export type ConflictWay = z.infer<typeof conflictWay>;
const decided = z.object({ mappings: z.array(mappingView), pending: z.array(pendingView) });

/** Maps a name to a host by an administrator's word. */
export const addMapping = route({
  method: 'POST',
  path: '/v1/mappings',
  right: 'host.write',
  scope: 'group',
  body: nameAndHost.extend({
    /** Needed when another host has the name. */
    how: conflictWay.nullable().default(null),
  }),
  reply: decided,
});
/** T-32 Approves what is pending. */
export const approveName = route({
  method: 'POST',
  path: '/v1/pending-names/approve',
  right: 'host.write',
  scope: 'group',
  body: nameAndHost.extend({ how: conflictWay.nullable().default(null) }),
  reply: decided,
});
/** T-32 Rejects what is pending: it stays refused, and is listed again when it is found again. */
export const rejectName = route({
  method: 'POST',
  path: '/v1/pending-names/reject',
  right: 'host.write',
  scope: 'group',
  body: nameAndHost,
  reply: decided,
});
/** T-32 Takes a name from a host; never its primary name. */
export const deleteMapping = route({
  method: 'DELETE',
  path: '/v1/mappings/:name/:hostId',
  right: 'host.write',
  scope: 'group',
  params: nameAndHost,
  reply: decided,
});

/** T-35 Removes a host's properties, its names beyond the primary one and what is remembered of how it talked. */
export const resetHost = route({
  method: 'POST',
  path: '/v1/hosts/:id/reset',
  right: 'host.write',
  scope: 'group',
  params: z.object({ id: hostId }),
  reply: z.object({ host: hostView, removedNames: z.array(z.string()) }),
});

/** One check of the decision, in order. */
export const explainedCheck = z.object({
  check: z.enum(PEER_CHECKS),
  /** `skipped`: an earlier check decided, or there is nothing to look at. */
  outcome: z.enum(['passed', 'failed', 'skipped', 'unknown']),
  /** Of one that failed: an error code with its values. */
  code: z.string().nullable(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
  /** The setting or record that decided it. */
  decidedBy: z.object({
    kind: z.enum(['setting', 'record', 'certificate', 'list', 'protocol']),
    name: z.string(),
    value: z.string(),
    /** F-01: the group that set it, with its path; none when the whole domain did, and when groups do not set it. */
    group: z.object({ id: groupId, path: z.array(z.string()) }).optional(),
  }),
  /** The command that would change it; null: nothing is to be changed. */
  command: z.string().nullable(),
});
export type ExplainedCheck = z.infer<typeof explainedCheck>;

/** One side's decision about the other. */
export const explainedSide = z.object({
  direction: peerDirection,
  /** The side that decides. */
  decides: namedHost,
  about: namedHost,
  /** The name that is dialled, or claimed. */
  name: z.string(),
  allow: z.boolean(),
  checks: z.array(explainedCheck),
});
export type ExplainedSide = z.infer<typeof explainedSide>;

/** T-36 May A talk to B? Both sides' decisions, check by check. */
export const explainPeers = route({
  method: 'GET',
  path: '/v1/explain',
  right: 'host.read',
  scope: 'group',
  query: z.object({
    /** The host that dials: any of its names, or its ID. */
    from: address,
    to: address,
    /** The name that is dialled; the primary name of `to` by default. */
    as: address.optional(),
  }),
  reply: z.object({ from: namedHost, to: namedHost, allow: z.boolean(), sides: z.array(explainedSide) }),
});
export type ExplainReply = z.output<(typeof explainPeers)['reply']>;
