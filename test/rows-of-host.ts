import type { HostId } from '@sekisho/core/ids.ts';
import type { Db } from '@sekisho/server/store/tables.ts';

const OF_HOSTS = ['host_names', 'certificates', 'jobs', 'repositories', 'points', 'host_events'] as const;

/** Everything the database says of one host, apart from when and over which connection it was last heard. */
export async function rowsOfHost(db: Db, hostId: HostId): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {
    hosts: await db.selectFrom('hosts').selectAll().where('id', '=', hostId).execute(),
    documents: await db
      .selectFrom('documents')
      .select(['type', 'content_sha256'])
      .where('scope', '=', hostId)
      .where('type', '=', 'assignment')
      .orderBy('serial')
      .execute(),
  };
  for (const table of OF_HOSTS) {
    const found = await db.selectFrom(table).selectAll().where('host_id', '=', hostId).execute();
    rows[table] = found.map((row) => JSON.stringify(row)).sort();
  }
  return rows;
}
