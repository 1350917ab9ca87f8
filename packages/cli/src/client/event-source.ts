import { AppError } from '@sekisho/core/errors.ts';
import { parseEvent, streamEvents, type EventTopic, type StreamEvent } from '@sekisho/core/wire/events.ts';
import { pathOf } from '@sekisho/core/wire/client.ts';
import { createParser } from 'eventsource-parser';
import type { IncomingMessage } from 'node:http';
import type { Cli } from '../cli.ts';
import type { ServerConnection } from './open-server.ts';

/** A stream that broke is opened again after this, later and later. */
const REOPEN_MS = 1_000;
const REOPEN_MAX_MS = 30_000;

/** Events as they come, for as long as somebody looks. */
export interface EventFollower {
  /** True while a stream is open: what changes is heard at once. */
  readonly isOpen: boolean;
  close(): void;
}

/**
 * Follows topics over a connection, opens the stream again when it breaks, and goes on after the last event. Whoever cannot
 * follow (an older server, a missing right) is told by `isOpen` and asks by itself, again and again.
 */
export function followEvents(
  cli: Cli,
  connection: Pick<ServerConnection, 'stream'>,
  topics: readonly EventTopic[],
  onEvent: (event: StreamEvent) => void,
): EventFollower {
  const state = { isOpen: false, closed: false, lastId: undefined as string | undefined };
  const ended = new AbortController();
  let response: IncomingMessage | undefined;

  const once = async (): Promise<void> => {
    const path = pathOf(streamEvents, { query: { topics: topics.join(',') } });
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (state.lastId !== undefined) headers['last-event-id'] = state.lastId;
    response = await connection.stream(path, headers);
    if (state.closed) {
      response.destroy();
      return;
    }
    state.isOpen = true;
    await readEvents(response, (event) => {
      state.lastId = event.id ?? state.lastId;
      onEvent(event);
    });
  };
  const run = async (): Promise<void> => {
    for (let waitMs = REOPEN_MS; !state.closed; waitMs = Math.min(waitMs * 2, REOPEN_MAX_MS)) {
      // who follows also asks by itself: a stream that cannot be had is no failure
      const refused = await once().then(
        () => false,
        (error: unknown) => error instanceof AppError && error.status < 500,
      );
      if (refused) return;
      if (state.isOpen) waitMs = REOPEN_MS;
      state.isOpen = false;
      if (!state.closed) await cli.io.clock.sleep(waitMs, ended.signal).catch(() => undefined);
    }
  };
  void run();
  return {
    get isOpen() {
      return state.isOpen;
    },
    close: () => {
      state.closed = true;
      ended.abort();
      response?.destroy();
    },
  };
}

/** Reads a stream to its end. What a newer server says and we don't know is left out. */
function readEvents(response: IncomingMessage, onEvent: (event: StreamEvent) => void): Promise<void> {
  const parser = createParser({
    onEvent: ({ event = '', id, data }) => {
      const parsed = parseEvent(event, id, data);
      if (parsed !== undefined) onEvent(parsed);
    },
  });
  return new Promise((resolve) => {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      try {
        parser.feed(chunk);
      } catch {
        response.destroy(); // not events as we know them
      }
    });
    response.once('close', () => {
      resolve();
    });
    response.on('error', () => undefined);
  });
}
