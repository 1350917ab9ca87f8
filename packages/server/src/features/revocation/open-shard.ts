import { CRL_LISTS_MAX } from '@sekisho/core/limits.ts';
import { CRL_VALID_MS, decideShard, isIssuerOver, isShardOver } from '@sekisho/core/rules/revocation.ts';
import type { Issuer } from '@sekisho/pki/issue.ts';
import { signCrl } from '@sekisho/pki/sign-crl.ts';
import { nextSerial } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';
import type { Authority, KeyState, KeyStore } from '../keys/key-store.ts';
import { CRL_COUNTER } from './crl.store.ts';
import { crlPath } from './crl-path.ts';
import { publishCrl, scopeOf } from './crl-signer.ts';
import { closeShard, deleteShard, insertShard, listShards, type ShardRow } from './crl-shards.store.ts';

/** Where lists and OCSP are served: this server's addresses first, then those of the others. */
export interface PublicPlaces {
  readonly own: readonly string[];
  readonly others: readonly string[];
  readonly httpPort: number;
}

/** Addresses that a certificate names for its list: more would only make each handshake longer. */
const URIS_MAX = 4;

/**
 * Opens the shards that are needed now, each with its first list, and lets go of those that are over, in the transaction that also signs
 * the trust bundle that names them. Gives all shards. The root has one for all its certificates.
 */
export async function openDueShards(
  tx: Tx,
  keys: KeyStore,
  places: PublicPlaces,
  nowMs: number,
): Promise<ShardRow[]> {
  const rows = await listShards(tx);
  const rootIsHere = keys.isHere('root');
  const over = rootIsHere ? rows.filter((row) => isOver(keys, row, nowMs)) : [];
  for (const row of over) await deleteShard(tx, row);
  const shards: ShardRow[] = [];
  for (const row of rows) if (!over.includes(row)) shards.push(await closeRetired(tx, keys, row, nowMs));
  for (const root of authoritiesOf(keys, 'root', ['next', 'active', 'retiring']))
    if (!shards.some(({ issuerKeyId }) => issuerKeyId === root.certificate.keyId)) {
      const wish = { issuerKeyId: root.certificate.keyId, shard: 0, uris: [] };
      shards.push(await open(tx, root, wish, nowMs));
    }
  // an announced CA has its list before it issues anything: hosts that want one have fetched it by then
  for (const issuing of authoritiesOf(keys, 'issuing', ['active', 'next'])) {
    const opened = await openNext(tx, { keys, issuing, places, rows, shards }, nowMs);
    if (opened === undefined) continue;
    for (const [at, row] of shards.entries())
      if (row.issuerKeyId === opened.issuerKeyId && row.closedAtMs === null)
        shards[at] = { ...row, closedAtMs: nowMs };
    shards.push(opened);
  }
  return shards;
}

/** The next shard of an issuing CA, when it needs one; the one before is closed. */
async function openNext(
  tx: Tx,
  facts: {
    keys: KeyStore;
    issuing: Issuer;
    places: PublicPlaces;
    /** As they were before any went: numbers are not given twice. */
    rows: readonly ShardRow[];
    shards: readonly ShardRow[];
  },
  nowMs: number,
): Promise<ShardRow | undefined> {
  const { keys, places, shards } = facts;
  const { keyId } = facts.issuing.certificate;
  const ofIssuing = shards.filter(({ issuerKeyId }) => issuerKeyId === keyId);
  const current = ofIssuing.find(({ closedAtMs }) => closedAtMs === null);
  const shard =
    Math.max(0, ...facts.rows.filter((row) => row.issuerKeyId === keyId).map((row) => row.shard)) + 1;
  const urisOf = (addresses: readonly string[]): string[] =>
    addresses.map((address) => httpUrl(address, places.httpPort, crlPath(keyId, shard)));
  const ownUris = places.own
    .slice(0, URIS_MAX)
    .map((address) => originOf(httpUrl(address, places.httpPort, '/')));
  const decision = decideShard({
    open: current === undefined ? undefined : { ...current, uris: current.uris.map(originOf) },
    ownUris,
    lists: shards.length,
    listsMax: CRL_LISTS_MAX,
    rootIsHere: keys.isHere('root'),
  });
  if (decision === 'keep') return undefined;
  if (current !== undefined) await closeShard(tx, current, nowMs);
  const uris = [...new Set(urisOf([...places.own, ...places.others]))].slice(0, URIS_MAX);
  return open(tx, facts.issuing, { issuerKeyId: keyId, shard, uris }, nowMs);
}

/** The CAs of a role in these states whose keys are here. */
function authoritiesOf(keys: KeyStore, role: 'root' | 'issuing', states: readonly KeyState[]): Issuer[] {
  return keys.keysOf(role).flatMap(({ keyId, state }) => {
    const found = keys.authorities().find(({ certificate }) => certificate.keyId === keyId);
    if (found?.signer === undefined || !states.includes(state)) return [];
    return [{ certificate: found.certificate, signer: found.signer }];
  });
}

const authorityOf = (keys: KeyStore, { issuerKeyId }: ShardRow): Authority | undefined =>
  keys.authorities().find(({ certificate }) => certificate.keyId === issuerKeyId);

function isOver(keys: KeyStore, row: ShardRow, nowMs: number): boolean {
  const authority = authorityOf(keys, row);
  return isShardOver(row, nowMs) || (authority !== undefined && isIssuerOver(authority, nowMs));
}

/** Nothing goes into the open shard of a CA that another has followed; its list goes on. */
async function closeRetired(tx: Tx, keys: KeyStore, row: ShardRow, nowMs: number): Promise<ShardRow> {
  if (row.closedAtMs !== null || (authorityOf(keys, row)?.retiredAtMs ?? null) === null) return row;
  await closeShard(tx, row, nowMs);
  return { ...row, closedAtMs: nowMs };
}

/** A new shard and its first list, which names nobody. */
async function open(
  tx: Tx,
  issuer: Issuer,
  wish: { issuerKeyId: string; shard: number; uris: readonly string[] },
  nowMs: number,
): Promise<ShardRow> {
  const row = await insertShard(tx, wish, nowMs);
  const number = await nextSerial(tx, CRL_COUNTER, nowMs);
  // a clock that was set back does not keep a server from starting
  const thisUpdateMs = Math.max(nowMs, issuer.certificate.notBeforeMs);
  const times = { thisUpdateMs, nextUpdateMs: thisUpdateMs + CRL_VALID_MS };
  const der = await signCrl({ issuer, number, ...times, scope: scopeOf(row), entries: [] });
  await publishCrl(tx, row, { number, ...times, entries: 0, der }, nowMs);
  return row;
}

/** `http://address:port/path` on the plain port; an IPv6 address stands in brackets. */
export const httpUrl = (address: string, httpPort: number, path: string): string =>
  `http://${address.includes(':') ? `[${address}]` : address}:${httpPort}${path}`;

const originOf = (url: string): string => url.slice(0, url.indexOf('/', 'http://'.length));
