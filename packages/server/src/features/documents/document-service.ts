import { canonicalJson } from '@sekisho/core/canonical-json.ts';
import type { DomainId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import {
  DOCUMENT_PAYLOADS,
  DOCUMENT_TYPES,
  type DocumentPayload,
  type DocumentType,
} from '@sekisho/core/wire/documents.ts';
import { resignDocument, signDocument, signerKeyOf } from '@sekisho/pki/documents.ts';
import { sha256Hex } from '@sekisho/pki/keys.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Change } from '../../store/change-kinds.ts';
import { lastSerial, nextSerial } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { afterCommit } from '../../store/transaction-context.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { tlsPins } from '../keys/tls-pins.ts';
import {
  eachLatestSerial,
  findLatestDocument,
  insertDocument,
  latestSerials,
  listNewestDocuments,
  replaceJws,
  type DocumentRow,
} from './documents.store.ts';

/** A payload without the head, which the service fills in: domain, serial, issuedAt. */
export type DocumentContent<Type extends DocumentType> = Omit<
  DocumentPayload<Type>,
  'domain' | 'serial' | 'issuedAt'
>;

/** Makes the domain's signed documents, and hands out the newest. */
export interface DocumentService {
  /**
   * Makes a document in the transaction of whatever changed; returns its serial. The same content as the newest one makes
   * nothing: its serial is returned. An assignment to another list or group signs those again when their newest serial is lower
   * than what the host holds of the ones before: agents take no lower one.
   */
  make<Type extends DocumentType>(
    tx: Tx,
    type: Type,
    scope: string,
    content: DocumentContent<Type>,
  ): Promise<number>;
  /** Signs the newest version again, with a higher serial; undefined: there is none. */
  makeAgain(tx: Tx, type: DocumentType, scope: string): Promise<number | undefined>;
  latest(type: DocumentType, scope: string): Promise<{ jws: string; serial: number } | undefined>;
  /** The newest version of each document of a type, as it is stored, the newest of all first. */
  newest(type: DocumentType, limit: number): Promise<{ scope: string; jws: string }[]>;
  /** From memory, moved on by the change feed; orders are not in it. */
  latestSerial(type: DocumentType, scope: string): number | undefined;
}

/** Documents held in memory: what a whole fleet fetches at once is read from the store once. */
const CACHED_DOCUMENTS_MAX = 500;

/** Key of the change feed's row: `<type>/<scope>`. */
export const documentKey = (type: DocumentType, scope: string): string => `${type}/${scope}`;

interface MakerParts {
  readonly clock: Clock;
  readonly domainId: DomainId;
  readonly keys: KeyStore;
}

/** The newest document of a kind as it is stored: for what has no service running. */
export const latestJws = async (db: DbOrTx, type: DocumentType, scope: string): Promise<string | undefined> =>
  (await findLatestDocument(db, type, scope))?.jws;

/** The making half alone: what `initServer` needs before there is a feed. */
export function documentMaker(parts: MakerParts): Pick<DocumentService, 'make' | 'makeAgain'> {
  const makeAgain: DocumentService['makeAgain'] = async (tx, type, scope) => {
    const newest = await findLatestDocument(tx, type, scope);
    if (newest === undefined) return undefined;
    return sign(parts, tx, { type, scope, content: payloadOf(type, newest.jws) }, newest);
  };
  return {
    async make(tx, type, scope, content) {
      const newest = await findLatestDocument(tx, type, scope);
      const serial = await sign(parts, tx, { type, scope, content }, newest, 'unless-same');
      if (type === 'assignment' && newest !== undefined && newest.serial !== serial) {
        const before = payloadOf('assignment', newest.jws);
        const after = parsePayload('assignment', { ...content, ...headOf(parts) });
        await outrank(tx, makeAgain, 'list', before.list, after.list);
        await outrank(tx, makeAgain, 'policy', before.group, after.group);
      }
      return serial;
    },
    makeAgain,
  };
}

const headOf = ({ domainId }: MakerParts) => ({ domain: domainId, serial: 0, issuedAt: 0 });

async function sign<Type extends DocumentType>(
  parts: MakerParts,
  tx: Tx,
  wish: { type: Type; scope: string; content: DocumentContent<Type> },
  newest: DocumentRow | undefined,
  when?: 'unless-same',
): Promise<number> {
  const { type, scope } = wish;
  const nowMs = parts.clock.nowMs();
  // parsed twice: what is signed and hashed is exactly what the contract declares
  const clean = await withPins(tx, type, parsePayload(type, { ...wish.content, ...headOf(parts) }));
  const contentSha256 = sha256Hex(Buffer.from(canonicalJson(clean), 'utf8'));
  if (when === 'unless-same' && newest?.contentSha256 === contentSha256) return newest.serial;
  const serial = await nextSerial(tx, `document.${type}`, nowMs);
  const payload = { ...clean, serial, issuedAt: nowMs };
  const jws = await signDocument({ type, payload, ...signatory(parts.keys, type) });
  await insertDocument(tx, { type, scope, serial, contentSha256, jws, nowMs }, newest === undefined);
  await recordChange(tx, 'document', documentKey(type, scope));
  crashPoint('document.before-commit');
  afterCommit(tx, () => {
    crashPoint('document.committed');
  });
  return serial;
}

/**
 * Serials of lists and policies are counted together: what is older than the one before would be refused as lower. Where that one is gone
 * already, it may have been the newest of all.
 */
async function outrank(
  tx: Tx,
  makeAgain: DocumentService['makeAgain'],
  type: 'list' | 'policy',
  from: string,
  to: string,
): Promise<void> {
  if (from === to) return;
  const before = await findLatestDocument(tx, type, from);
  const after = await findLatestDocument(tx, type, to);
  if (after === undefined) return;
  const floor = before?.serial ?? (await lastSerial(tx, `document.${type}`));
  if (after.serial < floor) await makeAgain(tx, type, to);
}

/** Who signs documents of a type now: the root, or the domain's document signer, whose certificate may be from outside (F-30). */
function signatory(keys: KeyStore, type: DocumentType) {
  const role = type === 'bundle' ? 'root' : 'document-signer';
  const certificate = keys.certificateOf(role);
  const outside = keys
    .keysOf(role)
    .some(({ keyId, outsideChain }) => keyId === certificate.keyId && outsideChain !== null);
  return { signer: keys.signerFor(role), chain: [certificate], outside };
}

/** F-31.1 A list names the TLS keys that are being exchanged, whoever has it made. */
async function withPins<Type extends DocumentType>(
  tx: Tx,
  type: Type,
  payload: DocumentPayload<Type>,
): Promise<DocumentPayload<Type>> {
  if (!('servers' in payload)) return payload;
  const pins = await tlsPins(tx);
  if (pins.length === 0) return payload;
  const servers = payload.servers.map((server) => ({
    ...server,
    acceptedKeys:
      server.protocol === 'https' ? [...new Set([...pins, ...server.acceptedKeys])] : server.acceptedKeys,
  }));
  return parsePayload(type, { ...payload, servers });
}

/** Of a document that this server signed. */
function payloadOf<Type extends DocumentType>(type: Type, jws: string): DocumentPayload<Type> {
  return parsePayload(type, JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')));
}

/** Starts the service; `make` runs inside the caller's transaction. */
export async function startDocuments(parts: {
  store: Store;
  feed: ChangeFeed;
  clock: Clock;
  domainId: DomainId;
  keys: KeyStore;
}): Promise<DocumentService> {
  const serials = new LatestSerials();
  const cache = new Map<string, KeptDocument>();
  const fill = async (): Promise<void> => {
    // also what the database does not have any more
    serials.clear();
    cache.clear();
    await eachLatestSerial(parts.store, (row) => {
      serials.set(row.type, row.scope, row.serial);
    });
  };
  parts.feed.subscribeMany(
    ['document'],
    async (changes) => {
      for (const [type, scopes] of scopesByType(changes))
        for (const { scope, serial } of await latestSerials(parts.store.db, type, [...scopes])) {
          if (serial < (serials.get(type, scope) ?? 0)) continue;
          serials.set(type, scope, serial);
          cache.delete(documentKey(type, scope));
        }
    },
    fill,
  );
  await fill();
  return {
    ...documentMaker(parts),
    async latest(type, scope) {
      const key = documentKey(type, scope);
      const known = cache.get(key);
      if (known !== undefined && known.serial === serials.get(type, scope) && isGood(parts.keys, type, known))
        return known;
      const row = await findLatestDocument(parts.store.db, type, scope);
      if (row === undefined) return undefined;
      const { serial } = row;
      const found: KeptDocument = { jws: row.jws, serial, signedBy: signerKeyOf(row.jws) };
      const good = isGood(parts.keys, type, found) ? found : await freshen(parts, type, scope, found);
      if (type !== 'order') {
        if (cache.size >= CACHED_DOCUMENTS_MAX) cache.delete(cache.keys().next().value ?? '');
        cache.set(key, good);
      }
      return good;
    },
    newest: (type, limit) => listNewestDocuments(parts.store.db, type, limit),
    latestSerial: (type, scope) => serials.get(type, scope),
  };
}

interface KeptDocument {
  readonly jws: string;
  readonly serial: number;
  readonly signedBy: string | undefined;
}

/** F-30 Would hosts that hold the newest trust bundle believe its signer? Bundles are made anew when the root changes. */
const isGood = (keys: KeyStore, type: DocumentType, { signedBy }: KeptDocument): boolean =>
  type === 'bundle' ||
  keys.keysOf('document-signer').some(({ keyId, state }) => keyId === signedBy && state !== 'next');

/**
 * Keys of the database, which are no older than the document that was read before: this process may not have heard of a switch that another
 * step, or another process, has just made. Signed again by the key of before, the document would prove that hosts believe the new one, and
 * they had never seen it (F-37).
 */
async function freshen(
  { store, keys }: { store: Store; keys: KeyStore },
  type: DocumentType,
  scope: string,
  found: KeptDocument,
): Promise<KeptDocument> {
  const now = await keys.readIn(store.db);
  return isGood(now, type, found) ? found : resign({ store, keys: now }, type, scope, found);
}

/**
 * What was signed by a key that is gone is signed again when somebody asks for it: the same document under the same serial, so that nobody
 * who has it fetches it anew.
 */
async function resign(
  { store, keys }: { store: Store; keys: KeyStore },
  type: DocumentType,
  scope: string,
  { jws: old, serial }: KeptDocument,
): Promise<KeptDocument> {
  const jws = await resignDocument(old, { type, ...signatory(keys, type) });
  await replaceJws(store.db, { type, scope, serial, jws });
  return { jws, serial, signedBy: signerKeyOf(jws) };
}

/** The newest serials by type and scope: every heartbeat asks for four of them, so no key is put together for it. */
class LatestSerials {
  readonly #byType = new Map<string, Map<string, number>>();

  get(type: DocumentType, scope: string): number | undefined {
    return this.#byType.get(type)?.get(scope);
  }

  clear(): void {
    this.#byType.clear();
  }

  set(type: string, scope: string, serial: number): void {
    const known = this.#byType.get(type);
    if (known === undefined) this.#byType.set(type, new Map([[scope, serial]]));
    else known.set(scope, serial);
  }
}

/** What changed, without orders (nobody echoes those): a crowd that enrols has an assignment each. */
function scopesByType(changes: readonly Change[]): Map<DocumentType, Set<string>> {
  const byType = new Map<DocumentType, Set<string>>();
  for (const { key } of changes) {
    const { type, scope } = splitKey(key);
    if (type === undefined || type === 'order') continue;
    const scopes = byType.get(type);
    if (scopes === undefined) byType.set(type, new Set([scope]));
    else scopes.add(scope);
  }
  return byType;
}

function splitKey(key: string): { type: DocumentType | undefined; scope: string } {
  const slash = key.indexOf('/');
  const name = key.slice(0, slash);
  return { type: DOCUMENT_TYPES.find((type) => type === name), scope: key.slice(slash + 1) };
}

function parsePayload<Type extends DocumentType>(type: Type, payload: unknown): DocumentPayload<Type> {
  // the table maps each type to its own schema, which TypeScript cannot follow through an index
  return DOCUMENT_PAYLOADS[type].parse(payload) as DocumentPayload<Type>;
}
