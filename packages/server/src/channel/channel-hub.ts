import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { FRAME_BYTES_MAX } from '@sekisho/core/limits.ts';
import { MINUTE_MS, SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import type { AgentFrame } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { recordRepeatedRefusal } from '../features/audit/record-audit.ts';
import { takeEvent } from '../features/events/take-event.ts';
import { refuseRaw } from '../http/client-error.ts';
import type { PeerIdentity } from '../http/peer.ts';
import { recordChange } from '../store/record-change.ts';
import { claimSession, findSession, releaseSession } from '../store/sessions.ts';
import type { Store } from '../store/store.ts';
import { AgentSession, PING_ANSWER_MS, type SessionParts } from './agent-session.ts';
import type { CloseReason } from './close-codes.ts';

/** Newcomers of one host that wait for a decision; more are refused at once. */
const NEWCOMERS_PER_HOST_MAX = 4;
/** After so long without a byte the system asks whether the other machine is still there. */
const KEEP_ALIVE_AFTER_MS = MINUTE_MS;
/** Between two channels that end, when there are few. */
const DRAIN_STEP_MS = 20;
/** The ping through another server process, and back, takes this much longer. */
const REMOTE_PING_MS = PING_ANSWER_MS + SECOND_MS;

export interface HubParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly workerId: string;
  readonly refusal: (peer: PeerIdentity) => CloseReason | undefined;
  readonly onOpen: (session: AgentSession) => void;
  readonly onFrame: (session: AgentSession, frame: AgentFrame) => Promise<void> | undefined;
}

/**
 * The channels of this server process, one for each host. A second session of the same identity takes the first one's place,
 * unless the first answers a ping within two seconds: then the newcomer is refused and a clone is reported. The same holds
 * when the first is on another process; the two talk through the change feed (`session`).
 */
export class ChannelHub {
  readonly #parts: HubParts;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    clientTracking: false,
  });
  readonly #sessions = new Map<HostId, AgentSession>();
  readonly #newcomers = new Map<HostId, { count: number; turn: Promise<void> }>();
  readonly #all = new Set<AgentSession>();
  readonly #answers = new Map<string, () => void>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #sessionParts: SessionParts;
  /** SQLite belongs to this process alone: nobody else has a host's channel or asks for it, so no claim is written. */
  readonly #isAlone: boolean;
  #stopping = false;

  constructor(parts: HubParts) {
    this.#parts = parts;
    this.#isAlone = parts.store.dialect === 'sqlite';
    const { clock, log, refusal, onFrame } = parts;
    const onClose = (session: AgentSession): void => {
      this.#closed(session);
    };
    this.#sessionParts = { clock, log, refusal, onFrame, onClose };
    // an upgrade that is no WebSocket's
    this.#sockets.on('wsClientError', (_error: Error, socket: Duplex, request: IncomingMessage) => {
      refuseRaw(socket, new AppError('REQUEST_MALFORMED'), request.headers['accept-language']);
    });
  }

  /** A WebSocket upgrade of a verified peer. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, peer: PeerIdentity): void {
    if (this.#stopping || this.#parts.refusal(peer) !== undefined) {
      socket.destroy();
      return;
    }
    // with a long heartbeat period nothing else would tell for days that the other end is gone
    if (socket instanceof Socket) socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new AgentSession(this.#sessionParts, { socket: webSocket, wire: socket, peer });
      this.#all.add(session);
      if (!this.#isUndisputed(peer.hostId)) {
        this.#inTurn(session);
        return;
      }
      this.#sessions.set(peer.hostId, session);
      this.#parts.onOpen(session);
    });
  }

  /** The open channel of a host, if this process has it. */
  session(hostId: HostId): AgentSession | undefined {
    const session = this.#sessions.get(hostId);
    return session?.open === true ? session : undefined;
  }

  sessions(): IterableIterator<AgentSession> {
    return this.#sessions.values();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** A `session` change of the feed: another process claimed a host, or asks or answers for one. Never waits. */
  onSessionChange(key: string): void {
    const [verb = '', hostId = '', nonce = ''] = key.includes('/') ? key.split('/') : ['claimed', key];
    const session = this.#sessions.get(hostId as HostId);
    if (verb === 'pong') this.#answers.get(nonce)?.();
    if (session === undefined) return;
    if (verb === 'ping') this.#task(this.#answerFor(session, nonce));
    if (verb === 'claimed') this.#task(this.#yieldIfReplaced(session));
  }

  /** Ends channels that have been silent for too long, each by its own measure: the other end is gone without a word. */
  sweep(silentMs: (hostId: HostId) => number): number {
    const nowMs = this.#parts.clock.nowMs();
    let swept = 0;
    for (const session of this.#sessions.values()) {
      if (nowMs - session.lastFrameMs < silentMs(session.peer.hostId)) continue;
      session.terminate();
      swept += 1;
    }
    return swept;
  }

  /** No channel is opened any more; those that are open end one after the other, over so long by the machine's own time. */
  async drain(spreadMs: number): Promise<void> {
    this.#stopping = true;
    const sessions = [...this.#all];
    const waitMs = Math.min(spreadMs / Math.max(1, sessions.length), DRAIN_STEP_MS);
    for (const session of sessions) {
      session.close('SERVER_STOPPING');
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  /** Ends all channels, and lets what is under way end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const session of this.#all) session.close('SERVER_STOPPING');
    for (const session of [...this.#all]) {
      session.terminate();
      this.#closed(session); // now: the store is closed before the sockets say so
    }
    for (const answer of this.#answers.values()) answer();
    while (this.#tasks.size > 0) await Promise.all([...this.#tasks]);
    this.#sockets.close();
  }

  /** Nobody else has the host's channel or wants it: there is nothing to wait for. */
  #isUndisputed(hostId: HostId): boolean {
    return this.#isAlone && !this.#sessions.has(hostId) && !this.#newcomers.has(hostId);
  }

  /** Newcomers of one host are decided one after the other; meanwhile their frames wait. */
  #inTurn(session: AgentSession): void {
    const { hostId } = session.peer;
    session.pause();
    const waiting = this.#newcomers.get(hostId) ?? { count: 0, turn: Promise.resolve() };
    if (waiting.count >= NEWCOMERS_PER_HOST_MAX) {
      session.close('CHANNEL_CLONE');
      session.resume();
      return;
    }
    waiting.count += 1;
    waiting.turn = waiting.turn
      .then(() => this.#admit(session))
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error, hostId }, 'channel could not be opened');
        session.terminate();
      })
      .finally(() => {
        waiting.count -= 1;
        if (waiting.count === 0) this.#newcomers.delete(hostId);
      });
    this.#newcomers.set(hostId, waiting);
    this.#task(waiting.turn);
  }

  async #admit(session: AgentSession): Promise<void> {
    const { hostId } = session.peer;
    if (await this.#firstAnswers(session)) {
      await this.reportClone(hostId, 'open-channel');
      session.close('CHANNEL_CLONE');
      session.resume();
      return;
    }
    if (!session.open || this.#stopping) {
      session.terminate();
      return;
    }
    if (!this.#isAlone) session.epoch = await this.#claim(hostId);
    const first = this.#sessions.get(hostId);
    this.#sessions.set(hostId, session);
    first?.close('replaced');
    if (!session.open) {
      this.#closed(session);
      return;
    }
    session.resume();
    this.#parts.onOpen(session);
  }

  /** Says to the other server processes that this one has the host's channel. */
  async #claim(hostId: HostId): Promise<number> {
    const { store, workerId, clock } = this.#parts;
    const claim = { hostId, workerId, bootId: '', nowMs: clock.nowMs() };
    return (await store.relaxed((tx) => claimSession(tx, claim))).epoch;
  }

  /** Is there another live session of this identity? One that renewed its certificate since is the same agent. */
  async #firstAnswers(newcomer: AgentSession): Promise<boolean> {
    const { store, workerId } = this.#parts;
    const { hostId, notAfterMs } = newcomer.peer;
    const local = this.session(hostId);
    if (local !== undefined) return notAfterMs > local.peer.notAfterMs ? false : local.alive();
    if (this.#isAlone) return false;
    const remote = await findSession(store, hostId);
    if (remote === undefined || !remote.live || remote.workerId === workerId) return false;
    return this.#remoteAnswers(hostId);
  }

  async #remoteAnswers(hostId: HostId): Promise<boolean> {
    const { store, clock, random } = this.#parts;
    const nonce = random.uuid();
    const answer = new Promise<boolean>((resolve) => {
      const cancel = clock.timer(REMOTE_PING_MS, () => {
        resolve(false);
      });
      this.#answers.set(nonce, () => {
        cancel();
        resolve(!this.#stopping);
      });
    });
    try {
      await store.transaction((tx) => recordChange(tx, 'session', `ping/${hostId}/${nonce}`));
      return await answer;
    } finally {
      this.#answers.delete(nonce);
    }
  }

  async #answerFor(session: AgentSession, nonce: string): Promise<void> {
    if (!(await session.alive())) return;
    await this.#parts.store.transaction((tx) =>
      recordChange(tx, 'session', `pong/${session.peer.hostId}/${nonce}`),
    );
  }

  async #yieldIfReplaced(session: AgentSession): Promise<void> {
    const row = await findSession(this.#parts.store, session.peer.hostId);
    if (row !== undefined && row.epoch > session.epoch) session.close('replaced');
  }

  #closed(session: AgentSession): void {
    const { hostId } = session.peer;
    this.#all.delete(session);
    if (this.#sessions.get(hostId) === session) this.#sessions.delete(hostId);
    const { epoch } = session;
    if (epoch === 0) return;
    session.epoch = 0; // given back once, whoever hears of the end first
    const { store, workerId } = this.#parts;
    const row = { hostId, workerId, epoch };
    this.#task(store.relaxed((tx) => releaseSession(tx, row)).then(() => undefined));
  }

  /** Two agents have the identity of this host: an event for people, and a row of the audit. */
  async reportClone(hostId: HostId, act: 'open-channel' | 'heartbeat'): Promise<void> {
    const { store, clock, random, log } = this.#parts;
    log.warn({ hostId, code: 'CHANNEL_CLONE' }, 'a second agent has the same identity');
    await store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      const event = { spoolId: `clone-${random.uuid()}`, event: 'session-clone', atMs: nowMs, detail: {} };
      await takeEvent(tx, hostId, event, nowMs);
      await recordRepeatedRefusal(
        tx,
        {
          act,
          actor: hostId,
          origin: 'agent',
          subject: hostId,
          outcome: 'refused',
          detail: { code: 'CHANNEL_CLONE' },
        },
        nowMs,
      );
    });
  }

  /** Work that goes on beside the sockets, waited for at the stop. */
  #task(work: Promise<void>): void {
    const task = work
      .catch((error: unknown) => {
        this.#parts.log.warn({ err: error }, 'session could not be recorded');
      })
      .finally(() => {
        this.#tasks.delete(task);
      });
    this.#tasks.add(task);
  }
}
