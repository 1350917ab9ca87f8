import { AppError } from '@sekisho/core/errors.ts';
import { SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import {
  CHANNEL_CLONE_CLOSE_CODE,
  serverFrame,
  type AgentFrame,
  type ServerFrame,
} from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { WebSocket } from 'ws';
import type { ServerConnection } from '../net/server-connection.ts';

/** The first wait after a channel broke; it doubles up to the second, with jitter, so that a fleet spreads (F-03). */
export const RECONNECT_MIN_MS = SECOND_MS;
export const RECONNECT_MAX_MS = 60 * SECOND_MS;
/**
 * A channel that was open for so long held: the waits begin anew. One that the server ends at once (a clone, a frame that it
 * does not understand) did not, and a fleet of those must not come back every second.
 */
export const HELD_MS = 10 * SECOND_MS;
/** Frames that wait in the socket's buffer: more, and progress is dropped rather than queued. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024;

export interface Channel {
  readonly isOpen: boolean;
  /** While it is being opened: resolves when it is open, could not be opened, or is wanted no more. */
  readonly opening: Promise<void> | undefined;
  /** Sends when it is open; false when it is not, or too much waits. */
  send(frame: AgentFrame): boolean;
  /** Closes and opens again: after a renewal, for a better server. */
  reconnect(): void;
  /** Opens or closes for good, as the policy's mode says. */
  setWanted(wanted: boolean): void;
  stop(): Promise<void>;
}

/** Push mode (F-03): one WebSocket that is kept open. Frames that are not understood are logged and dropped. */
export function startChannel(options: {
  server: ServerConnection;
  onOpen: () => void;
  onRefused: (error: unknown) => void;
  onFrame: (frame: ServerFrame) => void;
  onClosed: () => void;
  clock: Clock;
  random: Random;
  log: Log;
}): Channel {
  const { server, clock, random, log } = options;
  const stopping = new AbortController();
  let wanted = false;
  let socket: WebSocket | undefined;
  let wake: AbortController = new AbortController();
  let attempts = 0;
  /** An attempt to open it: begun as soon as it is wanted, over when it is open or was refused. */
  let opening: PromiseWithResolvers<void> | undefined;
  const begin = (): void => {
    opening ??= Promise.withResolvers();
  };
  const settle = (): void => {
    opening?.resolve();
    opening = undefined;
  };

  /** Resolves with the close code when the socket has closed. */
  function serve(webSocket: WebSocket): Promise<number> {
    return new Promise((resolve) => {
      webSocket.on('message', (data, isBinary) => {
        const frame = isBinary ? undefined : parseFrame(data.toString());
        if (frame === undefined) log.warn('a frame was not understood');
        else options.onFrame(frame);
      });
      webSocket.on('error', (error) => {
        log.warn({ err: error }, 'the channel broke');
      });
      webSocket.once('close', (code) => {
        log.info({ code }, 'the channel is closed');
        resolve(code);
      });
      webSocket.resume();
      options.onOpen();
    });
  }

  async function connectOnce(): Promise<void> {
    const webSocket = await server.openChannel();
    if (!wanted || stopping.signal.aborted) {
      webSocket.terminate();
      return;
    }
    const openedMs = clock.monotonicMs();
    socket = webSocket;
    settle();
    log.info({ server: server.server?.key }, 'the channel is open');
    let code: number;
    try {
      code = await serve(webSocket);
    } finally {
      socket = undefined;
      options.onClosed();
    }
    if (clock.monotonicMs() - openedMs >= HELD_MS) attempts = 0;
    if (code !== CHANNEL_CLONE_CLOSE_CODE) return;
    throw new AppError('CHANNEL_CLONE');
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      const either = AbortSignal.any([stopping.signal, wake.signal]);
      if (!wanted) {
        settle();
        await clock.sleep(RECONNECT_MAX_MS, either);
        continue;
      }
      try {
        begin();
        await connectOnce();
      } catch (error) {
        log.warn({ err: error }, 'the channel could not be opened');
        options.onRefused(error);
      }
      // wanted anew by ourselves: that is no failure
      if (wake.signal.aborted) continue;
      settle();
      // A channel that held is followed by a quick new one; one that did not, by a growing wait.
      const waitMs = Math.min(RECONNECT_MIN_MS * 2 ** Math.min(attempts, 10), RECONNECT_MAX_MS);
      attempts += 1;
      await clock.sleep(waitMs * (0.5 + random.fraction() / 2), either);
    }
    settle();
  }
  const running = run();

  return {
    get isOpen() {
      return socket !== undefined;
    },
    get opening() {
      return opening?.promise;
    },
    send(frame) {
      if (socket === undefined || socket.readyState !== socket.OPEN) return false;
      if (socket.bufferedAmount > BUFFERED_BYTES_MAX) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    reconnect() {
      if (wanted) begin();
      wake.abort();
      socket?.close(1000);
    },
    setWanted(next) {
      if (wanted === next) return;
      wanted = next;
      if (next) begin();
      else settle();
      wake.abort();
      if (!next) socket?.close(1000);
    },
    async stop() {
      stopping.abort();
      socket?.terminate();
      await running;
    },
  };
}

function parseFrame(text: string): ServerFrame | undefined {
  try {
    const parsed = serverFrame.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
