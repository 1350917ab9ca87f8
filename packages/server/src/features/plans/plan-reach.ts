import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { reaches, type Reach } from '@sekisho/core/rules/rights.ts';
import type { PlanSpec } from '@sekisho/core/wire/plans.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { findHosts } from '../fleet/read-hosts.ts';

/**
 * Of these plans those that lie within a reach as a whole: every host and every group that they name. A plan from above
 * that covers a group among others belongs to those above: it names hosts and paths of others.
 */
export async function plansWithin<Plan extends { readonly spec: Pick<PlanSpec, 'targets'> }>(
  db: DbOrTx,
  plans: readonly Plan[],
  reach: Reach,
): Promise<Plan[]> {
  if (reach === 'domain') return [...plans];
  const named = [...new Set(plans.flatMap(({ spec }) => spec.targets.hosts))];
  const groupOf = new Map<HostId, GroupId>(
    (await findHosts(db, named)).map((host) => [host.id, host.groupId]),
  );
  const hostWithin = (id: HostId): boolean => {
    const group = groupOf.get(id);
    return group !== undefined && reaches(reach, group);
  };
  return plans.filter(
    ({ spec: { targets } }) =>
      targets.hosts.every(hostWithin) && targets.groups.every((group) => reaches(reach, group)),
  );
}

/** Does a plan with these targets lie within the reach as a whole? */
export const isPlanWithin = async (
  db: DbOrTx,
  spec: Pick<PlanSpec, 'targets'>,
  reach: Reach,
): Promise<boolean> => (await plansWithin(db, [{ spec }], reach)).length === 1;
