import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId, HostId, ListId } from '@sekisho/core/ids.ts';
import { PREVIEW_HOSTS_MAX } from '@sekisho/core/limits.ts';
import { judgeList, serverName, type ListWarning } from '@sekisho/core/rules/serverlist.ts';
import { isOffAt } from '@sekisho/core/rules/verification.ts';
import type { ListedServerEntry, ListEffect } from '@sekisho/core/wire/server-lists.ts';
import type { ServerContext } from '../../context.ts';
import { listSessions, SESSIONS_PER_PAGE_MAX } from '../../store/sessions.ts';
import { listWorkers } from '../../store/workers.ts';
import { DEFAULT_LIST_NAME } from '../domain/default-list.ts';
import { hostsOfGroups, type FleetHost } from '../fleet/read-hosts.ts';
import { readGroupTree, type GroupTree } from '../groups/group-tree.ts';
import { selectLists } from './server-lists.store.ts';

/** A list as it would be, and who would have it. */
export interface ListWish {
  readonly name: string;
  readonly servers: readonly ListedServerEntry[];
  /** Groups whose hosts have it afterwards. */
  readonly groups: ReadonlySet<GroupId>;
  /** Those of them for which something changes. */
  readonly changed: ReadonlySet<GroupId>;
}

/**
 * F-11 What a change of a list, or of who has it, would do. Refusals: those of `judgeList`; SERVER_LIST_UNREACHABLE when somebody has the
 * list, no HTTPS server of it could be reached from here, and that was not accepted.
 */
export async function judgeChange(
  context: ServerContext,
  wish: ListWish,
  probe: { readonly entries: ListEffect['entries']; readonly acceptUnreachable: boolean },
): Promise<ListEffect> {
  const { name, servers } = wish;
  const installed = await installedServers(context);
  const isVerified = await someVerify(context, wish.groups);
  const judged = judgeList(servers, {
    name,
    serverId: context.domain.serverId,
    installed: new Set([...installed.values()].flatMap((keys) => [...keys])),
    isVerified: isVerified && !probe.acceptUnreachable,
  });
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  const warnings = [...judged.warnings];
  const unreachable = unreachableOf(name, probe.entries);
  if (unreachable !== undefined) {
    if (isVerified && !probe.acceptUnreachable) throw new AppError(unreachable.code, unreachable.params);
    warnings.push(unreachable);
  }
  const hosts = await hostsWithAgents(context, wish.changed);
  const elsewhere = await connectedElsewhere(context, hosts, { servers, installed });
  return {
    hosts: hosts.length,
    named: namesOf(hosts),
    elsewhere: { hosts: elsewhere.length, named: namesOf(elsewhere) },
    entries: [...probe.entries],
    warnings: warnings.map(({ code, params }) => ({ code, params: { ...params } })),
  };
}

/** F-20 Do hosts of one of these groups verify their server at present? */
async function someVerify(
  { clock, config, store }: ServerContext,
  groups: ReadonlySet<GroupId>,
): Promise<boolean> {
  if (groups.size === 0) return false;
  const tree = await readGroupTree(store.db);
  return [...groups].some(
    (id) => !isOffAt(tree.settingsOf(id, config.fleet).verification.value, clock.nowMs()),
  );
}

/** Groups whose hosts have this list. */
export const groupsOfList = (tree: GroupTree, id: ListId): Set<GroupId> =>
  new Set([...tree.groups()].filter((group) => tree.listOf(group.id) === id).map((group) => group.id));

/** Groups whose list is another one in the second tree. */
export const groupsBetween = (before: GroupTree, after: GroupTree): Set<GroupId> =>
  new Set([...after.groups()].filter(({ id }) => before.listOf(id) !== after.listOf(id)).map(({ id }) => id));

/** A list of which nobody answered; one without HTTPS entries is told of otherwise. */
function unreachableOf(name: string, entries: ListEffect['entries']): ListWarning | undefined {
  const tried = entries.filter(({ state }) => state !== 'not-tried');
  if (tried.length === 0 || tried.some(({ state }) => state === 'reachable')) return undefined;
  const detail = tried
    .map(({ server, code, params }) => `${server} (${String(params['detail'] ?? code)})`)
    .join(', ');
  return { code: 'SERVER_LIST_UNREACHABLE', params: { name, detail } };
}

/** The servers of each installation of the domain, as the default list says; those that are nobody's under ''. */
async function installedServers({ store }: ServerContext): Promise<Map<string, Set<string>>> {
  const byInstance = new Map<string, Set<string>>();
  for (const list of await selectLists(store.db)) {
    if (list.name !== DEFAULT_LIST_NAME) continue;
    for (const server of list.servers) {
      const { instanceId } = server;
      if (instanceId === null) continue;
      const known = byInstance.get(instanceId);
      if (known === undefined) byInstance.set(instanceId, new Set([serverName(server)]));
      else known.add(serverName(server));
    }
  }
  return byInstance;
}

async function hostsWithAgents(context: ServerContext, groups: ReadonlySet<GroupId>): Promise<FleetHost[]> {
  const hosts = await hostsOfGroups(context.store.db, [...groups]);
  return hosts.filter(({ isServer, isLegacy }) => !isServer && !isLegacy);
}

/** Of these hosts, those with an open channel to an installation that the list does not name. */
async function connectedElsewhere(
  context: ServerContext,
  hosts: readonly FleetHost[],
  list: { servers: readonly ListedServerEntry[]; installed: ReadonlyMap<string, ReadonlySet<string>> },
): Promise<FleetHost[]> {
  const named = new Set(list.servers.filter(({ protocol }) => protocol === 'https').map(serverName));
  const at = await connectedAt(context, hosts);
  return hosts.filter(({ id }) => {
    const instance = at.get(id);
    if (instance === undefined) return false;
    const own = list.installed.get(instance) ?? new Set<string>();
    return own.isDisjointFrom(named);
  });
}

/** Which installation has the channel of a host; hosts without a channel are left out. */
async function connectedAt(
  { store, fleet, config }: ServerContext,
  hosts: readonly FleetHost[],
): Promise<Map<HostId, string>> {
  const at = new Map<HostId, string>();
  if (store.dialect === 'sqlite') {
    // one process has them all
    for (const { id } of hosts) if (fleet.seen(id)?.online === true) at.set(id, config.instanceId);
    return at;
  }
  const workers = new Map((await listWorkers(store)).map(({ id, instanceId }) => [id, instanceId]));
  for (let after: HostId | undefined; ;) {
    const page = await listSessions(store.db, { after });
    for (const { hostId, workerId } of page) {
      const instance = workers.get(workerId);
      if (instance !== undefined) at.set(hostId, instance);
    }
    after = page.at(-1)?.hostId;
    if (page.length < SESSIONS_PER_PAGE_MAX) return at;
  }
}

const namesOf = (hosts: readonly FleetHost[]): string[] =>
  hosts.slice(0, PREVIEW_HOSTS_MAX).map(({ name }) => name);
