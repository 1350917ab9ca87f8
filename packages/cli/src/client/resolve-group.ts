import { AppError } from '@sekisho/core/errors.ts';
import { parseGroupId, type GroupId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getGroup, listGroups, type GroupDetail, type GroupView } from '@sekisho/core/wire/groups.ts';
import { pathText } from '../output/group-text.ts';

/** The group of a path (`All hosts/Tokyo`, or `Tokyo/Web` when one path alone ends so), a name or an ID. Refusals: GROUP_UNKNOWN, GROUP_AMBIGUOUS. */
export async function resolveGroup(call: Caller, given: string): Promise<GroupDetail> {
  const id = parseGroupId(given) ?? findGroup((await call(listGroups, {})).groups, given).id;
  try {
    return await call(getGroup, { params: { id } });
  } catch (error) {
    if (error instanceof AppError && error.status === 404)
      throw new AppError('GROUP_UNKNOWN', { given }, { cause: error });
    throw error;
  }
}

/** The path of a group; undefined for whoever may not see groups. */
export async function groupPathOf(call: Caller, id: GroupId): Promise<string | undefined> {
  try {
    return pathText((await call(getGroup, { params: { id } })).path);
  } catch (error) {
    if (error instanceof AppError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}

/** The same out of a list. */
export function findGroup(groups: readonly GroupView[], given: string): GroupView {
  const wanted = keyOf(given);
  const whole = groups.find(({ path }) => keyOf(pathText(path)) === wanted);
  if (whole !== undefined) return whole;
  const [found, ...more] = groups.filter(({ path }) => `/${keyOf(pathText(path))}`.endsWith(`/${wanted}`));
  if (found === undefined || wanted === '') throw new AppError('GROUP_UNKNOWN', { given });
  if (more.length > 0)
    throw new AppError('GROUP_AMBIGUOUS', {
      name: given,
      paths: [found, ...more]
        .slice(0, PATHS_TOLD_MAX)
        .map(({ path }) => pathText(path))
        .join(', '),
    });
  return found;
}

const PATHS_TOLD_MAX = 5;

const keyOf = (text: string): string => text.normalize('NFKC').toLowerCase().replace(/\/+$/, '');

/** Group IDs of paths, names or IDs, in their order. */
export async function resolveGroupIds(call: Caller, given: readonly string[]): Promise<GroupId[]> {
  const ids: GroupId[] = [];
  for (const one of given) ids.push((await resolveGroup(call, one)).id);
  return ids;
}
