import type { HostId, JobId } from '@sekisho/core/ids.ts';
import { BROUGHT_DOCUMENT_BYTES_MAX, OFFERS_PER_REPLY_MAX } from '@sekisho/core/limits.ts';
import type { AgentFrame, BroughtDocuments, Fetchable } from '@sekisho/core/wire/agent.ts';
import type { JobProgress } from '@sekisho/core/wire/jobs.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
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
  /** Of the newest revocation list. */
  readonly crlNumber: () => number;
}

type HeartbeatFrame = Extract<AgentFrame, { type: 'heartbeat' }>;

/** What the frames of a channel mean, and what is sent without being asked. */
export class AgentDesk {
  readonly #parts: AgentDeskParts;

  constructor(parts: AgentDeskParts) {
    this.#parts = parts;
  }

  /** Undefined: it was done at once. */
  frame(session: AgentSession, frame: AgentFrame): Promise<void> | undefined {
    const { context } = this.#parts;
    switch (frame.type) {
      case 'heartbeat':
        return this.#heartbeatAtOnce(session, frame) ? undefined : this.#heartbeat(session, frame);
      case 'spool':
        return takeSpool(context, session.peer.hostId, frame.items, (spoolIds) => {
          session.send({ type: 'spool.ack', spoolIds });
        });
      case 'progress':
        return this.#progress(session, frame.jobId, frame.progress);
      case 'pong':
        return undefined;
    }
  }

  /** F-03 Says "come now" to a host that has its channel here. */
  push(hostId: HostId, fetch: readonly Fetchable[]): void {
    if (fetch.length === 0) return;
    this.#parts.sessionOf(hostId)?.send({ type: 'come', fetch: [...fetch] });
  }

  /** The same with the documents themselves, where they are short: a whole fleet need not come for what all of it gets. */
  async bring(hostId: HostId, fetch: readonly Fetchable[]): Promise<void> {
    const { context, desk, sessionOf, crlNumber } = this.#parts;
    const host = desk.known(hostId);
    if (fetch.length === 0 || host === undefined) return;
    const documents: BroughtDocuments = {};
    const scopes = { bundle: '', list: desk.listOf(host), policy: host.groupId };
    for (const type of ['bundle', 'list', 'policy'] as const) {
      const scope = scopes[type];
      if (!fetch.includes(type) || scope === undefined) continue;
      const found = await context.documents.latest(type, scope);
      if (found !== undefined && found.jws.length <= BROUGHT_DOCUMENT_BYTES_MAX) documents[type] = found.jws;
    }
    sessionOf(hostId)?.send({ type: 'come', fetch: [...fetch], documents, crlNumber: crlNumber() });
  }

  /** Offers what waits for a host, and asks it to stop what it should stop, if its channel is here. */
  async deliver(hostId: HostId): Promise<void> {
    const { work, desk, sessionOf } = this.#parts;
    const session = sessionOf(hostId);
    const host = session === undefined ? undefined : await desk.hostOf(hostId);
    if (session === undefined || host === undefined) return;
    const offered = (session.offered ??= new Set());
    for (const id of desk.offersOf(host).filter((offer) => !offered.has(offer))) {
      offered.add(id);
      for (const order of await desk.orders([id])) {
        crashPoint('job-offer.before-send');
        session.send({ type: 'job.offer', order });
      }
    }
    for (const jobId of work.cancelsOf(hostId, OFFERS_PER_REPLY_MAX))
      session.send({ type: 'job.cancel', jobId });
  }

  /** Nearly every heartbeat: the host is known, nothing waits for it, and its answer lies in memory. False: nothing was done. */
  #heartbeatAtOnce(session: AgentSession, { seq, body }: HeartbeatFrame): boolean {
    const { desk } = this.#parts;
    const { hostId, fingerprint } = session.peer;
    const host = desk.known(hostId);
    if (host === undefined || desk.needsStore(host)) return false;
    session.offered = undefined;
    session.send({ type: 'heartbeat.reply', seq, body: desk.answerAtOnce(host, fingerprint, body) });
    return true;
  }

  async #heartbeat(session: AgentSession, { seq, body }: HeartbeatFrame): Promise<void> {
    const { desk } = this.#parts;
    const { hostId, fingerprint } = session.peer;
    const host = await desk.hostOf(hostId);
    if (host === undefined) {
      session.close('PEER_CERTIFICATE_UNKNOWN');
      return;
    }
    const reply = await desk.answer(host, fingerprint, body);
    session.offered = new Set(desk.offersOf(host));
    session.send({ type: 'heartbeat.reply', seq, body: reply });
  }

  async #progress(session: AgentSession, id: JobId, progress: JobProgress): Promise<void> {
    const { context, work, board } = this.#parts;
    const { hostId } = session.peer;
    const known = work.get(id);
    if (known === undefined) {
      const strangers = (session.strangers ??= new Set());
      if (strangers.has(id) || strangers.size >= STRANGERS_PER_SESSION_MAX) return;
      if (!(await identifyRun(context, hostId, id))) {
        strangers.add(id);
        return;
      }
    } else if (known.hostId !== hostId) {
      context.log.warn({ hostId, jobId: id, code: 'JOB_NOT_OF_HOST' }, 'progress refused');
      return;
    }
    board.put(id, hostId, progress, context.clock.nowMs());
  }
}
