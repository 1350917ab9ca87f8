import type { DomainId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { generatePrivateKey, privateKeyFromPem, privateKeyToPem, spkiOf } from '@sekisho/pki/keys.ts';
import { noteVerifier, rawPublicKeyOf, type NoteVerifier } from '@sekisho/pki/note.ts';
import { fileSigner, type Signer } from '@sekisho/pki/signer.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import type { DocumentService } from '../documents/document-service.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { recordAudit } from './record-audit.ts';

/** The key that signs the checkpoints of the audit log: Ed25519, sealed like the keys of the CA, for nothing else. */
export interface AuditKey {
  /** What the log is called in checkpoints. */
  readonly origin: string;
  readonly signer: Signer;
  readonly verifier: NoteVerifier;
}

/** Name of a domain's log. */
export const auditOrigin = (domainId: DomainId): string => `sekisho.${domainId}/audit`;

/** Purpose of the key under which rows are vouched for until the tree holds them. */
export const AUDIT_ROWS_PURPOSE = 'audit-rows';

/**
 * The audit key of the domain, made when there is none; the document that says so, signed by the document signer, is made
 * with it. Several processes that start at once end with the same one. Refusals: KEY_DETACHED, SECRET_UNREADABLE.
 */
export async function ensureAuditKey(parts: {
  store: Store;
  clock: Clock;
  keys: KeyStore;
  domainId: DomainId;
  make: DocumentService['make'];
}): Promise<AuditKey> {
  const origin = auditOrigin(parts.domainId);
  const candidate = privateKeyToPem(await generatePrivateKey('ed25519'));
  return parts.store.transaction(async (tx) => {
    const held = await findKey(tx);
    const pem = held === undefined ? candidate : openPem(parts.keys, held);
    const privateKey = privateKeyFromPem(pem);
    const verifier = noteVerifier(origin, rawPublicKeyOf(spkiOf(privateKey)));
    await parts.make(tx, 'audit-key', '', { origin, verifierKey: verifier.text });
    if (held === undefined) await insertKey(tx, parts, verifier, pem);
    return { origin, signer: fileSigner(privateKey), verifier };
  });
}

const findKey = (tx: Tx): Promise<{ id: string; sealed: string } | undefined> =>
  tx
    .selectFrom('audit_keys')
    .select(['id', 'sealed'])
    .where('state', '=', 'active')
    .orderBy('created_at_ms', 'desc')
    .limit(1)
    .executeTakeFirst();

async function insertKey(
  tx: Tx,
  parts: { keys: KeyStore; clock: Clock },
  verifier: NoteVerifier,
  pem: string,
): Promise<void> {
  const nowMs = parts.clock.nowMs();
  const id = Buffer.from(verifier.keyId).toString('hex');
  await tx
    .insertInto('audit_keys')
    .values({
      id,
      public_key: verifier.text,
      sealed: parts.keys.seal(Buffer.from(pem, 'utf8'), keyContext(id)),
      state: 'active',
      created_at_ms: nowMs,
    })
    .execute();
  await recordAudit(
    tx,
    {
      act: 'create-audit-key',
      actor: 'system',
      origin: 'server',
      subject: verifier.text,
      outcome: 'done',
      detail: {},
    },
    nowMs,
  );
}

const openPem = (keys: KeyStore, row: { id: string; sealed: string }): string =>
  Buffer.from(keys.open(row.sealed, keyContext(row.id))).toString('utf8');

const keyContext = (id: string): string => `audit-key:${id}`;
