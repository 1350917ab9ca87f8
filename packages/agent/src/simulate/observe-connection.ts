import { AppError } from '@sekisho/core/errors.ts';
import type { ServerConnection } from '../net/server-connection.ts';

/** The same connection; each call and channel that fails is told by its code, each channel that opens too. */
export function observeConnection(
  server: ServerConnection,
  watch: { failed: (code: string) => void; channelOpened: () => void },
): ServerConnection {
  const observed = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      watch.failed(error instanceof AppError ? error.code : 'INTERNAL');
      throw error;
    }
  };
  return {
    call: (route, input) => observed(server.call(route, input)),
    reenroll: (csrDer) => observed(server.reenroll(csrDer)),
    async openChannel() {
      const channel = await observed(server.openChannel());
      watch.channelOpened();
      return channel;
    },
    restsUntilMs: () => server.restsUntilMs(),
    betterIsReady: () => server.betterIsReady(),
    get server() {
      return server.server;
    },
    lookForDirect: () => {
      server.lookForDirect();
    },
    get via() {
      return server.via;
    },
    publicTarget: (httpPort) => server.publicTarget(httpPort),
    relayed: () => server.relayed(),
    openRelay: (to, clientAddress, signal) => server.openRelay(to, clientAddress, signal),
    get lastContactMs() {
      return server.lastContactMs;
    },
    get lastError() {
      return server.lastError;
    },
    identityChanged: () => {
      server.identityChanged();
    },
    stop: () => {
      server.stop();
    },
  };
}
