import { AppError } from '@sekisho/core/errors.ts';
import { CLOCK_SKEW_MAX_MS } from '@sekisho/core/limits.ts';
import { heartbeatWaitMs } from '@sekisho/core/rules/heartbeat.ts';
import { SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import {
  postHeartbeat,
  postSpool,
  type Heartbeat,
  type HeartbeatReply,
  type ServerFrame,
} from '@sekisho/core/wire/agent.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { HealthBoard } from '../health.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import type { Spool } from '../spool/spool.ts';
import { startChannel, type Channel } from './channel.ts';

/** A heartbeat or a spool frame that is not answered on the channel within this means that the channel is dead. */
export const ANSWER_MAX_MS = 20 * SECOND_MS;
/** A heartbeat waits so long for a channel that is being opened: one connection then does for both. */
export const CHANNEL_AWAITED_MAX_MS = 10 * SECOND_MS;
/** After a failed attempt to send what is spooled. */
const SPOOL_RETRY_MS = 15 * SECOND_MS;
/** When no policy has come yet. */
export const HEARTBEAT_DEFAULT_SECONDS = 300;

export interface Heart {
  readonly channel: Channel;
  /** One heartbeat now; rejects when it was not answered. */
  beat(): Promise<void>;
  /** Something that is echoed has changed: tell it soon. */
  beatSoon(): void;
  /** The period or the mode may have changed. */
  policyChanged(): void;
  stop(): Promise<void>;
}

/**
 * The agent's contact with its server (F-02, F-03): heartbeats at their period, on the channel when it is open and by HTTPS
 * POST when not, and what is spooled, likewise.
 */
export function startHeart(options: {
  server: ServerConnection;
  spool: Spool;
  heartbeat: () => Heartbeat;
  period: () => { seconds: number; mode: 'push' | 'pull' };
  /** `said`: the heartbeat that it answers. */
  onReply: (reply: HeartbeatReply, said: Heartbeat) => void;
  onCome: (
    frame: Extract<ServerFrame, { type: 'come' | 'job.offer' | 'job.cancel' | 'names' | 'renewal' }>,
  ) => void;
  health: HealthBoard;
  clock: Clock;
  random: Random;
  log: Log;
}): Heart {
  const { server, spool, health, clock, random, log } = options;
  const stopping = new AbortController();
  let wake = new AbortController();
  let sequence = 0;
  /** Who waits for which answer of the channel. */
  const waiting = new Map<
    number,
    { answer: (reply: HeartbeatReply) => void; fail: (error: Error) => void }
  >();
  let spoolAnswer: ((spoolIds: readonly string[] | undefined) => void) | undefined;
  let sending: Promise<void> | undefined;
  let wakeSending = new AbortController();

  const channel = startChannel({
    server,
    onRefused(error) {
      if (error instanceof AppError && error.code === 'CHANNEL_CLONE') health.set('channel-clone', true);
    },
    onOpen() {
      if (!awaitsChannel) beatSoon();
      send();
    },
    onClosed() {
      for (const { fail } of waiting.values()) fail(new Error('the channel closed'));
      waiting.clear();
      spoolAnswer?.(undefined);
    },
    onFrame(frame) {
      switch (frame.type) {
        case 'heartbeat.reply':
          // Only now: a channel that is refused for a clone's sake is open for a moment too.
          health.set('channel-clone', false);
          waiting.get(frame.seq)?.answer(frame.body);
          waiting.delete(frame.seq);
          break;
        case 'spool.ack':
          spoolAnswer?.(frame.spoolIds);
          break;
        case 'ping':
          channel.send({ type: 'pong', nonce: frame.nonce });
          break;
        case 'come':
        case 'job.offer':
        case 'job.cancel':
        case 'names':
        case 'renewal':
          options.onCome(frame);
          break;
      }
    },
    clock,
    random,
    log,
  });

  function ask(body: Heartbeat): Promise<HeartbeatReply> | undefined {
    sequence += 1;
    const seq = sequence;
    if (!channel.send({ type: 'heartbeat', seq, body })) return undefined;
    return new Promise((resolve, reject) => {
      const cancel = clock.timer(ANSWER_MAX_MS, () => {
        waiting.delete(seq);
        channel.reconnect();
        reject(new Error('no answer on the channel'));
      });
      waiting.set(seq, {
        answer: (reply) => {
          cancel();
          resolve(reply);
        },
        fail: (error) => {
          cancel();
          reject(error);
        },
      });
    });
  }

  /** A heartbeat waits for the channel, and goes over it as soon as it is open. */
  let awaitsChannel = false;
  async function untilOpened(opening: Promise<void>): Promise<void> {
    const given = new AbortController();
    awaitsChannel = true;
    try {
      const either = AbortSignal.any([stopping.signal, given.signal]);
      await Promise.race([opening, clock.sleep(CHANNEL_AWAITED_MAX_MS, either)]);
    } finally {
      awaitsChannel = false;
      given.abort();
    }
  }

  async function beat(): Promise<void> {
    if (channel.opening !== undefined) await untilOpened(channel.opening);
    const body = options.heartbeat();
    let reply: HeartbeatReply | undefined;
    try {
      reply = await ask(body);
    } catch (error) {
      log.warn({ err: error }, 'the channel did not answer: asking by POST');
    }
    reply ??= await server.call(postHeartbeat, { body });
    if (server.isVerified) {
      const skewMs = Math.abs(reply.nowMs - clock.nowMs());
      health.set('clock-skew', skewMs > CLOCK_SKEW_MAX_MS, `${Math.round(skewMs / SECOND_MS)} s`);
    }
    options.onReply(reply, body);
    if (spool.size > 0) send();
    server.lookForDirect();
  }

  let soon = false;
  function beatSoon(): void {
    soon = true;
    wake.abort();
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      soon = false;
      const { seconds, mode } = options.period();
      channel.setWanted(mode === 'push' && server.isVerified);
      try {
        await beat();
      } catch (error) {
        log.warn({ err: error }, 'no heartbeat was answered');
      }
      if (soon) continue;
      if (server.betterIsReady() && channel.isOpen) channel.reconnect();
      const waitMs = heartbeatWaitMs(seconds, random.fraction());
      await clock.sleep(waitMs, AbortSignal.any([stopping.signal, wake.signal]));
    }
  }

  /** Sends batch after batch until nothing waits, or nobody takes it. F-20: to nobody who is not verified, reports wait. */
  function send(): void {
    if (stopping.signal.aborted || !server.isVerified) return;
    if (sending !== undefined) {
      wakeSending.abort();
      return;
    }
    sending = sendAll().finally(() => {
      sending = undefined;
    });
  }

  async function sendAll(): Promise<void> {
    while (!stopping.signal.aborted && server.isVerified) {
      try {
        const items = await spool.batch();
        if (items.length === 0) return;
        crashPoint('spool.before-send');
        const taken = await deliver(items);
        await spool.acknowledge(taken);
        if (taken.length > 0) continue;
      } catch (error) {
        // The network, the server or our own disk: what waits stays, and is sent again.
        log.warn({ err: error, waiting: spool.size }, 'what is spooled could not be sent');
      }
      wakeSending = new AbortController();
      await clock.sleep(SPOOL_RETRY_MS, AbortSignal.any([stopping.signal, wakeSending.signal]));
    }
  }

  async function deliver(items: Parameters<Spool['put']>[0][]): Promise<readonly string[]> {
    if (channel.send({ type: 'spool', items })) {
      const answer = await new Promise<readonly string[] | undefined>((resolve) => {
        const cancel = clock.timer(ANSWER_MAX_MS, () => {
          done(undefined);
        });
        const done = (spoolIds: readonly string[] | undefined): void => {
          cancel();
          spoolAnswer = undefined;
          resolve(spoolIds);
        };
        spoolAnswer = done;
      });
      if (answer !== undefined) return answer;
    }
    return (await server.call(postSpool, { body: { items } })).spoolIds;
  }

  spool.onPut(send);
  const running = run();

  return {
    channel,
    beat,
    beatSoon,
    policyChanged() {
      const { mode } = options.period();
      channel.setWanted(mode === 'push' && server.isVerified);
      beatSoon();
    },
    async stop() {
      stopping.abort();
      wakeSending.abort();
      await channel.stop();
      await running;
      await sending;
    },
  };
}
