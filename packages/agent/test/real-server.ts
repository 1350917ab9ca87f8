import { createClient, type Caller } from '@sekisho/core/wire/client.ts';
import { createToken } from '@sekisho/core/wire/trust.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog, type Log } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { initServer, startServer, type RunningServer } from '@sekisho/server/main.ts';
import { request } from 'node:http';
import { join } from 'node:path';

/** A real management server in a folder of the test's, and a caller on its Unix socket. */
export interface RealServer {
  readonly server: RunningServer;
  readonly caFingerprint: string;
  readonly call: Caller;
  token(wish?: { media?: boolean; reissueFor?: string }): Promise<Secret>;
  stop(): Promise<void>;
}

export async function startRealServer(
  folder: string,
  clock: Clock,
  log: Log = silentLog(),
): Promise<RealServer> {
  const dataFolder = join(folder, 'server');
  const init = await initServer({
    dataFolder,
    name: 'Test',
    clock,
    random: systemRandom,
    addresses: ['127.0.0.1'],
  });
  return reopen(dataFolder, init.caFingerprint, clock, log);
}

/** Starts what `startRealServer` stopped. */
export async function reopen(
  dataFolder: string,
  caFingerprint: string,
  clock: Clock,
  log: Log = silentLog(),
  agentPort = 0,
): Promise<RealServer> {
  const server = await startServer({
    dataFolder,
    listen: '127.0.0.1',
    agentPort,
    adminPort: 0,
    httpPort: 0,
    clock,
    random: systemRandom,
    log,
  });
  const call = createClient(
    ({ method, path, body }) =>
      new Promise((resolve, reject) => {
        const outgoing = request(
          {
            socketPath: server.socketPath,
            method,
            path,
            headers: body === undefined ? {} : { 'content-type': 'application/json' },
          },
          (incoming) => {
            let text = '';
            incoming.on('data', (part: Buffer) => {
              text += part.toString();
            });
            incoming.on('end', () => {
              resolve({ status: incoming.statusCode ?? 0, body: text });
            });
          },
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
  );
  return {
    server,
    caFingerprint,
    call,
    async token(wish = {}) {
      const made = await call(createToken, {
        body: { name: 'test', media: wish.media ?? false, reissueFor: wish.reissueFor ?? null },
      });
      return new Secret(made.token);
    },
    stop: () => server.stop(),
  };
}
