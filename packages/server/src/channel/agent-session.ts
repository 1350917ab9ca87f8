import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { agentFrame, type AgentFrame, type ServerFrame } from '@sekisho/core/wire/agent.ts';
import { plainHeartbeat } from '@sekisho/core/wire/plain-heartbeat.ts';
import type { JobId } from '@sekisho/core/ids.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Duplex } from 'node:stream';
import { WebSocket, type RawData } from 'ws';
import type { PeerIdentity } from '../http/peer.ts';
import { CLOSE_CODES, type CloseReason } from './close-codes.ts';
import { textFrame } from './text-frame.ts';

/** Frames of one agent that wait to be handled; more end its channel. */
export const FRAMES_QUEUED_MAX = 64;
/** Bytes that wait to be sent to an agent that does not read; more end its channel. */
export const SEND_BUFFER_BYTES_MAX = 8 * 1024 * 1024;
/** How long a live session has to answer a ping before a newcomer takes its place. */
export const PING_ANSWER_MS = 2 * SECOND_MS;
/** After the closing handshake was begun, for an agent that does not end it. */
const CLOSE_PATIENCE_MS = 2 * SECOND_MS;

/** What all channels of this process have in common. */
export interface SessionParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Why this peer must not go on, asked for each frame (T-42); undefined when it may. */
  readonly refusal: (peer: PeerIdentity) => CloseReason | undefined;
  /** Undefined: it was done at once. */
  readonly onFrame: (session: AgentSession, frame: AgentFrame) => Promise<void> | undefined;
  readonly onClose: (session: AgentSession) => void;
}

/** The connection of one channel. */
export interface SessionEnds {
  readonly socket: WebSocket;
  /** What the WebSocket writes to. It never holds a frame back (nothing is compressed), so that whole frames may be written beside it. */
  readonly wire: Duplex;
  readonly peer: PeerIdentity;
}

const DONE: Promise<void> = Promise.resolve();

/**
 * One open channel of one agent. Frames are handled one after the other; each asks again whether the peer still counts. A fleet has as
 * many of these as agents, most of them idle: what few need is made when it is needed.
 */
export class AgentSession {
  readonly peer: PeerIdentity;
  /** Orders that were sent and not answered yet: not sent again before the next heartbeat. */
  offered: Set<JobId> | undefined;
  /** Jobs that this agent told progress of and that are not its own, so far as the server knows. */
  strangers: Set<JobId> | undefined;
  lastFrameMs: number;
  /** Of the claim that other server processes see; zero when there is none. */
  epoch = 0;
  readonly #parts: SessionParts;
  readonly #socket: WebSocket;
  readonly #wire: Duplex;
  #pings: Map<string, (answer: boolean) => void> | undefined;
  #queued = 0;
  #work = DONE;
  #closed = false;
  #pingCount = 0;
  #cancelPatience: (() => void) | undefined;

  constructor(parts: SessionParts, { socket, wire, peer }: SessionEnds) {
    this.#parts = parts;
    this.#socket = socket;
    this.#wire = wire;
    this.peer = peer;
    this.lastFrameMs = parts.clock.nowMs();
    socket.on('message', (data, isBinary) => {
      this.#receive(data, isBinary);
    });
    // each ping is answered: who sends them without reading would fill this side's memory
    socket.on('ping', () => {
      if (socket.bufferedAmount > SEND_BUFFER_BYTES_MAX) this.#cutDeaf();
    });
    socket.on('error', (error) => {
      parts.log.warn({ hostId: peer.hostId, err: error }, 'channel failed');
    });
    socket.on('close', () => {
      this.#ended();
    });
  }

  get open(): boolean {
    return !this.#closed && this.#socket.readyState === WebSocket.OPEN;
  }

  /**
   * Sends a frame; an agent that does not read is cut off. One that no longer counts gets nothing more: work that began before this
   * process was suspended ends after it.
   */
  send(frame: ServerFrame): void {
    if (!this.open) return;
    const reason = this.#parts.refusal(this.peer);
    if (reason !== undefined) {
      this.close(reason);
      return;
    }
    if (this.#socket.bufferedAmount > SEND_BUFFER_BYTES_MAX) {
      this.#cutDeaf();
      return;
    }
    const text = JSON.stringify(frame);
    const whole = textFrame(text);
    if (whole === undefined) this.#socket.send(text);
    else this.#wire.write(whole);
  }

  /** Does the agent answer within two seconds? */
  alive(): Promise<boolean> {
    if (!this.open) return Promise.resolve(false);
    this.#pingCount += 1;
    const nonce = `${this.epoch}-${this.#pingCount}`;
    const pings = (this.#pings ??= new Map());
    return new Promise((resolve) => {
      const settle = (answer: boolean): void => {
        cancel();
        pings.delete(nonce);
        resolve(answer);
      };
      const cancel = this.#parts.clock.timer(PING_ANSWER_MS, () => {
        settle(false);
      });
      pings.set(nonce, settle);
      this.send({ type: 'ping', nonce });
    });
  }

  /** Ends the channel and says why; the socket is destroyed when the agent does not agree in time. */
  close(reason: CloseReason): void {
    const { log, clock } = this.#parts;
    const socket = this.#socket;
    if (this.#closed || socket.readyState === WebSocket.CLOSING) return;
    log.info({ hostId: this.peer.hostId, reason }, 'channel closed by the server');
    socket.close(CLOSE_CODES[reason], reason);
    this.#cancelPatience = clock.timer(CLOSE_PATIENCE_MS, () => {
      socket.terminate();
    });
  }

  /** Destroys the socket at once. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Holds frames back until it is decided whether this session may be. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed || this.#socket.readyState !== WebSocket.OPEN) return;
    this.lastFrameMs = this.#parts.clock.nowMs();
    const reason = this.#parts.refusal(this.peer);
    if (reason !== undefined) {
      this.close(reason);
      return;
    }
    const frame = isBinary ? undefined : this.#parse(data);
    if (frame === undefined) {
      this.close('FRAME_MALFORMED');
      return;
    }
    // A pong is answered out of turn: what waits before it must not make the agent look dead.
    if (frame.type === 'pong') {
      this.#pings?.get(frame.nonce)?.(true);
      return;
    }
    this.#enqueue(frame);
  }

  #enqueue(frame: AgentFrame): void {
    if (this.#queued >= FRAMES_QUEUED_MAX) {
      this.close('FRAME_QUEUE_FULL');
      return;
    }
    if (this.#queued > 0) {
      this.#queued += 1;
      this.#work = this.#work
        .then(() => (this.#closed ? undefined : this.#handle(frame)))
        .finally(() => {
          this.#queued -= 1;
        });
      return;
    }
    const work = this.#handle(frame);
    if (work === undefined) return;
    this.#queued += 1;
    this.#work = work.finally(() => {
      this.#queued -= 1;
    });
  }

  /** What fails is logged, and the next frame is handled all the same. */
  #handle(frame: AgentFrame): Promise<void> | undefined {
    const failed = (error: unknown): void => {
      this.#parts.log.error({ err: error, hostId: this.peer.hostId, frame: frame.type }, 'frame failed');
    };
    try {
      return this.#parts.onFrame(this, frame)?.catch(failed);
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #parse(data: RawData): AgentFrame | undefined {
    try {
      const text = (data as Buffer).toString('utf8');
      const raw: unknown = JSON.parse(text);
      const plain = plainHeartbeat(raw);
      if (plain !== undefined) return plain;
      const parsed = agentFrame.safeParse(raw);
      if (parsed.success) return parsed.data;
      const detail = parsed.error.issues[0]?.message ?? 'unknown';
      this.#parts.log.warn({ hostId: this.peer.hostId, code: 'FRAME_MALFORMED', detail }, 'frame refused');
    } catch (error) {
      this.#parts.log.warn(
        { hostId: this.peer.hostId, code: 'FRAME_MALFORMED', err: error },
        'frame refused',
      );
    }
    return undefined;
  }

  #cutDeaf(): void {
    this.#parts.log.warn({ hostId: this.peer.hostId }, 'agent does not read its channel');
    this.#socket.terminate();
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelPatience?.();
    for (const settle of this.#pings?.values() ?? []) settle(false);
    this.#parts.onClose(this);
  }
}
