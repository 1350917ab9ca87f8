import { repositoryName, repositoryOwner, type HostId, type RepositoryName } from '@sekisho/core/ids.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedHostId, storedRepositoryName } from '../fleet/stored-ids.ts';

/** A repository as it is stored; the password is sealed. */
export interface StoredRepository {
  readonly name: RepositoryName;
  readonly hostId: HostId;
  readonly mediaHostId: HostId;
  readonly generation: number;
  readonly sealedPassword: string;
  readonly createdAtMs: number;
  readonly sealedAtMs: number | null;
  readonly maintainedAtMs: number | null;
}

const IDS_PER_QUERY_MAX = 500;
const COLUMNS = [
  'name',
  'host_id',
  'media_host_id',
  'generation',
  'password',
  'created_at_ms',
  'sealed_at_ms',
  'maintained_at_ms',
] as const;

/** A repository, or undefined. */
export async function selectRepository(
  db: DbOrTx,
  name: RepositoryName,
): Promise<StoredRepository | undefined> {
  const row = await db.selectFrom('repositories').select(COLUMNS).where('name', '=', name).executeTakeFirst();
  return row === undefined ? undefined : repositoryOf(row);
}

/** The repositories of these hosts, oldest generation first. */
export async function selectRepositoriesOf(
  db: DbOrTx,
  hostIds: readonly HostId[],
): Promise<StoredRepository[]> {
  const found: StoredRepository[] = [];
  for (let start = 0; start < hostIds.length; start += IDS_PER_QUERY_MAX) {
    const rows = await db
      .selectFrom('repositories')
      .select(COLUMNS)
      .where('host_id', 'in', hostIds.slice(start, start + IDS_PER_QUERY_MAX))
      .orderBy('generation')
      .execute();
    found.push(...rows.map(repositoryOf));
  }
  return found;
}

/** A new generation of a host's repository. */
export async function insertRepository(
  tx: Tx,
  made: {
    hostId: HostId;
    mediaHostId: HostId;
    generation: number;
    sealedPassword: string;
    createdAtMs: number;
  },
): Promise<RepositoryName> {
  const name = repositoryName(made.hostId, made.generation);
  await tx
    .insertInto('repositories')
    .values({
      name,
      host_id: made.hostId,
      media_host_id: made.mediaHostId,
      generation: made.generation,
      password: made.sealedPassword,
      created_at_ms: made.createdAtMs,
      sealed_at_ms: null,
      maintained_at_ms: null,
    })
    .execute();
  return name;
}

/** T-18 The password of a repository that its host kept for itself until now. */
export async function setSealedPassword(tx: Tx, name: RepositoryName, sealed: string): Promise<void> {
  await tx.updateTable('repositories').set({ password: sealed }).where('name', '=', name).execute();
}

/** From then on nothing is written there. */
export async function markSealed(tx: Tx, name: RepositoryName, nowMs: number): Promise<void> {
  await tx.updateTable('repositories').set({ sealed_at_ms: nowMs }).where('name', '=', name).execute();
}

export async function markMaintained(tx: Tx, name: RepositoryName, nowMs: number): Promise<void> {
  await tx.updateTable('repositories').set({ maintained_at_ms: nowMs }).where('name', '=', name).execute();
}

/** A page of all repositories by name. */
export async function pageRepositories(
  db: DbOrTx,
  after: string,
  limit: number,
): Promise<StoredRepository[]> {
  const rows = await db
    .selectFrom('repositories')
    .select(COLUMNS)
    .where('name', '>', after)
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(repositoryOf);
}

function repositoryOf(row: {
  name: string;
  host_id: string;
  media_host_id: string;
  generation: number;
  password: string;
  created_at_ms: number;
  sealed_at_ms: number | null;
  maintained_at_ms: number | null;
}): StoredRepository {
  const name = storedRepositoryName(row.name);
  return {
    name,
    hostId: repositoryOwner(name),
    mediaHostId: storedHostId(row.media_host_id),
    generation: row.generation,
    sealedPassword: row.password,
    createdAtMs: row.created_at_ms,
    sealedAtMs: row.sealed_at_ms,
    maintainedAtMs: row.maintained_at_ms,
  };
}
