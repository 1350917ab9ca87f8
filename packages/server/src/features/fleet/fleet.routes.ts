import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { believedReply } from '@sekisho/core/rules/verification.ts';
import { getRepositoryPassword, postHeartbeat, postSpool } from '@sekisho/core/wire/agent.ts';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/mount.ts';
import { applicationRoutes } from '../applications/applications.routes.ts';
import { groupRoutes } from '../groups/groups.routes.ts';
import { jobRoutes } from '../jobs/jobs.routes.ts';
import type { NameDesk } from '../names/name-desk.ts';
import { ownAddressOf } from '../../http/request-origin.ts';
import type { ProgressBoard } from '../jobs/progress-board.ts';
import { planRoutes } from '../plans/plans.routes.ts';
import { pointRoutes } from '../points/points.routes.ts';
import { releasePassword } from '../repositories/release-password.ts';
import { verificationRoutes } from '../verification/verification.routes.ts';
import type { FleetContext } from './fleet-context.ts';
import type { FleetIndex } from './fleet-index.ts';
import type { HeartbeatDesk } from './heartbeat-desk.ts';
import { takeSpool } from './take-spool.ts';

/** What the routes of agents need. */
export interface AgentRouteParts {
  readonly context: FleetContext;
  readonly heartbeats: HeartbeatDesk;
  /** Is a channel of the host open in this process? */
  readonly hasChannel: (hostId: HostId) => boolean;
  readonly names: NameDesk;
}

/** What the routes of administrators need. */
export interface FleetRouteParts {
  readonly context: FleetContext;
  readonly index: FleetIndex;
  readonly board: ProgressBoard;
  /** Waits until what was just written is known in memory. */
  readonly caughtUp: () => Promise<void>;
}

/** Plans, jobs and recovery points, for administrators. */
export function fleetRoutes(app: FastifyInstance, parts: FleetRouteParts): void {
  applicationRoutes(app, parts);
  groupRoutes(app, parts);
  verificationRoutes(app, parts);
  planRoutes(app, parts);
  jobRoutes(app, parts);
  pointRoutes(app, parts);
}

/** The routes of agents without a channel (F-03, pull mode). */
export function agentRoutes(
  app: FastifyInstance,
  { context, heartbeats, hasChannel, names }: AgentRouteParts,
): void {
  mount(app, postHeartbeat, async ({ peer, body, request }) => {
    const host = await heartbeats.hostOf(peer.hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: peer.hostId });
    names.noteAddress(peer, ownAddressOf(request.raw.socket));
    return heartbeats.answerPost(host, peer.fingerprint, body, hasChannel(peer.hostId));
  });
  mount(app, postSpool, async ({ peer, body }) => {
    const spoolIds: string[] = [];
    await takeSpool(context, peer.hostId, body.items, (taken) => {
      spoolIds.push(...taken);
    });
    return { spoolIds };
  });
  mount(app, getRepositoryPassword, async ({ peer, body }) => {
    const host = heartbeats.known(peer.hostId);
    if (host !== undefined && heartbeats.isOff(host)) throw new AppError('VERIFICATION_OFF');
    return { password: await releasePassword(context, peer, body) };
  });
}

/** F-20 Heartbeats without TLS, of hosts whose requests are signed: nothing is answered but what to fetch. */
export function plainHeartbeatRoute(
  app: FastifyInstance,
  { heartbeats, hasChannel }: Pick<AgentRouteParts, 'heartbeats' | 'hasChannel'>,
): void {
  mount(app, postHeartbeat, async ({ peer, body }) => {
    const host = await heartbeats.hostOf(peer.hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: peer.hostId });
    return believedReply(await heartbeats.answerPost(host, peer.fingerprint, body, hasChannel(peer.hostId)));
  });
}
