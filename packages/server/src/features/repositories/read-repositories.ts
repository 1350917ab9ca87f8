import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, RepositoryName } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectRepositoriesOf, selectRepository, type StoredRepository } from './repositories.store.ts';

export type { StoredRepository } from './repositories.store.ts';

/** A repository, or undefined. */
export const findRepository = (db: DbOrTx, name: RepositoryName): Promise<StoredRepository | undefined> =>
  selectRepository(db, name);

/** A repository. @throws AppError NOT_FOUND */
export async function getRepository(db: DbOrTx, name: RepositoryName): Promise<StoredRepository> {
  const found = await selectRepository(db, name);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'repository', id: name });
  return found;
}

/** The repositories of these hosts, oldest generation first. */
export const repositoriesOf = (db: DbOrTx, hostIds: readonly HostId[]): Promise<StoredRepository[]> =>
  selectRepositoriesOf(db, hostIds);
