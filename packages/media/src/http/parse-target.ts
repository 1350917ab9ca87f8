import { AppError } from '@sekisho/core/errors.ts';
import { parseRepositoryName, type RepositoryName } from '@sekisho/core/ids.ts';
import { OBJECT_TYPES, type ObjectName, type ObjectType } from '../store/repository-paths.ts';

/** What a request's address means in the REST protocol, version 2. */
export type Target =
  | { readonly kind: 'repository'; readonly repository: RepositoryName; readonly create: boolean }
  | { readonly kind: 'list'; readonly repository: RepositoryName; readonly type: ObjectType }
  | { readonly kind: 'object'; readonly repository: RepositoryName; readonly object: ObjectName };

const TARGET_LENGTH_MAX = 200;
const ID = /^[0-9a-f]{64}$/;

/**
 * Parses the raw request target. It is never decoded or normalised: names are plain characters, so anything with a dot
 * segment, an escape or another shape is refused.
 * @throws AppError REPOSITORY_PATH_INVALID, REPOSITORY_NAME_INVALID
 */
export function parseTarget(raw: string): Target {
  if (raw.length > TARGET_LENGTH_MAX) throw new AppError('REPOSITORY_PATH_INVALID');
  const [path = '', query, ...more] = raw.split('?');
  const [root, name = '', second, third, ...rest] = path.split('/');
  if (root !== '' || more.length > 0 || rest.length > 0) throw new AppError('REPOSITORY_PATH_INVALID');
  const repository = parseRepositoryName(name);
  if (repository === undefined) throw new AppError('REPOSITORY_NAME_INVALID');
  if (second === '' && third === undefined) {
    if (query !== undefined && query !== 'create=true') throw new AppError('REPOSITORY_CREATE_INVALID');
    return { kind: 'repository', repository, create: query === 'create=true' };
  }
  if (query !== undefined) throw new AppError('REPOSITORY_PATH_INVALID');
  if (second === 'config' && third === undefined)
    return { kind: 'object', repository, object: { type: 'config' } };
  const type = OBJECT_TYPES.find((known) => known === second);
  if (type === undefined || third === undefined) throw new AppError('REPOSITORY_PATH_INVALID');
  if (third === '') return { kind: 'list', repository, type };
  if (!ID.test(third)) throw new AppError('REPOSITORY_PATH_INVALID');
  return { kind: 'object', repository, object: { type, id: third } };
}
