import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId, ListId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ListEffect } from '@sekisho/core/wire/server-lists.ts';
import type { ServerContext } from '../../context.ts';
import { fleetContextOf } from '../fleet/fleet-service.ts';
import { changeSettings } from '../groups/change-settings.ts';
import { requireUnlocked } from '../groups/change-tree.ts';
import { readGroupTree, type GroupTree, type StoredGroup } from '../groups/group-tree.ts';
import type { ChangedList, ChangeTerms } from './change-lists.ts';
import { groupsBetween, groupsOfList, judgeChange } from './judge-change.ts';
import { probeServers } from './probe-server.ts';
import { requireList } from './read-lists.ts';
import { signedServers } from './stored-servers.ts';

/**
 * F-11 The group, and those below it that inherit, get this list; their hosts are told at once. Refusals: NOT_FOUND, those of a group's
 * settings, and those of `judgeChange`.
 */
export async function assignList(
  context: ServerContext,
  principal: Principal,
  wish: { readonly id: ListId; readonly group: GroupId },
  terms: ChangeTerms,
): Promise<ChangedList> {
  const list = await requireList(context.store.db, wish.id);
  const before = await readGroupTree(context.store.db);
  const group = requireGroup(before, wish.group);
  requireUnlocked(before, group.id, 'list');
  const after = before.with(group.id, { ...group, values: { ...group.values, list: list.id } });
  const effect = await effectOf(context, list.id, { before, after }, terms);
  if (!terms.dryRun) await setList(context, principal, group.id, list.id);
  return { list, effect };
}

/** F-11 The group has the list from above again. Refusals: NOT_FOUND, SERVER_LIST_NOT_ASSIGNED, those of a group's settings. */
export async function unassignList(
  context: ServerContext,
  principal: Principal,
  wish: { readonly id: ListId; readonly group: GroupId },
  terms: Pick<ChangeTerms, 'dryRun'>,
): Promise<ListEffect> {
  const list = await requireList(context.store.db, wish.id);
  const before = await readGroupTree(context.store.db);
  const group = requireGroup(before, wish.group);
  if (group.values.list !== list.id)
    throw new AppError('SERVER_LIST_NOT_ASSIGNED', { name: list.name, group: group.name });
  const { list: _, ...values } = group.values;
  const after = before.with(group.id, { ...group, values });
  const inherited = after.listOf(group.id) ?? list.id;
  // what is inherited is in use elsewhere already: nobody has to accept it once more
  const effect = await effectOf(context, inherited, { before, after }, { acceptUnreachable: true });
  if (!terms.dryRun) await setList(context, principal, group.id, undefined);
  return effect;
}

async function effectOf(
  context: ServerContext,
  id: ListId,
  { before, after }: { before: GroupTree; after: GroupTree },
  terms: Pick<ChangeTerms, 'acceptUnreachable'>,
): Promise<ListEffect> {
  const list = await requireList(context.store.db, id);
  const servers = signedServers(list.servers);
  return judgeChange(
    context,
    { name: list.name, servers, groups: groupsOfList(after, id), changed: groupsBetween(before, after) },
    { entries: await probeServers(context, servers), acceptUnreachable: terms.acceptUnreachable },
  );
}

function requireGroup(tree: GroupTree, id: GroupId): StoredGroup {
  const group = tree.get(id);
  if (group === undefined) throw new AppError('NOT_FOUND', { what: 'group', id });
  return group;
}

/** Locks of groups above hold for it like for any setting; policies, lists and assignments follow. */
async function setList(
  context: ServerContext,
  principal: Principal,
  id: GroupId,
  list: ListId | undefined,
): Promise<void> {
  await changeSettings(fleetContextOf(context, context.config.fleet), principal, {
    id,
    set: list === undefined ? {} : { list },
    unset: list === undefined ? ['list'] : [],
    lock: [],
    unlock: [],
    dryRun: false,
    act: list === undefined ? 'unassign-server-list' : 'assign-server-list',
  });
  await context.feed.catchUp();
}
