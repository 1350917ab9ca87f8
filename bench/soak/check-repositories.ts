import { dataFolderAt } from '@sekisho/agent/data-folder.ts';
import { readIdentity } from '@sekisho/agent/identity/identity-store.ts';
import { createClient } from '@sekisho/core/wire/client.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import { jobId, repositoryName } from '@sekisho/core/wire/scalars.ts';
import { findRestic } from '@sekisho/media/restic/find-restic.ts';
import { runRestic } from '@sekisho/media/restic/run-restic.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { readdir } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import type { RealHost } from './real-hosts.ts';

/** No job of anybody: the owner of a repository is given its password for any. */
const NO_JOB = jobId.parse('0'.repeat(32));

/**
 * `restic check --read-data` over every repository on the media server's disk, with nothing of Sekisho in between. The media server
 * has stopped; the management server runs, as the passwords come from it.
 * @returns how many repositories were checked, and a sentence for each that is not sound
 */
export async function checkRepositories(
  media: RealHost,
  hosts: readonly RealHost[],
  agentPort: number,
): Promise<{ repositories: number; faults: string[] }> {
  const binary = await findRestic(process.env);
  const { repositories: folder } = dataFolderAt(media.dataFolder);
  const found = await readdir(folder);
  const faults: string[] = [];
  let repositories = 0;
  for (const host of hosts) {
    for (const name of found.filter((one) => one.includes(host.hostId))) {
      repositories += 1;
      const password = await passwordOf(host, name, agentPort);
      const { meaning, stderrTail } = await runRestic({
        binary,
        args: ['-r', join(folder, name, 'repository'), 'check', '--read-data', '--no-lock', '--no-cache'],
        env: { RESTIC_PASSWORD: new Secret(password) },
      });
      if (meaning !== 'ok')
        faults.push(`repository ${name} of ${host.name}: ${stderrTail.at(-1) ?? meaning}`);
    }
  }
  return { repositories, faults };
}

async function passwordOf(host: RealHost, name: string, port: number): Promise<string> {
  const identity = await readIdentity(dataFolderAt(host.dataFolder));
  if (identity === undefined) throw new Error(`${host.name} has no certificate`);
  const call = createClient(
    ({ method, path, body }) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            host: '127.0.0.1',
            port,
            method,
            path,
            key: identity.keyPem,
            cert: identity.chainPem,
            headers: { 'content-type': 'application/json' },
            agent: false,
            rejectUnauthorized: false, // the whole domain is made for this run
          },
          (response) => {
            const parts: Buffer[] = [];
            response.on('data', (part: Buffer) => parts.push(part));
            response.once('error', reject);
            response.once('end', () => {
              resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') });
            });
          },
        );
        sent.once('error', reject);
        sent.end(body);
      }),
  );
  const body = { repository: repositoryName.parse(name), jobId: NO_JOB };
  return (await call(getRepositoryPassword, { body })).password;
}
