import type { HostId } from '@sekisho/core/ids.ts';
import { ORPHANED_HEALTH } from '@sekisho/core/rules/host-state.ts';
import { GATE_HOSTS_NAMED_MAX } from '@sekisho/core/rules/rotation.ts';
import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import type { IndexedHost } from '../fleet/fleet-index.ts';
import { hasAcknowledged, isCutOff, isThere } from './gate-hosts.ts';
import { hostRefs } from './host-refs.ts';
import type { RotationContext } from './rotation-context.ts';
import type { RotationRow } from './rotation.store.ts';

/** Hosts that are looked at in one turn. */
const HOSTS_PER_TURN = 500;

/**
 * F-33 Whom an ended update has left behind, as things are now: who was given up and is not back, who needs a communication package, and who
 * comes back by itself.
 */
export async function hostsBehind(
  context: RotationContext,
  rotation: RotationRow,
): Promise<NonNullable<RotationView['behind']>> {
  const { fleet, machine } = context;
  const accepted = new Set(rotation.accepted);
  const change = machine.changeOf(rotation);
  const nowMs = fleet.clock.nowMs();
  const found: Record<Why, HostId[]> = { givenUp: [], cutOff: [], late: [] };
  let looked = 0;
  for (const host of fleet.index.hosts()) {
    if ((looked += 1) % HOSTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    const isAccepted = accepted.has(host.id);
    const isHeard = host.lastSeenMs !== 0;
    // whoever was never heard is new, unless it was asked about
    if (isHeard ? !fleet.registry.counts(host.fingerprint, nowMs) : !isAccepted) continue;
    if (isHeard && hasAcknowledged(fleet, host, change, rotation)) continue;
    if (isAccepted) found.givenUp.push(host.id);
    else if (!isThere(fleet, host)) found[isLed(context, host, rotation) ? 'late' : 'cutOff'].push(host.id);
  }
  const named = async (ids: readonly HostId[]) => ({
    total: ids.length,
    hosts: await hostRefs(context, ids.slice(0, GATE_HOSTS_NAMED_MAX)),
  });
  return {
    givenUp: await named(found.givenUp),
    cutOff: await named(found.cutOff),
    late: await named(found.late),
  };
}

type Why = keyof NonNullable<RotationView['behind']>;

function isLed({ fleet, machine }: RotationContext, host: IndexedHost, rotation: RotationRow): boolean {
  if (isCutOff(fleet, host) || host.health.includes(ORPHANED_HEALTH)) return false;
  // a certificate from outside is accepted by who has the list alone; later updates have forgotten whose its key is
  if (rotation.kind === 'tls') return rotation.phase !== 'done' || rotation.detail['outside'] !== true;
  // what an emergency cut off was said above
  return machine.changeOf(rotation).comesBack(host, { ...rotation, emergency: null });
}
