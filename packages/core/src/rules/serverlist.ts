import { MINUTE_MS, SECOND_MS } from '../time.ts';

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
