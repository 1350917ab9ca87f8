import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { OFFERS_PER_REPLY_MAX } from '@sekisho/core/limits.ts';
import type { AgentFrame, Fetchable } from '@sekisho/core/wire/agent.ts';
import type { JobProgress } from '@sekisho/core/wire/jobs.ts';
import type { AgentSession } from '../../channel/agent-session.ts';
import { identifyRun } from '../jobs/identify-run.ts';
import type { OpenWork } from '../jobs/open-work.ts';
import type { ProgressBoard } from '../jobs/progress-board.ts';
import type { FleetContext } from './fleet-context.ts';
import type { HeartbeatDesk } from './heartbeat-desk.ts';
import { takeSpool } from './take-spool.ts';

/** Progress of jobs that are not the host's own is looked up no more than so often in one session. */
const STRANGERS_PER_SESSION_MAX = 100;

export interface AgentDeskParts {
  readonly context: FleetContext;
  readonly desk: HeartbeatDesk;
  readonly work: OpenWork;
  readonly board: ProgressBoard;
  readonly sessionOf: (hostId: HostId) => AgentSession | undefined;
}

/** What the frames of a channel mean, and what is sent without being asked. */
export class AgentDesk {
  readonly #parts: AgentDeskParts;

  constructor(parts: AgentDeskParts) {
    this.#parts = parts;
  }

  async frame(session: AgentSession, frame: AgentFrame): Promise<void> {
    const { context, desk } = this.#parts;
    const { hostId, fingerprint } = session.peer;
    switch (frame.type) {
      case 'heartbeat': {
        const host = await desk.hostOf(hostId);
        if (host === undefined) {
          session.close('PEER_CERTIFICATE_UNKNOWN');
          return;
        }
        const body = await desk.answer(host, fingerprint, frame.body);
        session.offered.clear();
        for (const id of desk.offersOf(host)) session.offered.add(id);
        session.send({ type: 'heartbeat.reply', seq: frame.seq, body });
        return;
      }
      case 'spool':
        await takeSpool(context, hostId, frame.items, (spoolIds) => {
          session.send({ type: 'spool.ack', spoolIds });
        });
        return;
      case 'progress':
        await this.#progress(session, frame.jobId, frame.progress);
        return;
      case 'pong':
        return;
    }
  }

  /** F-03 Says "come now" to a host that has its channel here. */
  push(hostId: HostId, fetch: readonly Fetchable[]): void {
    if (fetch.length === 0) return;
    this.#parts.sessionOf(hostId)?.send({ type: 'come', fetch: [...fetch] });
  }

  /** Offers what waits for a host, and asks it to stop what it should stop, if its channel is here. */
  async deliver(hostId: HostId): Promise<void> {
    const { work, desk, sessionOf } = this.#parts;
    const session = sessionOf(hostId);
    const host = session === undefined ? undefined : await desk.hostOf(hostId);
    if (session === undefined || host === undefined) return;
    for (const id of desk.offersOf(host).filter((offer) => !session.offered.has(offer))) {
      session.offered.add(id);
      for (const order of await desk.orders([id])) session.send({ type: 'job.offer', order });
    }
    for (const jobId of work.cancelsOf(hostId, OFFERS_PER_REPLY_MAX))
      session.send({ type: 'job.cancel', jobId });
  }

  async #progress(session: AgentSession, id: JobId, progress: JobProgress): Promise<void> {
    const { context, work, board } = this.#parts;
    const { hostId } = session.peer;
    const known = work.get(id);
    if (known === undefined) {
      if (session.strangers.has(id) || session.strangers.size >= STRANGERS_PER_SESSION_MAX) return;
      if (!(await identifyRun(context, hostId, id))) {
        session.strangers.add(id);
        return;
      }
    } else if (known.hostId !== hostId) {
      context.log.warn({ hostId, jobId: id, code: 'JOB_NOT_OF_HOST' }, 'progress refused');
      return;
    }
    board.put(id, hostId, progress, context.clock.nowMs());
  }
}
