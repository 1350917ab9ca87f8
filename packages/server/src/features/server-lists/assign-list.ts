import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId, ListId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ListEffect } from '@sekisho/core/wire/server-lists.ts';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { readGroupTree, type GroupTree, type StoredGroup } from '../groups/group-tree.ts';
import { record, type ChangedList, type ChangeTerms } from './change-lists.ts';
import { groupsBetween, groupsOfList, judgeChange } from './judge-change.ts';
import { probeServers } from './probe-server.ts';
import { requireList } from './read-lists.ts';
import type { StoredList } from './server-lists.store.ts';
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
  const after = before.with(group.id, { ...group, values: { ...group.values, list: list.id } });
  const effect = await effectOf(context, list.id, { before, after }, terms);
  if (!terms.dryRun) await setList(context, principal, group, list, list.id);
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
  if (!terms.dryRun) await setList(context, principal, group, list, undefined);
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

async function setList(
  context: ServerContext,
  principal: Principal,
  group: StoredGroup,
  list: StoredList,
  value: ListId | undefined,
): Promise<void> {
  const { clock, documents, feed, store } = context;
  await store.transaction(async (tx) => {
    const before = await readGroupTree(tx);
    const current = requireGroup(before, group.id);
    const { list: _, ...others } = current.values;
    const values = value === undefined ? others : { ...others, list: value };
    const after = before.with(group.id, { ...current, values });
    const revision = current.revision + 1;
    await tx
      .updateTable('groups')
      .set({ settings: JSON.stringify(values), revision, changed_at_ms: clock.nowMs() })
      .where('id', '=', group.id)
      .execute();
    for (const changed of groupsBetween(before, after)) await recordChange(tx, 'group', `${changed}/list`);
    const effective = after.listOf(group.id);
    if (effective !== undefined) await documents.makeAgain(tx, 'list', effective);
    const act = value === undefined ? 'unassign-server-list' : 'assign-server-list';
    await record(context, tx, principal, act, list.name, { group: group.name });
  });
  await feed.catchUp();
}
