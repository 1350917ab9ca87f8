import { DAY_MS, MINUTE_MS } from '../time.ts';
import { boundRenewalMs, plannedRenewalMs, renewalJitter } from './renewal.ts';

/** A certificate in use, as far as its renewal goes. */
export interface ComingRenewal {
  /** SHA-256, hex. */
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** What the server said before, if it did. */
  readonly renewAtMs: number | null;
}

/** No day gets more than this share of all renewals, as long as other days can take them. */
export const DAY_SHARE_MAX = 0.05;
/** So many renewals a day are no load worth moving. */
export const DAY_RENEWALS_FREE = 50;
/** Certificates that live shorter are renewed every few days anyway: no day can be spared. */
const SPREAD_LIFETIME_MIN_MS = 14 * DAY_MS;

/** When a certificate is renewed, as server and agent both reckon it. */
export const comingRenewalMs = (one: ComingRenewal): number =>
  plannedRenewalMs({
    ...one,
    jitter: renewalJitter(one.fingerprint),
    renewAtMs: one.renewAtMs ?? undefined,
  });

/** Adds certificates to the load of the coming days (as many as the array has); what is overdue counts to the first. Day 0 begins now. */
export function addRenewals(load: number[], coming: Iterable<ComingRenewal>, nowMs: number): void {
  for (const one of coming) {
    const day = Math.max(0, Math.floor((comingRenewalMs(one) - nowMs) / DAY_MS));
    if (day < load.length) load[day] = (load[day] ?? 0) + 1;
  }
}

/**
 * T-09 Which renewals are to be moved, and to when, so that no day gets more than its share: the surplus of a day goes to the nearest
 * days that have room, between half of the certificate's lifetime and what is still safe, keeping its time of day. Days are of `nowMs`
 * on; what is due within the first day stays. Nothing to move: an empty map.
 */
export function spreadRenewals(coming: readonly ComingRenewal[], nowMs: number): Map<string, number> {
  const dayMax = Math.max(DAY_RENEWALS_FREE, Math.ceil(coming.length * DAY_SHARE_MAX));
  const load = new Map<number, number>();
  const planned = coming
    .map((one) => ({ one, atMs: comingRenewalMs(one) }))
    .sort((a, b) => a.atMs - b.atMs || (a.one.fingerprint < b.one.fingerprint ? -1 : 1));
  const dayOf = (atMs: number): number => Math.max(0, Math.floor((atMs - nowMs) / DAY_MS));
  for (const { atMs } of planned) load.set(dayOf(atMs), (load.get(dayOf(atMs)) ?? 0) + 1);
  const moves = new Map<string, number>();
  for (const { one, atMs } of planned) {
    const day = dayOf(atMs);
    if (day === 0 || (load.get(day) ?? 0) <= dayMax) continue;
    const lifetimeMs = one.notAfterMs - one.notBeforeMs;
    if (lifetimeMs < SPREAD_LIFETIME_MIN_MS) continue;
    const first = Math.max(1, dayOf(one.notBeforeMs + lifetimeMs / 2) + 1);
    const last = dayOf(boundRenewalMs(one, Number.POSITIVE_INFINITY)) - 1;
    const to = nearestFree(day, first, last, (at) => (load.get(at) ?? 0) < dayMax);
    if (to === undefined) continue;
    load.set(day, (load.get(day) ?? 0) - 1);
    load.set(to, (load.get(to) ?? 0) + 1);
    moves.set(one.fingerprint, atMs + (to - day) * DAY_MS);
  }
  return moves;
}

/** The nearest day with room between two, an earlier one first. */
function nearestFree(
  day: number,
  first: number,
  last: number,
  isFree: (day: number) => boolean,
): number | undefined {
  for (let away = 1; day - away >= first || day + away <= last; away += 1) {
    for (const at of [day - away, day + away]) if (at >= first && at <= last && isFree(at)) return at;
  }
  return undefined;
}

/** Renewals of a drill begin within this. */
const DRILL_SPREAD_MAX_MS = 20 * MINUTE_MS;
/** Well below what one address may ask in a minute: the hosts may all be behind one. */
const DRILL_APART_MS = 200;

/** When each of `count` hosts of a drill renews: spread, so that the drill is no storm of its own. */
export function drillMoments(count: number, nowMs: number): number[] {
  const apartMs = Math.min(DRILL_APART_MS, DRILL_SPREAD_MAX_MS / Math.max(count, 1));
  return Array.from({ length: count }, (_, at) => Math.floor(nowMs + at * apartMs));
}
