import type { Clock } from '@sekisho/core/time.ts';
import type { PolicyPayload } from '@sekisho/core/wire/documents.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { MediaRole } from '../media/media-role.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { MediaConnection } from '../proxy/media-connection.ts';
import { createPeerDecisions, type PeerDecisions } from './peer-decisions.ts';
import { openStandingDecisions } from './standing-decisions.ts';

/** Decisions about the names of this host's peers, and what follows when they change. */
export interface AgentNames extends PeerDecisions {
  /** Asks about the media servers of the policy before they are needed: the server may be away then. */
  prepareMediaServers(): void;
  stop(): Promise<void>;
}

/** Opens what was decided before (T-33), and ties it to the connections that are asked about. */
export async function openNames(options: {
  file: string;
  server: Pick<ServerConnection, 'call'>;
  policy: () => PolicyPayload | undefined;
  media: () => Pick<MediaRole, 'server' | 'namesChanged'>;
  /** Connections to media servers. */
  live: ReadonlySet<MediaConnection>;
  crlNextUpdateMs: () => number | undefined;
  clock: Clock;
  log: Log;
}): Promise<AgentNames> {
  const { file, server, policy, media, live, crlNextUpdateMs, clock, log } = options;
  const standing = await openStandingDecisions({
    file,
    isNamed: ({ hostId, direction }) =>
      direction === 'dialled'
        ? policy()?.mediaServers.some((listed) => listed.hostId === hostId) === true
        : media().server?.holdsRepositoryOf(hostId) === true ||
          policy()?.plans.some((plan) => plan.hostIds?.includes(hostId)) === true,
    crlNextUpdateMs,
    clock,
    log,
  });
  const decisions = createPeerDecisions({
    server,
    standing,
    clock,
    log,
    onChanged: (names) => {
      const again = [media().namesChanged(names), ...[...live].map((one) => one.confirmAgain(names))];
      Promise.all(again).catch((error: unknown) => {
        log.warn({ err: error }, 'the names of live connections could not be looked at again');
      });
      prepareMediaServers();
    },
  });
  function prepareMediaServers(): void {
    for (const { hostId, endpoints } of policy()?.mediaServers ?? [])
      for (const { address } of endpoints) decisions.prepare({ name: address, hostId, direction: 'dialled' });
  }
  return {
    ...decisions,
    get size() {
      return decisions.size;
    },
    prepareMediaServers,
    stop: () => standing.settled(),
  };
}
