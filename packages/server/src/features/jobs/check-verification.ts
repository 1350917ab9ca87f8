import { AppError, refuse, type Refusal } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { isOffAt } from '@sekisho/core/rules/verification.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetHost } from '../fleet/read-hosts.ts';
import { readGroupTree, type GroupTree } from '../groups/group-tree.ts';

type Ordered = Pick<FleetHost, 'id' | 'name' | 'groupId' | 'isLegacy'>;
type Parts = Pick<FleetContext, 'clock' | 'settings'>;

/** Which host does not verify its server, until when, and by which group's setting. */
export interface UnverifiedHost {
  readonly host: string;
  readonly group: string;
  /** ISO 8601. */
  readonly until: string;
}

/** F-20 Undefined: it verifies its server. A legacy host is another matter (T-50). */
export function findUnverified(
  { clock, settings }: Parts,
  tree: GroupTree,
  { name: host, groupId, isLegacy }: Ordered,
): UnverifiedHost | undefined {
  if (isLegacy) return undefined;
  const { value, origin } = tree.settingsOf(groupId, settings).verification;
  if (value.state === 'on' || !isOffAt(value, clock.nowMs())) return undefined;
  const group = origin.kind === 'default' ? '-' : origin.name;
  return { host, group, until: new Date(value.untilMs).toISOString() };
}

/** F-20 Says of each host why it can be ordered nothing now: it takes no order while it does not verify its server. Others are not named. */
export async function verificationRefusals(
  parts: Parts,
  tx: Tx,
  hosts: readonly Ordered[],
): Promise<Map<HostId, Refusal>> {
  const refusals = new Map<HostId, Refusal>();
  if (hosts.length === 0) return refusals;
  const tree = await readGroupTree(tx);
  for (const host of hosts) {
    const found = findUnverified(parts, tree, host);
    if (found !== undefined) refusals.set(host.id, refuse('JOB_HOST_UNVERIFIED', { ...found }));
  }
  return refusals;
}

/** @throws AppError JOB_HOST_UNVERIFIED of the first host that takes no order at the moment */
export async function requireVerified(parts: Parts, tx: Tx, hosts: readonly Ordered[]): Promise<void> {
  const [first] = (await verificationRefusals(parts, tx, hosts)).values();
  if (first !== undefined) throw new AppError(first.code, first.params);
}
