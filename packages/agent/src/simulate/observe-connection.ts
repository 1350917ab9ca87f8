import { AppError } from '@sekisho/core/errors.ts';
import { postHeartbeat } from '@sekisho/core/wire/agent.ts';
import type { ServerConnection } from '../net/server-connection.ts';

/**
 * The same connection; each call and channel that fails is told by its code, each channel that opens too. A heartbeat that
 * fails is told apart: it goes by this way when the channel did not answer it.
 */
export function observeConnection(
  server: ServerConnection,
  watch: {
    failed: (code: string) => void;
    heartbeatRefused: (code: string) => void;
    channelOpened: () => void;
  },
): ServerConnection {
  let stopped = false;
  const observed = async <T>(work: Promise<T>, isHeartbeat = false): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (stopped) throw error; // what the stop cut off is nobody's refusal
      const code = error instanceof AppError ? error.code : 'INTERNAL';
      watch.failed(code);
      if (isHeartbeat) watch.heartbeatRefused(code);
      throw error;
    }
  };
  const own: Pick<ServerConnection, 'call' | 'reenroll' | 'openChannel' | 'stop'> = {
    call: (route, input) => observed(server.call(route, input), Object.is(route, postHeartbeat)),
    reenroll: (csrDer) => observed(server.reenroll(csrDer)),
    async openChannel() {
      const channel = await observed(server.openChannel());
      watch.channelOpened();
      return channel;
    },
    stop: () => {
      stopped = true;
      server.stop();
    },
  };
  // all else is the connection's own, its getters too
  return new Proxy(server, {
    get: (target, name) => Reflect.get(name in own ? own : target, name) as unknown,
  });
}
