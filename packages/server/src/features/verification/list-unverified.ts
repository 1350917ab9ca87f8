import { reaches, type Reach } from '@sekisho/core/rules/rights.ts';
import type { Unverified } from '@sekisho/core/wire/switch-verification.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { countHosts } from '../groups/group-rows.ts';

/** F-20 The groups within reach whose agents do not verify the server at the moment, and how many hosts that concerns. */
export async function listUnverified(context: FleetContext, reach: Reach): Promise<Unverified> {
  const { store, clock, settings } = context;
  const tree = await readGroupTree(store.db);
  const nowMs = clock.nowMs();
  const off = [...tree.groups()].flatMap(({ id, name }) => {
    if (!reaches(reach, id)) return [];
    const { value, origin } = tree.settingsOf(id, settings).verification;
    if (value.state === 'on' || value.untilMs <= nowMs || origin.kind !== 'group') return [];
    const { sinceMs, untilMs } = value;
    return [{ group: { id, name }, from: { id: origin.id, name: origin.name }, sinceMs, untilMs }];
  });
  if (off.length === 0) return { hosts: 0, groups: [] };
  const counts = await countHosts(store.db);
  const groups = off.map((one) => ({ ...one, hosts: counts.get(one.group.id) ?? 0 }));
  return { groups, hosts: groups.reduce((sum, { hosts }) => sum + hosts, 0) };
}
