import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** What a key of the domain is for; the sealed key of each is in `ca_keys`. */
export const KEY_ROLES = [
  'root',
  'issuing',
  'server-tls',
  'document-signer',
  'server-host',
  'ocsp-signer',
] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/**
 * What becomes of a key: `next` is announced and not in use; `active` signs now; `retiring` has been replaced, and what it signed is
 * still good; `retired` signs nothing more, but what it signed is still in use; `destroyed`: its private half is gone, and it counts
 * for nothing; `compromised` is kept as a tombstone.
 */
export const KEY_STATES = ['next', 'active', 'retiring', 'retired', 'destroyed', 'compromised'] as const;
export type KeyState = (typeof KEY_STATES)[number];

export interface KeyRow {
  readonly keyId: string;
  readonly role: string;
  readonly algorithm: string;
  /** Envelope of the private key; null when it is detached. */
  readonly sealed: string | null;
  /** DER in base64. */
  readonly certificate: string;
  readonly fingerprint: string;
  readonly state: string;
  /** Of a certificate from outside: its issuers as a JSON list of DER in base64. Null: this domain's CA made it. */
  readonly chain: string | null;
  readonly createdAtMs: number;
  readonly retiredAtMs: number | null;
}

/** All keys of the domain, the newest first. */
export const listKeys = async (db: DbOrTx): Promise<KeyRow[]> =>
  db
    .selectFrom('ca_keys')
    .select([
      'key_id as keyId',
      'role',
      'algorithm',
      'sealed',
      'certificate',
      'fingerprint',
      'state',
      'chain',
    ])
    .select(['created_at_ms as createdAtMs', 'retired_at_ms as retiredAtMs'])
    .orderBy('created_at_ms', 'desc')
    .orderBy('key_id')
    .execute();

export const insertKey = async (
  tx: Tx,
  row: Omit<KeyRow, 'createdAtMs' | 'retiredAtMs' | 'chain'> & { chain?: string | null },
  nowMs: number,
): Promise<void> => {
  await tx
    .insertInto('ca_keys')
    .values({
      key_id: row.keyId,
      role: row.role,
      algorithm: row.algorithm,
      sealed: row.sealed,
      certificate: row.certificate,
      fingerprint: row.fingerprint,
      state: row.state,
      chain: row.chain ?? null,
      created_at_ms: nowMs,
      retired_at_ms: null,
    })
    .execute();
};

/** This key signs nothing any more: its private half goes. */
export const retireKey = async (tx: Tx, keyId: string, nowMs: number): Promise<void> => {
  await tx
    .updateTable('ca_keys')
    .set({ state: 'retired', retired_at_ms: nowMs, sealed: null })
    .where('key_id', '=', keyId)
    .execute();
};

/** Forgets keys of a role that were retired before then. */
export const dropRetired = async (tx: Tx, role: KeyRole, beforeMs: number): Promise<void> => {
  await tx
    .deleteFrom('ca_keys')
    .where('role', '=', role)
    .where('state', '=', 'retired')
    .where('retired_at_ms', '<', beforeMs)
    .execute();
};

/** Does what this CA signs still count? Asked in the transaction that records a certificate. */
export const mayIssue = async (tx: Tx, keyId: string): Promise<boolean> =>
  ISSUING_STATES.has((await selectState.first(tx, { keyId }))?.state ?? '');

const ISSUING_STATES: ReadonlySet<string> = new Set<KeyState>(['active', 'retiring']);
const selectState = prepared((db, wish: { keyId: string }) =>
  db.selectFrom('ca_keys').select('state').where('key_id', '=', wish.keyId),
);

/** Puts an envelope in a key's place, or takes it away (a detached key). */
export const setSealed = async (tx: Tx, keyId: string, sealed: string | null): Promise<void> => {
  await tx.updateTable('ca_keys').set({ sealed }).where('key_id', '=', keyId).execute();
};

/** A key's part changes; `destroyed` takes its private half away. */
export const setKeyState = async (tx: Tx, keyId: string, state: KeyState, nowMs: number): Promise<void> => {
  const isOver = state === 'destroyed' || state === 'compromised';
  await tx
    .updateTable('ca_keys')
    .set({
      state,
      retired_at_ms: isOver || state === 'retired' ? nowMs : null,
      ...(isOver ? { sealed: null } : {}),
    })
    .where('key_id', '=', keyId)
    .execute();
};

/** Is, or was, this key one of the domain? */
export const hasKey = async (db: DbOrTx, keyId: string): Promise<boolean> =>
  (await db.selectFrom('ca_keys').select('key_id').where('key_id', '=', keyId).executeTakeFirst()) !==
  undefined;
