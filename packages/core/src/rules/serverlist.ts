import { refuse, type Refusal } from '../errors.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';
import { canonicalName, judgeName, printable } from './naming.ts';

/** A server as a list names it; `key` tells it from the others (address, port and server ID together). */
export interface ListedServer {
  readonly key: string;
  /** 1 is asked first. */
  readonly priority: number;
}

/** What an agent remembers of a server that did not answer. */
export interface ServerFailures {
  readonly count: number;
  readonly lastMs: number;
}

export type ServerChoice<Server extends ListedServer> =
  | { readonly state: 'use'; readonly server: Server }
  /** All have failed lately. */
  | { readonly state: 'wait'; readonly untilMs: number };

/**
 * Which server next (F-10): the best priority of which a server may be tried; inside it the one in use, else one at random
 * (`fraction` in [0, 1)). A server that failed rests for a growing time, so an agent fails over, and comes back by itself
 * when the rest of a better one ends.
 */
export function chooseServer<Server extends ListedServer>(facts: {
  servers: readonly Server[];
  failures: ReadonlyMap<string, ServerFailures>;
  /** Key of the server in use, if any. */
  current: string | undefined;
  fraction: number;
  nowMs: number;
}): ServerChoice<Server> {
  const { servers, failures, nowMs } = facts;
  const ready = servers.filter((server) => restsUntilMs(failures.get(server.key), nowMs) <= nowMs);
  if (ready.length === 0) {
    const untilMs = Math.min(...servers.map((server) => restsUntilMs(failures.get(server.key), nowMs)));
    return { state: 'wait', untilMs: Number.isFinite(untilMs) ? untilMs : nowMs + REST_MAX_MS };
  }
  const best = Math.min(...ready.map((server) => server.priority));
  const candidates = ready.filter((server) => server.priority === best);
  const inUse = candidates.find((server) => server.key === facts.current);
  const drawn = candidates[Math.min(Math.floor(facts.fraction * candidates.length), candidates.length - 1)];
  return { state: 'use', server: inUse ?? drawn! };
}

/** Until when a server that failed is left alone: 1 s, doubled with each failure in a row, up to 5 minutes. */
export function restsUntilMs(failures: ServerFailures | undefined, nowMs: number): number {
  if (failures === undefined || failures.count === 0) return 0;
  const restMs = Math.min(SECOND_MS * 2 ** Math.min(failures.count - 1, 20), REST_MAX_MS);
  // A clock that was set back must not keep a server out.
  return Math.min(failures.lastMs, nowMs) + restMs;
}

const REST_MAX_MS = 5 * MINUTE_MS;

/** What to remember after another failure. Several at once, or while the server rests, are one: it was not given its time. */
export const afterFailure = (before: ServerFailures | undefined, nowMs: number): ServerFailures =>
  before !== undefined && restsUntilMs(before, nowMs) > nowMs
    ? before
    : { count: (before?.count ?? 0) + 1, lastMs: nowMs };

/** So many heartbeat periods an agent bears that no server of its list answers, and no longer than this, before it asks its way home. */
export const HOME_AFTER_PERIODS = 3;
export const HOME_AFTER_MS_MAX = HOUR_MS;

/**
 * F-12 May the agent ask its way home: the servers of the list through which it was answered last, and the one that setup named? Only when
 * all servers of the list it holds have failed, and none of them has answered for three heartbeat periods, at most an hour. So a list of
 * servers that nobody can reach loses no agent: what is corrected is fetched at home. Durations are those of a monotonic clock.
 */
export function mayAskHome(facts: {
  servers: readonly ListedServer[];
  failures: ReadonlyMap<string, ServerFailures>;
  /** When a server of this list answered last, the list was taken, or the agent started: the latest of them. */
  sinceMs: number;
  periodMs: number;
  nowMs: number;
}): boolean {
  const { servers, failures, sinceMs, periodMs, nowMs } = facts;
  if (!servers.every(({ key }) => (failures.get(key)?.count ?? 0) > 0)) return false;
  return nowMs - sinceMs >= Math.min(HOME_AFTER_PERIODS * periodMs, HOME_AFTER_MS_MAX);
}

/** A server of a list that somebody wrote or imported. */
export interface WrittenServer {
  readonly serverId: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'https' | 'http';
}

/** What is to be said of a list that may be saved. */
export type ListWarning = Pick<Refusal, 'code' | 'params'>;

/**
 * F-10, F-11 May a list say this? Refusals: SERVER_LIST_ADDRESS_INVALID, SERVER_LIST_SERVER_TWICE, and SERVER_LIST_WITHOUT_HTTPS where hosts
 * that verify their server get the list. Warnings: a server of another ID than this domain's, HTTP entries, an address that no
 * installation of the domain has said to be its own.
 */
export function judgeList(
  servers: readonly WrittenServer[],
  facts: {
    readonly name: string;
    /** Of this domain. */
    readonly serverId: string;
    /** `address:port` of the domain's installations. */
    readonly installed: ReadonlySet<string>;
    /** Hosts that verify their server have the list, or would get it. */
    readonly isVerified: boolean;
  },
): { readonly allow: true; readonly warnings: readonly ListWarning[] } | Refusal {
  const seen = new Set<string>();
  const warnings: ListWarning[] = [];
  for (const entry of servers) {
    const server = serverName(entry);
    const judged = judgeName(entry.address);
    // this machine's own names are of use in a trial alone, and do no harm
    if (!judged.allow && judged.code !== 'HOST_NAME_RESERVED')
      return refuse('SERVER_LIST_ADDRESS_INVALID', { address: printable(entry.address) });
    if (seen.has(server)) return refuse('SERVER_LIST_SERVER_TWICE', { server });
    seen.add(server);
    if (entry.serverId !== facts.serverId)
      warnings.push(refuse('SERVER_LIST_SERVER_FOREIGN', { server, serverId: entry.serverId }));
    else if (entry.protocol === 'https' && !facts.installed.has(server))
      warnings.push(refuse('SERVER_LIST_SERVER_UNKNOWN', { server }));
  }
  const plain = servers.filter(({ protocol }) => protocol === 'http');
  if (plain.length === servers.length) {
    const refusal = refuse('SERVER_LIST_WITHOUT_HTTPS', { name: facts.name });
    if (facts.isVerified) return refusal;
    warnings.push(refusal);
  } else if (plain.length > 0)
    warnings.push(refuse('SERVER_LIST_HAS_HTTP', { servers: plain.map(serverName).join(', ') }));
  return { allow: true, warnings: warnings.map(({ code, params }) => ({ code, params })) };
}

/** `address:port`, by which entries of a list are told apart. */
export const serverName = ({ address, port }: Pick<WrittenServer, 'address' | 'port'>): string =>
  address.includes(':') ? `[${canonicalName(address)}]:${port}` : `${canonicalName(address)}:${port}`;
