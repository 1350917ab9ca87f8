import { z } from 'zod';
import {
  DOCUMENT_BYTES_MAX,
  FORMER_ROOTS_MAX,
  NAME_LENGTH_MAX,
  NAMES_PER_PUSH_MAX,
  OFFERS_PER_REPLY_MAX,
  SPOOL_ITEMS_PER_FRAME_MAX,
} from '../limits.ts';
import { der } from './documents.ts';
import { jobProgress, jobReport } from './jobs.ts';
import { count, epochMs, jobId, repositoryName, serial, sha256Hex, snapshotId } from './scalars.ts';
import { route } from './route.ts';

/** What an agent may be told to fetch; `certificate` means: renew now. */
export const FETCHABLE = ['bundle', 'list', 'assignment', 'policy', 'crl', 'certificate'] as const;
export const fetchable = z.enum(FETCHABLE);
export type Fetchable = z.infer<typeof fetchable>;

/** Short codes that an agent reports about itself; unknown ones are kept as they are. */
export const healthCode = z.string().max(64);

/**
 * What agents of today can do: `announce` accepts announced keys and names them in heartbeats, `links` follows links from root to root,
 * `failover` goes on at the next server of its list.
 */
export const AGENT_CAPABILITIES = ['announce', 'links', 'failover'] as const;

export const heartbeat = z.object({
  sentAtMs: epochMs,
  bundleGeneration: serial,
  listSerial: serial,
  assignmentSerial: serial,
  policySerial: serial,
  crlNumber: serial,
  /** F-02: its own period, by the policy that it holds; older agents do not say it. */
  heartbeatSeconds: z.int().min(1).max(86_400).optional(),
  /** Fingerprints of the certificates the agent holds, the one in use first. */
  certificates: z.array(sha256Hex).max(4),
  version: z.string().max(32),
  /** Drawn at each start of the daemon: two of them at once mean a cloned identity. */
  bootId: z.string().max(64),
  health: z.array(healthCode).max(32),
  /** Items that wait in the agent's spool. */
  spooled: count,
  /** What this agent can do beyond the first protocol, of AGENT_CAPABILITIES; absent: nothing (F-31). */
  capabilities: z.array(z.string().max(32)).max(16).optional(),
});
export type Heartbeat = z.infer<typeof heartbeat>;

/** T-09 When the server wants a certificate renewed, by its fingerprint: it counts for no other. */
export const renewalInformation = z.object({ fingerprint: sha256Hex, renewAtMs: epochMs });
export type RenewalInformation = z.infer<typeof renewalInformation>;

/** A signed order (JWS compact). */
const jws = z.string().max(DOCUMENT_BYTES_MAX);

export const heartbeatReply = z.object({
  nowMs: epochMs,
  /** Empty: nothing new. */
  fetch: z.array(fetchable).max(FETCHABLE.length),
  /** Orders that wait for this host; sent until answered (at least once). */
  offers: z.array(jws).max(OFFERS_PER_REPLY_MAX),
  cancels: z.array(jobId).max(OFFERS_PER_REPLY_MAX),
  /** T-33 Counts decisions about names: another number than before means that answers about peers are to be asked for again. */
  names: count.optional(),
  /** T-09 Left out: the agent renews when it reckons itself. */
  renewal: renewalInformation.optional(),
});
export type HeartbeatReply = z.infer<typeof heartbeatReply>;

/** What waits on the agent's disk until the server has it. Each kind is idempotent by its own ID. */
export const spoolItem = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('job'), spoolId: z.string().max(64), report: jobReport }),
  /** An offer was taken or refused. */
  z.object({
    kind: z.literal('offer'),
    spoolId: z.string().max(64),
    jobId,
    accepted: z.boolean(),
    code: z.string().max(64).nullable(),
    params: z.record(z.string().max(64), z.union([z.string().max(4096), z.number()])),
    startedAtMs: epochMs.nullable(),
  }),
  /** From a media server: a snapshot was received whole, and is on disk (P-02). */
  z.object({
    kind: z.literal('snapshot'),
    spoolId: z.string().max(64),
    repository: repositoryName,
    snapshotId,
    receivedAtMs: epochMs,
  }),
  z.object({
    kind: z.literal('event'),
    spoolId: z.string().max(64),
    event: z.enum([
      'repository-low',
      'repository-full',
      'repository-sealed',
      'repository-quota',
      'snapshot-quarantined',
      'document-refused',
      'document-fork',
      'peer-refused',
      'crl-stale',
      'renewal-failed',
      'agent-uninstalled',
    ]),
    atMs: epochMs,
    detail: z.record(z.string().max(64), z.union([z.string().max(4096), z.number()])),
  }),
]);
export type SpoolItem = z.infer<typeof spoolItem>;

/** Documents that need not be fetched, by type: signed, and judged as those that are. */
export const broughtDocuments = z.object({ bundle: jws, list: jws, policy: jws }).partial();
export type BroughtDocuments = z.infer<typeof broughtDocuments>;

/** WebSocket frames, JSON text, at GET /v1/agent/channel (mutual TLS). */
export const agentFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('heartbeat'), seq: count, body: heartbeat }),
  z.object({ type: z.literal('spool'), items: z.array(spoolItem).min(1).max(SPOOL_ITEMS_PER_FRAME_MAX) }),
  z.object({ type: z.literal('progress'), jobId, progress: jobProgress }),
  z.object({ type: z.literal('pong'), nonce: z.string().max(64) }),
]);
export type AgentFrame = z.infer<typeof agentFrame>;

export const serverFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('heartbeat.reply'), seq: count, body: heartbeatReply }),
  /** "Come now": fetch these. Of documents the newest may be here already: who knows nothing of that fetches them. */
  z.object({
    type: z.literal('come'),
    fetch: z.array(fetchable).max(FETCHABLE.length),
    documents: broughtDocuments.optional(),
    /** Of the newest revocation list that there is. */
    crlNumber: serial.optional(),
  }),
  z.object({ type: z.literal('job.offer'), order: jws }),
  z.object({ type: z.literal('job.cancel'), jobId }),
  z.object({
    type: z.literal('spool.ack'),
    spoolIds: z.array(z.string().max(64)).max(SPOOL_ITEMS_PER_FRAME_MAX),
  }),
  /** T-33 It was decided who goes by these names (null: by many); answers about them count no more. */
  z.object({
    type: z.literal('names'),
    changed: z.array(z.string().max(NAME_LENGTH_MAX)).max(NAMES_PER_PUSH_MAX).nullable(),
    /** The count of decisions before and after. */
    since: count,
    generation: count,
  }),
  /** T-09 Null: what was said before counts no more. */
  z.object({ type: z.literal('renewal'), renewal: renewalInformation.nullable() }),
  z.object({ type: z.literal('ping'), nonce: z.string().max(64) }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;

export const CHANNEL_PATH = '/v1/agent/channel';
/** WebSocket close code of a channel that is refused because another agent with the same identity has one. */
export const CHANNEL_CLONE_CLOSE_CODE = 4409;

export const postHeartbeat = route({
  method: 'POST',
  path: '/v1/agent/heartbeat',
  right: 'peer',
  body: heartbeat,
  reply: heartbeatReply,
});
export const postSpool = route({
  method: 'POST',
  path: '/v1/agent/spool',
  right: 'peer',
  body: z.object({ items: z.array(spoolItem).min(1).max(SPOOL_ITEMS_PER_FRAME_MAX) }),
  reply: z.object({ spoolIds: z.array(z.string()) }),
});
/** The reply is `{jws}`; the newest of its type for this host. */
export const getDocument = route({
  method: 'GET',
  path: '/v1/agent/documents/:type',
  right: 'peer',
  params: z.object({ type: z.enum(['bundle', 'list', 'assignment', 'policy']) }),
  reply: z.object({ jws }),
});
/** The bundle without a client certificate: what `agent setup` reads after pinning the root. */
export const getPublicBundle = route({
  method: 'GET',
  path: '/v1/bundle',
  right: 'public',
  reply: z.object({ jws }),
});
/**
 * F-38 Roots that others have followed, in DER: whom the fingerprint of an earlier CA was given for knows by one of these where the links of
 * the bundle begin. None is trusted for being here.
 */
export const getFormerRoots = route({
  method: 'GET',
  path: '/v1/former-roots',
  right: 'public',
  reply: z.object({ roots: z.array(der).max(FORMER_ROOTS_MAX) }),
});
/**
 * The repository's password (P-11): to the host that owns it, or to its media server while a maintenance job of that
 * repository is open. The first request of the owner makes it.
 */
export const getRepositoryPassword = route({
  method: 'POST',
  path: '/v1/agent/repository-password',
  right: 'peer',
  body: z.object({ repository: repositoryName, jobId }),
  reply: z.object({ password: z.string() }),
});
