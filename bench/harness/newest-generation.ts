import { getPublicBundle } from '@sekisho/core/wire/agent.ts';
import { request } from 'node:https';
import { z } from 'zod';

const payload = z.object({ serial: z.int() });

/** Which generation of the trust bundle the server gives out now, to anybody who asks. */
export async function newestGeneration(agentPort: number): Promise<number> {
  const body = await new Promise<string>((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: agentPort,
        path: getPublicBundle.path,
        agent: false,
        rejectUnauthorized: false, // the whole domain is made for this run
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('error', reject);
        response.once('end', () => {
          resolve(Buffer.concat(parts).toString('utf8'));
        });
      },
    );
    sent.once('error', reject);
    sent.end();
  });
  const { jws } = getPublicBundle.reply.parse(JSON.parse(body));
  const [, encoded = ''] = jws.split('.');
  return payload.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'))).serial;
}
