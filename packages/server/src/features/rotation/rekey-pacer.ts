import type { HostId } from '@sekisho/core/ids.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { Fetchable } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { startLoop, type Loop } from '../../loops/loop.ts';
import type { IndexedHost } from '../fleet/fleet-index.ts';
import type { CertificateRegistry } from '../revocation/certificate-registry.ts';
import { isRekeyed } from './is-rekeyed.ts';
import { hasSeenKey, tlsKeyOf } from './shown-key.ts';
import type { RotationRow } from './rotation.store.ts';

/** Certificates that hosts are asked for in a second, by each server process: issuing them leaves room for everything else. */
export const REKEYS_PER_SECOND_MAX = 50;
/** Hosts that are asked in a second to come over a new connection, which costs a handshake and nothing else. */
export const RECONNECTS_PER_SECOND_MAX = 150;
/** They are asked in small groups, this often: all of a second's at once would be answered in one turn of the event loop. */
export const REKEY_LOOK_MS = 20;
/** While nobody is asked, which is nearly always, it is only looked whether somebody is. */
const IDLE_LOOK_MS = SECOND_MS;
const atOnce = (perSecond: number): number => (perSecond * REKEY_LOOK_MS) / SECOND_MS;
export const REKEYS_AT_ONCE = atOnce(REKEYS_PER_SECOND_MAX);
export const RECONNECTS_AT_ONCE = atOnce(RECONNECTS_PER_SECOND_MAX);
/** A host that was asked and has not followed is asked again after this: its agent tries by itself meanwhile. */
export const REKEY_AGAIN_MS = 20 * SECOND_MS;
/**
 * Hosts that were asked and have not followed yet: while there are so many of them, nobody else is asked, as a machine that is behind would
 * have all of them at once later. It takes an agent a few ways there and back to follow: as many as this do not slow the pace. None is
 * waited for longer than this, so that those that don't follow hold up few others.
 */
export const ASKED_WAITING_MAX = 200;
export const ASKED_WAITING_MS = 2 * SECOND_MS;
/** Hosts that are looked at in one go: a fleet is walked through over several seconds. */
const HOSTS_PER_LOOK_MAX = 500;

/** What each host is asked for in a phase. */
export interface Asked {
  /** The list is nothing new: who fetches it makes a connection that shows the new certificate. */
  readonly fetch: 'certificate' | 'list';
  /** Hosts, by each server process. */
  readonly perSecond: number;
}

/** The same, in the phase that is on. */
interface Asking extends Asked {
  readonly rotation: RotationRow;
  readonly hasFollowed: (host: IndexedHost) => boolean;
}

/** What each host is asked for in this phase of an update; undefined: for nothing. */
export function askedIn(rotation: RotationRow): Asked | undefined {
  if (rotation.phase === 'rekeying') return { fetch: 'certificate', perSecond: REKEYS_PER_SECOND_MAX };
  return rotation.phase === 'overlap' && tlsKeyOf(rotation) !== undefined
    ? { fetch: 'list', perSecond: RECONNECTS_PER_SECOND_MAX }
    : undefined;
}

/** What the pacer asks hosts over. */
export interface RekeyFleet {
  readonly hosts: () => IterableIterator<IndexedHost>;
  readonly hasChannel: (hostId: HostId) => boolean;
  readonly push: (hostId: HostId, fetch: readonly Fetchable[]) => void;
}

/**
 * F-37 While hosts are to have certificates of another CA: asks so many a second, over their channels, or by the answer to their heartbeat.
 * Nothing is written for it: who has followed is seen by the certificate that a host shows. After a switch of the TLS certificate it asks
 * those that were not yet shown the new one, for a channel outlives the swap.
 */
export class RekeyPacer {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #registry: CertificateRegistry;
  readonly #current: () => RotationRow | undefined;
  readonly #asked = new Map<HostId, number>();
  readonly #waiting = new Map<HostId, { readonly host: IndexedHost; readonly askedMs: number }>();
  #phase = '';
  #walk: IterableIterator<IndexedHost> | undefined;
  #left = 0;
  #filledMs = 0;

  constructor(parts: {
    clock: Clock;
    log: Log;
    registry: CertificateRegistry;
    current: () => RotationRow | undefined;
  }) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#registry = parts.registry;
    this.#current = parts.current;
  }

  /** Is this host asked now? Counts as asked then. */
  admits(host: IndexedHost): boolean {
    const asking = this.#asking();
    return asking?.fetch === 'certificate' && this.#admits(host, asking);
  }

  /** What this host did when it was asked proved nothing: it is asked again in its turn. */
  forget(hostId: HostId): void {
    this.#asked.delete(hostId);
    this.#waiting.delete(hostId);
  }

  /** Asks over channels from now on. */
  start(fleet: RekeyFleet): Loop {
    return startLoop({
      clock: this.#clock,
      log: this.#log,
      name: 'rekey',
      everyMs: () => (this.#asking() === undefined ? IDLE_LOOK_MS : REKEY_LOOK_MS),
      run: () => {
        this.look(fleet);
        return Promise.resolve();
      },
    });
  }

  /** Asks the next hosts whose channels are open here. */
  look(fleet: RekeyFleet): void {
    const asking = this.#asking();
    if (asking === undefined) return;
    for (let looked = 0; looked < HOSTS_PER_LOOK_MAX; looked += 1) {
      if (!this.#hasRoom(asking)) return;
      this.#walk ??= fleet.hosts();
      const next = this.#walk.next();
      if (next.done === true) {
        this.#walk = undefined;
        return;
      }
      const host = next.value;
      if (fleet.hasChannel(host.id) && this.#admits(host, asking)) fleet.push(host.id, [asking.fetch]);
    }
  }

  #asking(): Asking | undefined {
    const asking = this.#askingIn(this.#current());
    if (asking === undefined) return undefined;
    const { id, direction, phase } = asking.rotation;
    const now = `${id} ${direction} ${phase}`;
    if (now !== this.#phase) {
      this.#phase = now;
      this.#asked.clear();
      this.#waiting.clear();
      this.#walk = undefined;
    }
    return asking;
  }

  #askingIn(rotation: RotationRow | undefined): Asking | undefined {
    if (rotation === undefined || rotation.pausedAtMs !== null) return undefined;
    const asked = askedIn(rotation);
    if (asked === undefined) return undefined;
    const hasFollowed = (host: IndexedHost): boolean =>
      asked.fetch === 'certificate' ? isRekeyed(this.#registry, host, rotation) : hasSeenKey(host, rotation);
    return { ...asked, rotation, hasFollowed };
  }

  #admits(host: IndexedHost, asking: Asking): boolean {
    const nowMs = this.#clock.monotonicMs();
    const askedMs = this.#asked.get(host.id);
    if (askedMs !== undefined && nowMs - askedMs < REKEY_AGAIN_MS) return false;
    if (asking.hasFollowed(host) || !this.#hasRoom(asking)) return false;
    this.#left -= 1;
    this.#asked.set(host.id, nowMs);
    this.#waiting.set(host.id, { host, askedMs: nowMs });
    return true;
  }

  /** A bucket that is filled again for each group, while not too many are waited for. */
  #hasRoom({ perSecond, hasFollowed }: Asking): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#filledMs >= REKEY_LOOK_MS) {
      this.#filledMs = nowMs;
      this.#left = atOnce(perSecond);
    }
    if (this.#left <= 0) return false;
    if (this.#waiting.size >= ASKED_WAITING_MAX)
      for (const [id, { host, askedMs }] of this.#waiting)
        if (nowMs - askedMs >= ASKED_WAITING_MS || hasFollowed(host)) this.#waiting.delete(id);
    return this.#waiting.size < ASKED_WAITING_MAX;
  }
}
