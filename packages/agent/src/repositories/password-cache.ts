import { AppError } from '@sekisho/core/errors.ts';
import { parseRepositoryName, type JobId, type RepositoryName } from '@sekisho/core/ids.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import { openSecret, sealSecret } from '@sekisho/pki/envelope.ts';
import { privateKeyFromPem } from '@sekisho/pki/keys.ts';
import { makePrivateFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hkdfSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '../identity/identity-store.ts';
import type { ServerConnection } from '../net/server-connection.ts';
import { isMissing } from '../settings.ts';

/**
 * Passwords of this host's own repositories. The management server is asked each time; while it can't be reached, the copy
 * here serves, so that a day without the server loses no scheduled run (P-12). The copy is encrypted with a key that is
 * derived from the host's private key: whoever has that could ask the server as well.
 */
export interface RepositoryPasswords {
  get(repository: RepositoryName, jobId: JobId): Promise<Secret>;
  /** Of another host's repository, for one granted job: asked each time, and kept nowhere (P-14). */
  once(repository: RepositoryName, jobId: JobId): Promise<Secret>;
  /** The key has changed: every copy is sealed anew. Never rejects: a copy that is lost is asked for again. */
  identityChanged(before: Identity): Promise<void>;
}

export function createRepositoryPasswords(options: {
  folder: string;
  server: ServerConnection;
  identity: () => Identity;
  log: Log;
}): RepositoryPasswords {
  const { folder, server, identity, log } = options;
  const known = new Map<RepositoryName, Secret>();

  async function keep(repository: RepositoryName, password: Secret): Promise<void> {
    if (known.get(repository)?.reveal() === password.reveal()) return;
    try {
      await store(repository, password);
      known.set(repository, password);
    } catch (error) {
      // A full disk: the run that has the password goes on, and the next one tries to keep it.
      log.warn({ err: error, repository }, 'the password could not be stored');
    }
  }
  async function store(repository: RepositoryName, password: Secret): Promise<void> {
    await makePrivateFolder(folder);
    const sealed = sealSecret(sealingKey(identity()), Buffer.from(password.reveal()), contextOf(repository));
    await writeDurably(join(folder, `${repository}.sealed`), sealed);
  }
  async function recall(repository: RepositoryName, owner = identity()): Promise<Secret | undefined> {
    const held = known.get(repository);
    if (held !== undefined) return held;
    try {
      const sealed = await readFile(join(folder, `${repository}.sealed`), 'utf8');
      const plain = openSecret(sealingKey(owner), sealed, contextOf(repository));
      return new Secret(Buffer.from(plain).toString('utf8'));
    } catch (error) {
      if (!isMissing(error)) log.warn({ err: error, repository }, 'the stored password cannot be opened');
      return undefined;
    }
  }

  const ask = async (repository: RepositoryName, jobId: JobId): Promise<Secret> =>
    new Secret((await server.call(getRepositoryPassword, { body: { repository, jobId } })).password);

  return {
    once: ask,
    async get(repository, jobId) {
      try {
        const password = await ask(repository, jobId);
        await keep(repository, password);
        return password;
      } catch (error) {
        if (!(error instanceof AppError) || !IS_AWAY.has(error.code)) throw error;
        const held = await recall(repository);
        if (held === undefined) throw error;
        log.info({ repository }, 'the server is away: the stored password is used');
        return held;
      }
    },
    async identityChanged(before) {
      for (const name of await readdir(folder).catch(() => [])) {
        const repository = parseRepositoryName(/^(.+)\.sealed$/.exec(name)?.[1] ?? '');
        if (repository === undefined) continue;
        const password = await recall(repository, before);
        known.delete(repository);
        if (password !== undefined) await keep(repository, password);
      }
    },
  };
}

/** The server answered nothing, or nothing that it decided: any other refusal is its word. */
const IS_AWAY: ReadonlySet<string> = new Set([
  'SERVER_UNREACHABLE',
  'SERVER_REPLY_UNUSABLE',
  'SERVER_STOPPING',
  'INTERNAL',
  // F-20: nobody is asked who is not verified
  'VERIFICATION_OFF',
]);

const contextOf = (repository: RepositoryName): string => `sekisho repository ${repository}`;

/** @source RFC 5869 */
function sealingKey(identity: Identity): Uint8Array {
  const key = privateKeyFromPem(identity.keyPem).export({ format: 'der', type: 'pkcs8' });
  return new Uint8Array(hkdfSync('sha256', key, 'sekisho', 'repository passwords', 32));
}
