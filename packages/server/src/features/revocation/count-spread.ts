import { parseSha256Hex, type HostId } from '@sekisho/core/ids.ts';
import { hasConfirmed } from '@sekisho/core/rules/revocation.ts';
import type { HeardHost, ServerContext } from '../../context.ts';
import { lastCrlNumber } from './crl.store.ts';
import type { RevocationRow } from './revocation-rows.ts';

type Parts = Pick<ServerContext, 'fleet' | 'registry' | 'store'>;

/** Hosts that are counted in one go: who waits behind gets a turn. */
const HOSTS_PER_TURN = 20_000;

/** How many other hosts must hear of a revocation: those that were heard of and have a certificate that counts. */
export async function countOthers(
  parts: Parts,
  revoked: HostId,
): Promise<{ hostsThen: number; lastHostNum: number }> {
  let hostsThen = 0;
  let lastHostNum = 0;
  // also those that were never heard of: they have it to learn when they come
  for (const { num } of parts.fleet.hosts()) lastHostNum = Math.max(lastHostNum, num);
  await eachHost(parts, (host) => {
    if (host.id !== revoked) hostsThen += 1;
  });
  return { hostsThen, lastHostNum };
}

/** For each of these revocations: how many of the hosts of that moment are still in use, and how many have confirmed it (T-44). */
export async function countSpread(
  parts: Parts,
  revocations: readonly RevocationRow[],
): Promise<{ hosts: number; confirmed: number }[]> {
  const counts = revocations.map(() => ({ hosts: 0, confirmed: 0 }));
  const highest = await lastCrlNumber(parts.store.db);
  await eachHost(parts, (host) => {
    for (const [n, revocation] of revocations.entries()) {
      if (!mustHear(host, revocation)) continue;
      counts[n]!.hosts += 1;
      if (hasConfirmed(host.crlNumber, revocation, highest)) counts[n]!.confirmed += 1;
    }
  });
  return counts;
}

/** Hosts that have not confirmed a revocation, by their numbers after a given one. */
export async function unconfirmedHosts(
  parts: Parts,
  revocation: RevocationRow,
  wanted: { afterNum: number; limit: number; isWithin: (host: HeardHost) => boolean },
): Promise<HeardHost[]> {
  const found: HeardHost[] = [];
  const highest = await lastCrlNumber(parts.store.db);
  await eachHost(parts, (host) => {
    const isMissing = mustHear(host, revocation) && !hasConfirmed(host.crlNumber, revocation, highest);
    if (isMissing && host.num > wanted.afterNum && wanted.isWithin(host)) found.push(host);
  });
  return found.sort((a, b) => a.num - b.num).slice(0, wanted.limit);
}

const mustHear = (host: HeardHost, { hostId, lastHostNum }: RevocationRow): boolean =>
  host.id !== hostId && host.num <= lastHostNum;

/** Those that never came, and those that are revoked themselves, have nothing to refuse. */
async function eachHost({ fleet, registry }: Parts, visit: (host: HeardHost) => void): Promise<void> {
  let turn = 0;
  for (const host of fleet.hosts()) {
    if (++turn % HOSTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (host.lastSeenMs === 0) continue;
    const fingerprint = parseSha256Hex(host.fingerprint);
    if (fingerprint === undefined || registry.lookup(fingerprint)?.revoked === true) continue;
    visit(host);
  }
}
