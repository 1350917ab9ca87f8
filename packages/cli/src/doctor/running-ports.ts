import { createClient } from '@sekisho/core/wire/client.ts';
import { getDomain } from '@sekisho/core/wire/trust.ts';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

const ANSWER_MAX_MS = 5_000;

/**
 * The ports that a running server has bound, from itself: it may have been started with others than its settings say. Undefined when it
 * does not tell.
 */
export async function runningPorts(
  socketPath: string,
): Promise<{ agentPort: number; adminPort: number; httpPort: number } | undefined> {
  const call = createClient(
    ({ method, path }) =>
      new Promise((resolve, reject) => {
        const sent = request({ socketPath, method, path, timeout: ANSWER_MAX_MS }, (response) => {
          text(response).then((body) => {
            resolve({ status: response.statusCode ?? 0, body });
          }, reject);
        });
        sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
        sent.once('error', reject);
        sent.end();
      }),
  );
  return call(getDomain).then(
    ({ addresses: [first] }) => first,
    () => undefined,
  );
}
