import { isHeld } from '@sekisho/core/rules/echo.ts';
import type { GateFacts, GateHost } from '@sekisho/core/rules/rotation.ts';
import type { FleetIndex, IndexedHost } from '../fleet/fleet-index.ts';
import type { CertificateRegistry } from '../revocation/certificate-registry.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { RotationChange } from './rotation-change.ts';
import { hasSeenKey, tlsKeyOf } from './shown-key.ts';
import { askedIn, REKEY_AGAIN_MS } from './rekey-pacer.ts';
import type { RotationRow } from './rotation.store.ts';

/** Hosts of a gate that are looked at in one turn. */
const GATE_HOSTS_PER_TURN = 500;

/** What an update asks of the fleet's memory. */
export interface FleetFacts {
  readonly index: FleetIndex;
  readonly registry: CertificateRegistry;
  readonly clock: Clock;
  /** Seconds between two heartbeats of a host. */
  readonly periodOf: (host: IndexedHost) => number;
  readonly hasChannel: (hostId: HostId) => boolean;
  readonly newestFor: (host: IndexedHost) => NewestSerials;
  /** F-20 A host that does not verify its server accepts whatever it shows. */
  readonly isOff: (host: IndexedHost) => boolean;
  /** `KeyStore.leadsSinceMs`. */
  readonly leadsSinceMs: () => number;
}

/** Of the documents that are meant for a host; undefined: there is none. */
export interface NewestSerials {
  readonly bundle: number | undefined;
  readonly list: number | undefined;
  readonly policy: number | undefined;
}

/**
 * The hosts that stand before a gate: those that were heard of and whose certificate still counts. A host that was never heard has no list
 * and no bundle yet, and gets the newest with its first heartbeat: of these, `hostsUnheard` are lost where what only a heartbeat
 * tells is needed: a list that names a certificate from outside, or that the agent reads signers of the bundle. One that is cut off and
 * does not come stands before no gate either: nothing more can be lost of it.
 */
export function* hostsInUse(facts: FleetFacts): Generator<IndexedHost> {
  const nowMs = facts.clock.nowMs();
  for (const host of facts.index.hosts()) {
    if (host.lastSeenMs === 0 || !facts.registry.counts(host.fingerprint, nowMs)) continue;
    if (!isCutOff(facts, host) || isThere(facts, host)) yield host;
  }
}

/** F-05 Is it heard? */
export const isThere = (facts: FleetFacts, host: IndexedHost): boolean =>
  facts.hasChannel(host.id) || facts.index.isOnline(host, facts.periodOf(host), facts.clock.nowMs());

/** F-38 All that it trusts is of a CA that was lost or stolen, and nothing leads on from there: it needs a communication package. */
export function isCutOff(
  { leadsSinceMs }: FleetFacts,
  { bundleGeneration, lastSeenMs }: IndexedHost,
): boolean {
  return (bundleGeneration === 0 ? lastSeenMs : bundleGeneration) < leadsSinceMs();
}

/** Hosts that have a certificate and were never heard of: of the server they know its CA, and no key that a list has announced. */
export function* hostsUnheard({ index, registry }: FleetFacts): Generator<IndexedHost> {
  let certified: Set<HostId> | undefined;
  for (const host of index.hosts()) {
    if (host.lastSeenMs !== 0) continue;
    certified ??= registry.certifiedHosts();
    if (certified.has(host.id)) yield host;
  }
}

/** F-32 The same as the gate of an update's phase sees them. */
export function* gateHosts(
  facts: FleetFacts,
  change: RotationChange,
  rotation: RotationRow,
): Generator<GateHost> {
  for (const host of hostsInUse(facts)) {
    const heartbeatSeconds = facts.periodOf(host);
    yield {
      hostId: host.id,
      online: isThere(facts, host),
      acknowledged: hasAcknowledged(facts, host, change, rotation),
      heartbeatSeconds,
      lastSeenMs: host.lastSeenMs,
      backSinceMs: host.backAtSeconds * SECOND_MS,
      unaided: change.comesBack(host, rotation),
    };
  }
  // nobody is waited for whom nobody has heard of: in an emergency, and behind the withdrawal where nothing can be lost
  if (rotation.emergency !== null || rotation.phase === 'withdrawing') return;
  for (const host of hostsUnheard(facts))
    if (!change.comesBack(host, rotation))
      yield {
        hostId: host.id,
        online: false,
        acknowledged: false,
        heartbeatSeconds: facts.periodOf(host),
        lastSeenMs: 0,
        backSinceMs: 0,
        unaided: false,
      };
}

/** The same as a list, with a turn for everybody else now and then: a fleet is gone through each second. */
export async function listGateHosts(
  facts: FleetFacts,
  change: RotationChange,
  rotation: RotationRow,
): Promise<GateHost[]> {
  const found: GateHost[] = [];
  for (const host of gateHosts(facts, change, rotation))
    if (found.push(host) % GATE_HOSTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  return found;
}

/** What the gate of an update's phase is made of, by the hosts that stand before it. */
export const gateFacts = (
  facts: FleetFacts,
  rotation: RotationRow,
  hosts: readonly GateHost[],
): GateFacts => ({
  accepted: new Set(rotation.accepted),
  longestHeartbeatSeconds: hosts.reduce(
    (longest, host) => (host.lastSeenMs === 0 ? longest : Math.max(longest, host.heartbeatSeconds)),
    0,
  ),
  asking: hostsAsked(facts, rotation),
});

function hostsAsked(facts: FleetFacts, rotation: RotationRow): GateFacts['asking'] {
  const asked = askedIn(rotation);
  if (asked === undefined) return null;
  return { allMs: askingSeconds(facts, asked.perSecond) * SECOND_MS, againMs: REKEY_AGAIN_MS };
}

/** Asking all hosts takes so long. */
export const askingSeconds = ({ index }: FleetFacts, perSecond: number): number =>
  Math.ceil(index.size / perSecond);

/** F-37 It echoes what the step made, and was shown what is new after the switch. */
export function hasAcknowledged(
  { isOff, newestFor }: FleetFacts,
  host: IndexedHost,
  change: RotationChange,
  rotation: RotationRow,
): boolean {
  const { echo } = rotation;
  const newest = newestFor(host);
  return (
    isHeld(host.bundleGeneration, echo.bundleGeneration, newest.bundle) &&
    isHeld(host.listSerial, echo.listSerial, newest.list) &&
    isHeld(host.policySerial, echo.policySerial, newest.policy) &&
    (rotation.phase !== 'overlap' ||
      hasSeenKey(host, rotation) ||
      (host.lastSeenMs >= rotation.phaseSinceMs && (tlsKeyOf(rotation) === undefined || isOff(host)))) &&
    (change.hasFollowed?.(host, rotation) ?? true)
  );
}

/** F-31.2 The longest effective heartbeat; zero without hosts. */
export function longestHeartbeat(facts: FleetFacts): number {
  let longest = 0;
  for (const host of hostsInUse(facts)) longest = Math.max(longest, facts.periodOf(host));
  return longest;
}
