import { CRL_VALID_MS } from '@sekisho/core/rules/revocation.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { CrlEntry } from '@sekisho/pki/crl.ts';
import type { Issuer } from '@sekisho/pki/issue.ts';
import { signCrlTbs } from '@sekisho/pki/sign-crl.ts';
import { nextSerial } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';
import { buildCrlAside, CrlThread } from './build-crl-aside.ts';
import { closeShard, deleteShard, listShards, touchShards } from './crl-shards.store.ts';
import { publishCrl, scopeOf } from './crl-signer.ts';
import { CRL_COUNTER, listRevoked, REVOKED_PER_PAGE_MAX } from './crl.store.ts';

/** As in lists of every day: for hosts whose clock is a little back. */
const THIS_UPDATE_BACK_MS = MINUTE_MS;

/** When the longest-lived certificate of an issuing CA ends; now, when all have. */
export async function lastLeafEndMs(tx: Tx, issuerKeyId: string, nowMs: number): Promise<number> {
  const { last } = await tx
    .selectFrom('certificates')
    .select((row) => row.fn.max('not_after_ms').as('last'))
    .where('issuer_key_id', '=', issuerKeyId)
    .executeTakeFirstOrThrow();
  return Math.max(Number(last ?? 0), nowMs);
}

/**
 * F-38 The last list of each shard of a CA whose key is destroyed next, valid until a moment when everything that it issued has expired.
 * Nothing is issued into these shards any more.
 */
export async function signFinalLists(
  tx: Tx,
  issuer: Issuer,
  { untilMs, nowMs }: { untilMs: number; nowMs: number },
): Promise<void> {
  const { keyId, notBeforeMs, notAfterMs } = issuer.certificate;
  const thread = new CrlThread();
  try {
    for (const shard of await listShards(tx)) {
      if (shard.issuerKeyId !== keyId) continue;
      const number = await nextSerial(tx, CRL_COUNTER, nowMs);
      const times = {
        thisUpdateMs: Math.min(Math.max(nowMs - THIS_UPDATE_BACK_MS, notBeforeMs), notAfterMs),
        nextUpdateMs: untilMs,
      };
      const pages = revokedOf(tx, keyId, shard.shard, nowMs);
      const { algorithm } = issuer.signer;
      const built = await buildCrlAside(thread, issuer.certificate, pages, () => ({
        algorithm,
        number,
        scope: scopeOf(shard),
        ...times,
      }));
      const der = await signCrlTbs(issuer, built.tbsDer);
      const { entries, thisUpdateMs } = built;
      await publishCrl(tx, shard, { ...times, number, thisUpdateMs, entries, der }, nowMs);
      if (shard.closedAtMs === null) await closeShard(tx, shard, nowMs);
    }
  } finally {
    await thread.stop();
  }
}

/** The lists of CAs that never issued anything go with them. */
export async function dropLists(tx: Tx, issuerKeyIds: readonly string[]): Promise<void> {
  for (const shard of await listShards(tx))
    if (issuerKeyIds.includes(shard.issuerKeyId)) await deleteShard(tx, shard);
}

/**
 * The root's list is signed again by the next round of the duty. Hosts confirm the number of the newest list: after last lists, of which no
 * trust bundle tells, it must be one that they are told of.
 */
export const renewListOfRoot = async (tx: Tx, rootKeyId: string): Promise<void> => {
  await touchShards(tx, [{ issuer_key_id: rootKeyId, crl_shard: 0 }]);
};

/** Everything revoked whose certificate has not expired. */
async function* revokedOf(
  tx: Tx,
  issuerKeyId: string,
  shard: number,
  nowMs: number,
): AsyncGenerator<CrlEntry[]> {
  for (let after = ''; ;) {
    const page = await listRevoked(tx, {
      issuerKeyId,
      shard,
      expiringAfterMs: nowMs - CRL_VALID_MS,
      after,
    });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < REVOKED_PER_PAGE_MAX) return;
    after = last.serial;
  }
}
