import type { LookupFunction } from 'node:net';
import { AppError } from '@sekisho/core/errors.ts';
import { isGiven } from '@sekisho/core/settings/resolve-settings.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { listenForMetrics } from '@sekisho/platform/metrics-listener.ts';
import type { AgentStatus } from './control/agent-status.ts';
import { listenOnControlSocket, type ControlActs } from './control/control-socket.ts';
import { setupCommand } from './control/read-status.ts';
import { dataFolderAt, prepareDataFolder } from './data-folder.ts';
import type { NodeNetwork } from './jobs/judge-node.ts';
import { agentMetrics } from './metrics/agent-metrics.ts';
import { loadAgentConfig, type AgentFlags } from './settings.ts';
import { startParts } from './start-parts.ts';

export interface AgentOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where the media server listens, if this host is one; 13002 on all addresses by default. */
  readonly mediaListen?: { readonly host: string; readonly port: number };
  /** How names of servers and media servers become addresses; the system's way by default. */
  readonly lookup?: LookupFunction;
  /** Environment of restic and of plans' commands; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** Settings of the command line; those of the environment come from `env`. */
  readonly flags?: AgentFlags;
  /** How this host sees virtual names and its interfaces (T-34); the system's own by default. */
  readonly network?: NodeNetwork;
  /** What the agent says that it can do (F-31); everything of today, by default. */
  readonly capabilities?: readonly string[];
  /** How long a run bears a media server that can't be reached. */
  readonly mediaUnreachableMs?: number;
}

export interface RunningAgent {
  readonly hostId: HostId;
  readonly mediaPort: number | undefined;
  status(): AgentStatus;
  /** One heartbeat now, and what its answer asks to fetch; rejects when no server answered. */
  heartbeatNow(): Promise<void>;
  /** T-04, forced. */
  renewNow(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the agent of a data folder: channel and heartbeats, schedules, renewal, and the media server if the host is one. It
 * goes on without its server. Refusals: AGENT_NOT_SET_UP, AGENT_NOT_DEPLOYED, CERTIFICATE_EXPIRED, AGENT_ALREADY_RUNNING.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { log } = options;
  const folder = dataFolderAt(options.dataFolder);
  const loaded = await loadAgentConfig(folder, options.flags ?? {}, options.env ?? process.env);
  if (loaded === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: folder.root });
  const { config: settings } = loaded;
  if (isGiven(loaded.settings, 'log.level')) log.level = settings.log.level;
  const { state } = settings;
  if (state.is !== 'deployed') {
    const command = setupCommand(folder, settings);
    log.error({ code: state.code, command }, 'this host has no certificate: it cannot communicate');
    throw new AppError('AGENT_NOT_DEPLOYED', { command });
  }
  // First of all: a second agent on the same folder must not touch what the first one is at.
  let acts: ControlActs | undefined;
  const control = await listenOnControlSocket(folder, () => acts, log);
  try {
    await prepareDataFolder(folder);
    const parts = await startParts(options, folder, settings, state);
    acts = parts;
    const { listen: metricsListen } = settings.metrics;
    const metrics =
      metricsListen === undefined
        ? undefined
        : await listenForMetrics(
            metricsListen,
            agentMetrics(() => parts.status(), options.clock),
          );
    return {
      hostId: state.hostId,
      get mediaPort() {
        return parts.mediaPort;
      },
      status: () => parts.status(),
      async heartbeatNow() {
        await parts.heartbeat();
      },
      async renewNow() {
        await parts.renew();
      },
      async stop() {
        await metrics?.close();
        await control.close();
        await parts.stop();
      },
    };
  } catch (error) {
    await control.close();
    throw error;
  }
}
