import { AppError } from '@sekisho/core/errors.ts';
import type { Random } from '@sekisho/core/time.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';

export const KEK_FILE = 'kek';
export const KEK_BYTES = 32;
/** Name of the systemd credential (`LoadCredential=sekisho-kek:…`). */
export const KEK_CREDENTIAL = 'sekisho-kek';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the key-encryption key is: SEKISHO_KEK_FILE, else the systemd credential, else the data folder (T-07). */
export async function kekPath(
  dataFolder: string,
  environment: Environment,
): Promise<{ path: string; external: boolean }> {
  const named = environment['SEKISHO_KEK_FILE'];
  if (named !== undefined && named !== '') return { path: named, external: true };
  const credentials = environment['CREDENTIALS_DIRECTORY'];
  if (credentials !== undefined && credentials !== '') {
    const path = join(credentials, KEK_CREDENTIAL);
    if (await exists(path)) return { path, external: true };
  }
  return { path: join(dataFolder, KEK_FILE), external: false };
}

/** Reads the key-encryption key. Refusals: KEK_MISSING, KEK_EXPOSED (others can read it), KEK_INVALID. */
export async function readKek(dataFolder: string, environment: Environment): Promise<Secret<Uint8Array>> {
  const { path } = await kekPath(dataFolder, environment);
  return readKekFile(path);
}

/** The same, of a file that is named. */
export async function readKekFile(path: string): Promise<Secret<Uint8Array>> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw new AppError('KEK_MISSING', { path }, { cause: error });
  }
  try {
    // asked of the open file: nobody can put another one there in between
    const { mode, size } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new AppError('KEK_EXPOSED', { path });
    if (size !== KEK_BYTES) throw new AppError('KEK_INVALID', { path });
    const bytes = await file.readFile();
    if (bytes.length !== KEK_BYTES) throw new AppError('KEK_INVALID', { path });
    return new Secret<Uint8Array>(bytes);
  } finally {
    await file.close();
  }
}

/** At initialisation: the key that is there already (or given from outside), else a new one in the data folder. */
export async function ensureKek(
  dataFolder: string,
  environment: Environment,
  random: Random,
): Promise<Secret<Uint8Array>> {
  const { path, external } = await kekPath(dataFolder, environment);
  if (!external && !(await exists(path))) await writeDurably(path, random.bytes(KEK_BYTES), { mode: 0o600 });
  return readKekFile(path);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
