import { Secret } from '@sekisho/platform/secret.ts';
import { encrypt, forgeRepository, parseMasterKey, sha256 } from '@sekisho/testkit/restic-forge.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { MAINTENANCE_MEMORY_BYTES_MIN } from '../limits.ts';
import { findRestic } from '../restic/find-restic.ts';
import { runRestic } from '../restic/run-restic.ts';
import { maintenanceMemoryBytes, ResticSession } from './restic-session.ts';

const GIB = 1024 ** 3;
const BLOCK_BYTES = 128 * 1024;

/** A zstd frame of a few bytes for each 128 KiB that come out of it. @source RFC 8878 §3.1.1 */
function bomb(expandedBytes: number): Buffer {
  const blocks = Array.from({ length: expandedBytes / BLOCK_BYTES }, (_, at) => {
    const isLast = (at + 1) * BLOCK_BYTES === expandedBytes;
    const header = (BLOCK_BYTES << 3) | (1 << 1) | (isLast ? 1 : 0); // a run of one byte
    return Buffer.from([header & 255, (header >> 8) & 255, header >> 16, 0x20]);
  });
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38]), ...blocks]);
}

test(
  'P-02 a forged snapshot that expands to gigabytes ends restic at its limit of memory, and says so',
  { skip: !existsSync('/usr/bin/prlimit') },
  async (t) => {
    const folder = await tempFolder(t);
    const { config, key } = forgeRepository('password');
    for (const type of ['data', 'index', 'keys', 'locks', 'snapshots']) await mkdir(join(folder, type));
    await writeFile(join(folder, 'config'), config);
    await writeFile(join(folder, 'keys', key.id), key.bytes);
    const access = {
      binary: await findRestic(process.env),
      repositoryUrl: new Secret(folder),
      password: new Secret('password'),
    };
    const lines: string[] = [];
    await runRestic({
      binary: access.binary,
      args: ['cat', 'masterkey', '--no-lock', '--no-cache'],
      env: { RESTIC_REPOSITORY: access.repositoryUrl, RESTIC_PASSWORD: access.password },
      onLine: (line) => lines.push(line),
    });
    const master = parseMasterKey(lines.join(''));
    const forged = encrypt(master, Buffer.concat([Buffer.from([2]), bomb(2 * GIB)]));
    assert.ok(forged.length < 100_000);
    await writeFile(join(folder, 'snapshots', sha256(forged)), forged);
    const session = new ResticSession({
      ...access,
      credentials: new Secret('credentials'),
      keyHint: key.id,
      memoryBytesMax: MAINTENANCE_MEMORY_BYTES_MIN,
      signal: new AbortController().signal,
    });
    const read = () => session.require(['snapshots', '--json', '--no-lock']);
    await assert.rejects(read(), (error: { code?: string; params?: Record<string, unknown> }) => {
      assert.equal(error.code, 'RESTIC_FAILED');
      assert.match(String(error.params?.['detail']), /^out of memory: the limit is 1024 MiB$/);
      return true;
    });
  },
);

test('P-02 maintenance may take a quarter of the memory, and never less than it needs', () => {
  assert.equal(maintenanceMemoryBytes(64 * GIB), 16 * GIB);
  assert.equal(maintenanceMemoryBytes(GIB), MAINTENANCE_MEMORY_BYTES_MIN);
  assert.ok(Number.isFinite(maintenanceMemoryBytes()));
});
