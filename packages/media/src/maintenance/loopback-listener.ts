import type { RepositoryName } from '@sekisho/core/ids.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { listen } from '@sekisho/platform/ports.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseTarget } from '../http/parse-target.ts';
import { sendProblem, toAppError } from '../http/send-problem.ts';
import { serveRepository } from '../http/serve-repository.ts';
import type { MediaStore } from '../store/media-store.ts';
import type { Caller } from '../store/repository.ts';

const CREDENTIAL_BYTES = 24;
const LOOPBACK = '127.0.0.1';

/** A plain-HTTP listener for one maintenance run: loopback only, one repository, random credentials, gone afterwards. */
export interface LoopbackListener {
  /** restic's repository address, credentials included: for the environment, never an argument. */
  readonly repositoryUrl: Secret;
  /** What must not show in a log. */
  readonly credentials: Secret;
  close(): Promise<void>;
}

/** Opens the listener. */
export async function openLoopback(
  store: MediaStore,
  repository: RepositoryName,
  caller: Caller,
): Promise<LoopbackListener> {
  const user = Buffer.from(store.random.bytes(CREDENTIAL_BYTES)).toString('hex');
  const password = Buffer.from(store.random.bytes(CREDENTIAL_BYTES)).toString('hex');
  const wanted = digest(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.on('error', () => undefined);
    try {
      if (!timingSafeEqual(digest(request.headers.authorization ?? ''), wanted))
        throw new AppError('PEER_CERTIFICATE_MISSING');
      const target = parseTarget(request.url ?? '');
      if (target.repository !== repository)
        throw new AppError('REPOSITORY_OTHER_HOST', { repository: target.repository });
      await serveRepository({ store, request, response, caller }, target);
    } catch (error) {
      sendProblem(request, response, toAppError(error));
    }
  };
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      store.log.error({ error }, 'maintenance request failed');
      response.destroy();
    });
  });
  const port = await listen(server, { host: LOOPBACK, port: 0, flag: '' });
  return {
    repositoryUrl: new Secret(`rest:http://${user}:${password}@${LOOPBACK}:${port}/${repository}/`),
    credentials: new Secret(password),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
