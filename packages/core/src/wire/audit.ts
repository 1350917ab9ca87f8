import { z } from 'zod';
import { DOCUMENT_BYTES_MAX, PAGE_ROWS_MAX } from '../limits.ts';
import { route } from './route.ts';
import { count, domainId, sha256Hex } from './scalars.ts';
import { auditRow } from './trust.ts';

/** A hash of the tree. */
const treeHash = z.base64().length(44);
/** A signed checkpoint (C2SP tlog-checkpoint). */
const signedNote = z.string().max(64 * 1024);

/** Who signs the checkpoints, and why to believe it: a document that chains to the CA. */
export const auditKeyView = z.object({
  domainId,
  origin: z.string(),
  /** `name+hex+base64`, as other tools take it. */
  verifierKey: z.string(),
  /** JWS of the document signer over domain, origin and key; its chain ends at the root. */
  keyDocument: z.string().max(64 * 1024),
  /** When a document signer's certificate is from outside, it chains to nothing: the trust bundle, signed by the root, names its key. */
  bundle: z.string().max(DOCUMENT_BYTES_MAX).optional(),
  /** Root certificate, DER in base64. */
  rootCertificate: z.base64().max(32 * 1024),
  caFingerprint: sha256Hex,
});
export type AuditKeyView = z.infer<typeof auditKeyView>;
export const getAuditKey = route({
  method: 'GET',
  path: '/v1/audit/key',
  right: 'public',
  reply: auditKeyView,
});

/** The newest signed tree head, and the proof that an older tree is its beginning. */
export const getAuditCheckpoint = route({
  method: 'GET',
  path: '/v1/audit/checkpoint',
  right: 'public',
  query: z.object({ from: z.coerce.number().int().min(0).optional() }),
  reply: z.object({
    checkpoint: signedNote,
    size: count,
    root: treeHash,
    /** RFC 6962 §2.1.2, when `from` was asked. */
    consistency: z.array(treeHash).max(64).nullable(),
  }),
});

/** One row with its proof of inclusion in the newest checkpoint; null while the row is newer. */
export const getAuditRow = route({
  method: 'GET',
  path: '/v1/audit/rows/:seq',
  right: 'audit.read',
  params: z.object({ seq: z.coerce.number().int().min(1) }),
  reply: z.object({
    row: auditRow,
    leaf: treeHash,
    proof: z
      .object({ checkpoint: signedNote, index: count, size: count, hashes: z.array(treeHash).max(64) })
      .nullable(),
  }),
});

/** One place of the log: what lies there, and the hash that the tree has for it. */
export const auditEntry = z.object({
  seq: z.int(),
  /** Null: the tree is not so far. */
  leaf: treeHash.nullable(),
  /** Null: there is no such row, or its detail is no JSON any more. */
  row: auditRow.extend({ seq: z.int(), outcome: z.string() }).nullable(),
});
export type AuditEntryView = z.infer<typeof auditEntry>;

/** Every place of the log in order, also those whose row is gone: what `audit verify` and `audit export` read. */
export const listAuditEntries = route({
  method: 'GET',
  path: '/v1/audit/entries',
  right: 'audit.read',
  query: z.object({
    from: z.coerce.number().int().min(0),
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
  }),
  reply: z.object({
    entries: z.array(auditEntry),
    /** Where the next page begins; null at the end. */
    nextFrom: count.nullable(),
    /** Rows that were ever written. */
    written: count,
  }),
});

/** Older signed tree heads, the oldest first: each holds down what was there then. */
export const listAuditCheckpoints = route({
  method: 'GET',
  path: '/v1/audit/checkpoints',
  right: 'audit.read',
  query: z.object({ from: z.coerce.number().int().min(0) }),
  reply: z.object({
    checkpoints: z.array(z.object({ size: count, checkpoint: signedNote })),
    nextFrom: count.nullable(),
  }),
});
