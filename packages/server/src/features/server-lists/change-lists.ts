import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { parseListId, type GroupId, type ListId } from '@sekisho/core/ids.ts';
import { SERVER_LISTS_MAX } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import type { ListedServerEntry, ListEffect } from '@sekisho/core/wire/server-lists.ts';
import type { ServerContext } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { DEFAULT_LIST_NAME } from '../domain/default-list.ts';
import { dropDocuments } from '../documents/drop-documents.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { groupsOfList, judgeChange } from './judge-change.ts';
import { probeServers } from './probe-server.ts';
import { assignedTo, requireList } from './read-lists.ts';
import {
  deleteList as deleteRow,
  insertList,
  selectLists,
  updateList,
  type StoredList,
} from './server-lists.store.ts';
import { keeperOf, signedServers, type StoredServer } from './stored-servers.ts';

/** What is asked for with every change: only to see it, and whether a list that nobody reaches from here is meant. */
export interface ChangeTerms {
  readonly dryRun: boolean;
  readonly acceptUnreachable: boolean;
}

/** The list as it is now, or with `dryRun` as it would be, and what that does. */
export interface ChangedList {
  readonly list: StoredList;
  readonly effect: ListEffect;
}

/**
 * F-11 Makes a list out of entries, or as a copy of another one. No group has it yet. Refusals: NOT_FOUND, SERVER_LIST_NAME_TAKEN,
 * SERVER_LISTS_TOO_MANY, and those of `judgeChange`.
 */
export async function createList(
  context: ServerContext,
  principal: Principal,
  wish: {
    readonly name: string;
    readonly servers?: readonly ListedServerEntry[] | undefined;
    readonly copyOf?: ListId | undefined;
  },
  terms: ChangeTerms,
): Promise<ChangedList> {
  const { store, clock, random } = context;
  const servers =
    wish.copyOf === undefined
      ? (wish.servers ?? [])
      : signedServers((await requireList(store.db, wish.copyOf)).servers);
  const entries = await probeServers(context, servers);
  const groups: ReadonlySet<GroupId> = new Set();
  const effect = await judgeChange(
    context,
    { name: wish.name, servers, groups, changed: groups },
    { entries, acceptUnreachable: terms.acceptUnreachable },
  );
  const id = parseListId(random.uuid());
  if (id === undefined) throw new Error('a list ID was drawn that is none');
  const nowMs = clock.nowMs();
  const list = await store.transaction(async (tx) => {
    const all = await selectLists(tx);
    const made: StoredList = {
      id,
      name: wish.name,
      servers: withKeepers(all, servers),
      revision: 1,
      createdAtMs: nowMs,
      createdBy: principal.name,
      changedAtMs: nowMs,
    };
    requireFreeName(all, made);
    if (all.length >= SERVER_LISTS_MAX)
      throw new AppError('SERVER_LISTS_TOO_MANY', { limit: SERVER_LISTS_MAX });
    if (terms.dryRun) return made;
    await insertList(tx, made);
    await sign(context, tx, made);
    const detail = { servers: describe(made.servers), copyOf: wish.copyOf ?? null };
    await record(context, tx, principal, 'create-server-list', made.name, detail);
    return made;
  });
  return { list, effect };
}

/**
 * F-11 Another name, other entries, or both; signed anew when hosts would be told something else. Entries that an installation keeps stay
 * its own. Refusals: NOT_FOUND, SERVER_LIST_REVISION_CONFLICT, SERVER_LIST_NAME_TAKEN, SERVER_LIST_DEFAULT (its name), and those of
 * `judgeChange`.
 */
export async function replaceList(
  context: ServerContext,
  principal: Principal,
  wish: {
    readonly id: ListId;
    readonly revision: number;
    readonly name?: string | undefined;
    readonly servers?: readonly ListedServerEntry[] | undefined;
  },
  terms: ChangeTerms,
): Promise<ChangedList> {
  const { store, clock } = context;
  const before = await requireList(store.db, wish.id);
  requireRevision(before, wish.revision);
  const name = wish.name ?? before.name;
  if (before.name === DEFAULT_LIST_NAME && name !== before.name)
    throw new AppError('SERVER_LIST_DEFAULT', { name: before.name });
  const servers = wish.servers ?? signedServers(before.servers);
  const groups = groupsOfList(await readGroupTree(store.db), before.id);
  const isOther = JSON.stringify(servers) !== JSON.stringify(signedServers(before.servers));
  const effect = await judgeChange(
    context,
    { name, servers, groups, changed: isOther ? groups : new Set() },
    {
      entries: isOther ? await probeServers(context, servers) : [],
      acceptUnreachable: terms.acceptUnreachable,
    },
  );
  const list = await store.transaction(async (tx) => {
    const current = await requireList(tx, wish.id);
    requireRevision(current, wish.revision);
    const all = await selectLists(tx);
    const changed: StoredList = {
      ...current,
      name,
      servers: withKeepers(all, servers),
      revision: current.revision + 1,
      changedAtMs: clock.nowMs(),
    };
    requireFreeName(all, changed);
    if (terms.dryRun) return changed;
    await updateList(tx, changed);
    await sign(context, tx, changed);
    const detail = { from: describe(current.servers), to: describe(changed.servers), oldName: current.name };
    await record(context, tx, principal, 'change-server-list', name, detail);
    return changed;
  });
  return { list, effect };
}

/** F-11 Refusals: NOT_FOUND, SERVER_LIST_DEFAULT, SERVER_LIST_ASSIGNED. */
export async function deleteList(context: ServerContext, principal: Principal, id: ListId): Promise<ListId> {
  await context.store.transaction(async (tx) => {
    const list = await requireList(tx, id);
    if (list.name === DEFAULT_LIST_NAME) throw new AppError('SERVER_LIST_DEFAULT', { name: list.name });
    const groups = assignedTo(await readGroupTree(tx), id);
    if (groups.length > 0)
      throw new AppError('SERVER_LIST_ASSIGNED', {
        name: list.name,
        groups: groups.map((group) => group.name).join(', '),
      });
    await deleteRow(tx, id);
    await dropDocuments(tx, 'list', [id]);
    const detail = { servers: describe(list.servers) };
    await record(context, tx, principal, 'delete-server-list', list.name, detail);
  });
  return id;
}

/** Signs what the list says, if that is news. */
const sign = async (context: ServerContext, tx: Tx, list: StoredList): Promise<void> => {
  await context.documents.make(tx, 'list', list.id, { list: list.id, servers: signedServers(list.servers) });
};

/** In the audit log. */
async function record(
  context: ServerContext,
  tx: Tx,
  principal: Principal,
  act: AuditAct,
  name: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { name: actor, origin } = principal;
  await recordAudit(
    tx,
    { act, actor, origin, subject: name, outcome: 'done', detail },
    context.clock.nowMs(),
  );
}

function requireRevision(list: StoredList, revision: number): void {
  if (list.revision !== revision)
    throw new AppError('SERVER_LIST_REVISION_CONFLICT', { revision, current: list.revision });
}

function requireFreeName(all: readonly StoredList[], { id, name }: StoredList): void {
  if (all.some((other) => other.id !== id && other.name === name))
    throw new AppError('SERVER_LIST_NAME_TAKEN', { name });
}

/** Entries of an installation belong to it in every list: they follow when it moves. */
const withKeepers = (
  lists: readonly StoredList[],
  servers: readonly ListedServerEntry[],
): readonly StoredServer[] => {
  const known = lists.flatMap((list) => list.servers);
  return servers.map((server) => ({ ...server, ...keeperOf(known, server) }));
};

const describe = (servers: readonly StoredServer[]): string[] =>
  servers.map((server) => `${server.priority} ${server.protocol}://${serverName(server)}`);
