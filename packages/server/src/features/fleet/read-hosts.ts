import type { GroupId, HostId, ListId } from '@sekisho/core/ids.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { mediaSettings, type MediaSettings } from '../hosts/host-rows.ts';
import { storedGroupId, storedHostId, storedListId } from './stored-ids.ts';

/** IDs in one statement: below the limits of both databases. */
const IDS_PER_QUERY_MAX = 500;
/** The port of a media server whose endpoints nobody set. */
export const MEDIA_PORT_DEFAULT = 13002;

/** A host as plans, jobs and documents need it. */
export interface FleetHost {
  readonly id: HostId;
  readonly num: number;
  readonly name: string;
  readonly groupId: GroupId;
  /** Null: not a media server. */
  readonly media: MediaSettings | null;
  readonly createdAtMs: number;
  /** The management server's own host: it has an identity and no agent, so no plan covers it. */
  readonly isServer: boolean;
  /** It talks without a certificate (T-50). */
  readonly isLegacy: boolean;
}

/** A node of the tree of groups. */
export interface FleetGroup {
  readonly id: GroupId;
  readonly parentId: GroupId | null;
  readonly listId: ListId | null;
  readonly settings: string;
}

const COLUMNS = [
  'hosts.id',
  'hosts.num',
  'hosts.name',
  'hosts.group_id',
  'hosts.media_since_ms',
  'hosts.media',
  'hosts.created_at_ms',
  'hosts.legacy_since_ms',
  'domain.id as server_of',
] as const;

const selectHosts = (db: DbOrTx) =>
  db.selectFrom('hosts').leftJoin('domain', 'domain.server_host_id', 'hosts.id').select(COLUMNS);

/** The hosts with these IDs, in no order; unknown ones are left out. */
export async function findHosts(db: DbOrTx, ids: readonly HostId[]): Promise<FleetHost[]> {
  const hosts: FleetHost[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY_MAX) {
    const part = ids.slice(start, start + IDS_PER_QUERY_MAX);
    const rows =
      part.length <= IDS_PREPARED_MAX
        ? await selectFew.rows(db, { ids: part })
        : await selectHosts(db).where('hosts.id', 'in', part).execute();
    hosts.push(...rows.map(hostOf));
  }
  return hosts;
}

/** IDs in one prepared statement. */
const IDS_PREPARED_MAX = 32;
const selectFew = prepared((db, wish: { ids: readonly HostId[] }) =>
  selectHosts(db).where('hosts.id', 'in', wish.ids),
);

/** One host, or undefined. */
export async function findHost(db: DbOrTx, id: HostId): Promise<FleetHost | undefined> {
  return (await findHosts(db, [id]))[0];
}

/** All hosts of these groups, by name. */
export async function hostsOfGroups(db: DbOrTx, groupIds: readonly GroupId[]): Promise<FleetHost[]> {
  if (groupIds.length === 0) return [];
  const rows = await selectHosts(db).where('hosts.group_id', 'in', groupIds).orderBy('hosts.name').execute();
  return rows.map(hostOf);
}

/** All groups; a domain has few. */
export async function listGroups(db: DbOrTx): Promise<FleetGroup[]> {
  const rows = await db.selectFrom('groups').select(['id', 'parent_id', 'list_id', 'settings']).execute();
  return rows.map((row) => ({
    id: storedGroupId(row.id),
    parentId: row.parent_id === null ? null : storedGroupId(row.parent_id),
    listId: row.list_id === null ? null : storedListId(row.list_id),
    settings: row.settings,
  }));
}

/** A group and the groups above it, nearest first. */
export function groupPath(groups: readonly FleetGroup[], id: GroupId): FleetGroup[] {
  const path: FleetGroup[] = [];
  for (let next: GroupId | null = id; next !== null && path.length <= groups.length;) {
    const group = groups.find((one) => one.id === next);
    if (group === undefined) break;
    path.push(group);
    next = group.parentId;
  }
  return path;
}

/** The management server list that a group has, by itself or from above. */
export const listOfGroup = (groups: readonly FleetGroup[], id: GroupId): ListId | undefined =>
  groupPath(groups, id).find((group) => group.listId !== null)?.listId ?? undefined;

/** Where clients reach a media server: its endpoints, or its primary name at the default port. */
export const endpointsOf = (host: FleetHost): { address: string; port: number }[] =>
  host.media !== null && host.media.endpoints.length > 0
    ? host.media.endpoints
    : [{ address: host.name, port: MEDIA_PORT_DEFAULT }];

function hostOf(row: {
  id: string;
  num: number;
  name: string;
  group_id: string;
  media_since_ms: number | null;
  media: string | null;
  created_at_ms: number;
  legacy_since_ms: number | null;
  server_of: string | null;
}): FleetHost {
  return {
    id: storedHostId(row.id),
    num: row.num,
    name: row.name,
    groupId: storedGroupId(row.group_id),
    media: row.media_since_ms === null ? null : mediaSettings.parse(JSON.parse(row.media ?? '{}')),
    createdAtMs: row.created_at_ms,
    isServer: row.server_of !== null,
    isLegacy: row.legacy_since_ms !== null,
  };
}
