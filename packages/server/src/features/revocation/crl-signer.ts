import { CRL_VALID_MS, crlDue, isIssuerOver } from '@sekisho/core/rules/revocation.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import type { CrlEntry, CrlScope } from '@sekisho/pki/crl.ts';
import type { Issuer } from '@sekisho/pki/issue.ts';
import { signCrlTbs } from '@sekisho/pki/sign-crl.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { Mutex } from '../../store/mutex.ts';
import { nextSerial } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { buildCrlAside, CrlThread } from './build-crl-aside.ts';
import { breathe, CRL_PARTS_KEPT_MS, removeOrphanParts, writeCrlAhead } from './crl-parts.store.ts';
import {
  CRL_COUNTER,
  insertCrl,
  lastCrlNumber,
  listNewestCrls,
  listRevoked,
  REVOKED_PER_PAGE_MAX,
} from './crl.store.ts';
import { listShards, type ShardRow } from './crl-shards.store.ts';
import { markListed } from './revocation-rows.ts';

/** A revoked certificate stays listed for one CRL's life after its expiry. @source RFC 5280 §3.3 */
const LISTED_AFTER_EXPIRY_MS = CRL_VALID_MS;
/** thisUpdate lies a little back, for hosts whose clock does too; never before a revocation that is listed. */
const THIS_UPDATE_BACK_MS = MINUTE_MS;
/** Another process may sign at the same time, and take the number. */
const TRIES_MAX = 5;

/** Stands in the transaction of a list where it is the duty of one worker. */
type Fence = (tx: Tx) => Promise<void>;
const NO_FENCE: Fence = () => Promise.resolve();

/**
 * Signs the revocation lists that are due: of every shard of the issuing CAs, those that another has followed too, and the root's. A root that
 * is detached is left alone: its list is empty. Entries are read by pages, long lists are built on another thread, and one list follows the other, so that their
 * numbers go up in the order in which they are published: who has seen a number has seen all before it (T-44).
 */
export class CrlSigner {
  readonly #parts: { store: Store; clock: Clock; keys: KeyStore };
  readonly #mutex = new Mutex();
  #next: Promise<number> | undefined;
  #sweepDueMs = 0;

  constructor(parts: { store: Store; clock: Clock; keys: KeyStore }) {
    this.#parts = parts;
  }

  /** Resolves with how many lists were signed by a round that began after this call; calls that come meanwhile share it. */
  signDue(): Promise<number> {
    this.#next ??= this.#mutex.lock().then(async (unlock) => {
      this.#next = undefined;
      return this.#round(NO_FENCE).finally(unlock);
    });
    return this.#next;
  }

  /** The same as the duty of one worker. */
  async signFenced(fence: Fence): Promise<number> {
    const unlock = await this.#mutex.lock();
    return this.#round(fence).finally(unlock);
  }

  async #round(fence: Fence): Promise<number> {
    const { store, keys, clock } = this.#parts;
    await this.#sweep();
    const newest = new Map(
      (await listNewestCrls(store.db)).map((crl) => [`${crl.issuerKeyId} ${crl.shard}`, crl]),
    );
    const thread = new CrlThread();
    let signed = 0;
    try {
      for (const shard of await listShards(store.db)) {
        const issuer = issuerWith(keys, shard.issuerKeyId, clock.nowMs());
        if (issuer === undefined) continue;
        const crl = newest.get(`${shard.issuerKeyId} ${shard.shard}`);
        if (!crlDue(crl, crl?.revision !== shard.revision, clock.nowMs())) continue;
        await this.#sign(shard, issuer, { fence, thread });
        signed += 1;
      }
    } finally {
      await thread.stop();
    }
    return signed;
  }

  /** Parts of lists that were never published, now and then. */
  async #sweep(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs < this.#sweepDueMs) return;
    this.#sweepDueMs = nowMs + CRL_PARTS_KEPT_MS;
    await removeOrphanParts(this.#parts.store, nowMs - CRL_PARTS_KEPT_MS);
  }

  async #sign(
    shard: ShardRow,
    issuer: Issuer,
    { fence, thread }: { fence: Fence; thread: CrlThread },
  ): Promise<void> {
    const { store, clock } = this.#parts;
    for (let tries = 1; ; tries += 1) {
      const nowMs = clock.nowMs();
      const number = Math.max((await lastCrlNumber(store.db)) + 1, nowMs);
      const times = {
        thisUpdateMs: Math.max(nowMs - THIS_UPDATE_BACK_MS, issuer.certificate.notBeforeMs),
        nextUpdateMs: nowMs + CRL_VALID_MS,
      };
      const { algorithm } = issuer.signer;
      const built = await buildCrlAside(thread, issuer.certificate, revokedOf(store, shard, nowMs), () => ({
        algorithm,
        number,
        scope: scopeOf(shard),
        ...times,
      }));
      const der = await signCrlTbs(issuer, built.tbsDer);
      crashPoint('crl.signed');
      await writeCrlAhead(store, der, nowMs);
      const { entries, thisUpdateMs } = built;
      const taken = await store.transaction(async (tx) => {
        await fence(tx);
        if ((await nextSerial(tx, CRL_COUNTER, number)) !== number) return false;
        await publishCrl(tx, shard, { ...times, number, thisUpdateMs, entries, der }, nowMs);
        crashPoint('crl.before-commit');
        return true;
      });
      crashPoint('crl.committed');
      if (taken) return;
      if (tries >= TRIES_MAX) throw new Error(`no number for the list of shard ${shard.shard} could be had`);
    }
  }
}

/** Records a signed list of a shard: from its commit on it is the newest. */
export async function publishCrl(
  tx: Tx,
  shard: ShardRow,
  crl: { number: number; thisUpdateMs: number; nextUpdateMs: number; entries: number; der: Uint8Array },
  nowMs: number,
): Promise<void> {
  const { issuerKeyId } = shard;
  await insertCrl(tx, { ...crl, issuerKeyId, shard: shard.shard, revision: shard.revision }, nowMs);
  await markListed(tx, shard, crl.number, nowMs);
  const audit = {
    act: 'sign-crl',
    actor: 'system',
    origin: 'server',
    subject: issuerKeyId,
    outcome: 'done',
    detail: { number: crl.number, shard: shard.shard, entries: crl.entries, nextUpdateMs: crl.nextUpdateMs },
  } as const;
  await recordAudit(tx, audit, nowMs);
  await recordChange(tx, 'crl', `${issuerKeyId}/${shard.shard}`);
}

/** What a shard's list says it is for. */
export const scopeOf = ({ uris }: Pick<ShardRow, 'uris'>): CrlScope => ({
  uris,
  onlyUserCertificates: uris.length > 0,
});

async function* revokedOf(store: Store, shard: ShardRow, nowMs: number): AsyncGenerator<CrlEntry[]> {
  const { issuerKeyId } = shard;
  const expiringAfterMs = nowMs - LISTED_AFTER_EXPIRY_MS;
  for (let after = ''; ;) {
    const page = await listRevoked(store.db, { issuerKeyId, shard: shard.shard, expiringAfterMs, after });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < REVOKED_PER_PAGE_MAX) return;
    after = last.serial;
    await breathe();
  }
}

/** The CA of a shard, retired ones too: as long as it owes lists, and its key is here. */
function issuerWith(keys: KeyStore, keyId: string, nowMs: number): Issuer | undefined {
  const authority = keys.authorities().find(({ certificate }) => certificate.keyId === keyId);
  if (authority?.signer === undefined || isIssuerOver(authority, nowMs)) return undefined;
  return { certificate: authority.certificate, signer: authority.signer };
}
