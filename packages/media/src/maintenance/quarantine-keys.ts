import { AppError } from '@sekisho/core/errors.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { listObjects } from '../store/list-objects.ts';
import type { Repository } from '../store/repository.ts';
import { moveToTrash } from '../store/trash.ts';
import type { QuarantineRun } from './quarantine.ts';

/** restic itself stays below 64 MiB; what asks for more is there to exhaust memory. */
const SCRYPT_BYTES_MAX = 256 * 1024 * 1024;
const SCRYPT_PARALLEL_MAX = 64;
const SALT_BYTES = 64;

const keyFile = z
  .object({
    kdf: z.literal('scrypt'),
    N: z.int().min(2),
    r: z.int().min(1),
    p: z.int().min(1).max(SCRYPT_PARALLEL_MAX),
    salt: z.base64().refine((salt) => Buffer.from(salt, 'base64').length === SALT_BYTES),
    data: z.base64().min(44),
  })
  .refine(({ N, r }) => Number.isInteger(Math.log2(N)) && 128 * N * r <= SCRYPT_BYTES_MAX);

/**
 * Moves key files that no restic made out of the way: restic gives up at the first one that is malformed, and one with
 * huge parameters exhausts memory. A well-formed key of another password only costs a try.
 * @throws AppError MAINTENANCE_CHECK_FAILED when no key would be left
 */
export async function quarantineMalformedKeys(repository: Repository, run: QuarantineRun): Promise<string[]> {
  const malformed: string[] = [];
  let sound = 0;
  for await (const { id } of listObjects(repository, 'keys')) {
    if (await isKeyFile(repository.path({ type: 'keys', id }))) sound += 1;
    else malformed.push(id);
  }
  if (sound === 0)
    throw new AppError('MAINTENANCE_CHECK_FAILED', { repository: repository.name, detail: 'no usable key' });
  for (const id of malformed)
    await moveToTrash(repository, { type: 'keys', id }, { ...run, kind: 'quarantined' });
  return malformed;
}

async function isKeyFile(path: string): Promise<boolean> {
  try {
    return keyFile.safeParse(JSON.parse(await readFile(path, 'utf8'))).success;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
