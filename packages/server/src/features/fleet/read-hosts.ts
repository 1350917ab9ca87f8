import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { mediaSettings, type MediaSettings } from '../hosts/host-rows.ts';
import { storedGroupId, storedHostId } from './stored-ids.ts';

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
