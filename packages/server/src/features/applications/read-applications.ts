import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import { reaches, type Reach } from '@sekisho/core/rules/rights.ts';
import type { ApplicationView } from '@sekisho/core/wire/applications.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import { countPlansOf } from '../plans/read-plans.ts';
import { findApplication, listStoredApplications, type StoredApplication } from './application-rows.ts';

/** The canonical form of a virtual name. @throws AppError HOST_NAME_INVALID, HOST_NAME_RESERVED */
export function virtualNameOf(raw: string): string {
  const judged = judgeName(raw);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  return judged.name;
}

/** A mapping of which every host is within the reach; others are, to who asks, not there. @throws AppError NOT_FOUND */
export async function getApplication(db: DbOrTx, name: string, reach: Reach): Promise<StoredApplication> {
  const mapping = await findApplication(db, name);
  const [own] = mapping === undefined ? [] : await applicationsWithin(db, [mapping], reach);
  if (own === undefined) throw new AppError('NOT_FOUND', { what: 'application mapping', id: name });
  return own;
}

/** Every mapping within the reach, by name. */
export const listApplications = async (db: DbOrTx, reach: Reach): Promise<StoredApplication[]> =>
  applicationsWithin(db, await listStoredApplications(db), reach);

async function applicationsWithin(
  db: DbOrTx,
  mappings: readonly StoredApplication[],
  reach: Reach,
): Promise<StoredApplication[]> {
  if (reach === 'domain') return [...mappings];
  const hosts = await findHosts(db, [...new Set(mappings.flatMap((mapping) => mapping.hosts))]);
  const within = new Set<HostId>(hosts.filter((host) => reaches(reach, host.groupId)).map((host) => host.id));
  return mappings.filter((mapping) => mapping.hosts.every((id) => within.has(id)));
}

/** Mappings as administrators see them. */
export async function viewApplications(
  db: DbOrTx,
  mappings: readonly StoredApplication[],
): Promise<ApplicationView[]> {
  const hosts = await findHosts(db, [...new Set(mappings.flatMap((mapping) => mapping.hosts))]);
  const names = new Map(hosts.map((host) => [host.id, host.name]));
  const plans = await countPlansOf(
    db,
    mappings.map((mapping) => mapping.name),
  );
  return mappings.map((mapping) => ({
    name: mapping.name,
    kind: mapping.kind,
    hosts: mapping.hosts
      .map((id) => ({ id, name: names.get(id) ?? id }))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    plans: plans.get(mapping.name) ?? 0,
    createdAtMs: mapping.createdAtMs,
    createdBy: mapping.createdBy,
    changedAtMs: mapping.changedAtMs,
  }));
}
