import { parseDomainId, parseHostId, parseServerId } from '@sekisho/core/ids.ts';
import type { DomainId, HostId, ServerId } from '@sekisho/core/ids.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

export interface DomainRow {
  readonly id: DomainId;
  readonly name: string;
  readonly serverId: ServerId;
  readonly serverHostId: HostId;
}

/** The one domain of a database; undefined before `initServer`. */
export async function findDomain(db: DbOrTx): Promise<DomainRow | undefined> {
  const row = await db
    .selectFrom('domain')
    .select(['id', 'name', 'server_id', 'server_host_id'])
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const id = parseDomainId(row.id);
  const serverId = parseServerId(row.server_id);
  const serverHostId = parseHostId(row.server_host_id);
  if (id === undefined || serverId === undefined || serverHostId === undefined)
    throw new Error('the row of the domain is not readable');
  return { id, name: row.name, serverId, serverHostId };
}

export const insertDomain = async (tx: Tx, domain: DomainRow, nowMs: number): Promise<void> => {
  await tx
    .insertInto('domain')
    .values({
      id: domain.id,
      name: domain.name,
      server_id: domain.serverId,
      server_host_id: domain.serverHostId,
      created_at_ms: nowMs,
    })
    .execute();
};
