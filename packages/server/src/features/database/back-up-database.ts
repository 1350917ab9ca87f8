import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { makePrivateFolder, syncFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { backUpPostgres } from '../../store/back-up-postgres.ts';
import { parseDatabaseAddress, type DatabaseAddress } from '../../store/database-address.ts';
import { MIGRATIONS_TABLE_SQL } from '../../store/migrate.ts';
import { readMigrations } from '../../store/migrations.ts';
import { connectPostgres } from '../../store/postgres-servers.ts';
import { translatePostgresError } from '../../store/postgres-errors.ts';
import { backupStem, type BackupManifest } from './backup-files.ts';
import type { VacuumAnswer, VacuumRequest } from './vacuum-worker.ts';

/** How often the size of a copy that grows is looked at, for its progress. */
const PROGRESS_EVERY_MS = 200;

export interface BackupWish {
  /** `sqlite:/absolute/file` or `postgres://…` */
  readonly database: string;
  readonly folder: string;
  readonly domainId: string;
  readonly schemaVersion: number;
  readonly automatic: boolean;
  readonly clock: Clock;
  readonly progress?: (done: number, total: number | null) => void;
  readonly signal?: AbortSignal;
}

/**
 * Copies the database as of one moment into a new file of the folder, while the server goes on; reads the copy back; writes
 * its manifest last. It holds all of the domain but the key-encryption key, without which nobody can use it.
 * Refusals: DATABASE_COPY_FAILED, DATABASE_BACKUP_DAMAGED, and those of the connection.
 */
export async function backUpDatabase(wish: BackupWish): Promise<BackupManifest> {
  const address = parseDatabaseAddress(wish.database);
  const nowMs = wish.clock.nowMs();
  const file = `${backupStem(nowMs)}.${address.dialect === 'sqlite' ? 'sqlite' : 'sql'}`;
  try {
    await makePrivateFolder(wish.folder);
    const facts =
      address.dialect === 'sqlite'
        ? await copySqlite(address.path, join(wish.folder, file), wish)
        : await copyPostgres(address, file, wish);
    crashPoint('database-backup.before-manifest');
    const manifest: BackupManifest = {
      version: 1,
      file,
      dialect: address.dialect,
      schemaVersion: wish.schemaVersion,
      domainId: wish.domainId,
      createdAtMs: nowMs,
      automatic: wish.automatic,
      ...facts,
    };
    await writeDurably(
      join(wish.folder, file.replace(/\.\w+$/, '.json')),
      `${JSON.stringify(manifest, null, 2)}\n`,
    );
    return manifest;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('DATABASE_COPY_FAILED', { folder: wish.folder }, { cause: error });
  }
}

type Facts = Pick<BackupManifest, 'bytes' | 'sha256' | 'rows'>;

async function copySqlite(source: string, target: string, wish: BackupWish): Promise<Facts> {
  const temporary = `${target}.tmp`;
  await rm(temporary, { force: true });
  const total = await sizeOf(source);
  const watch = setInterval(() => {
    void sizeOf(temporary).then((done) => wish.progress?.(Math.min(done, total), total));
  }, PROGRESS_EVERY_MS);
  watch.unref();
  try {
    const answer = await askWorker({ source, target: temporary }, wish.signal);
    if (!answer.ok) throw new AppError('DATABASE_BACKUP_DAMAGED', { file: target, detail: answer.fault });
    await rename(temporary, target);
    await syncFolder(wish.folder);
    wish.progress?.(answer.bytes, answer.bytes);
    const { bytes, sha256, rows } = answer;
    return { bytes, sha256, rows };
  } finally {
    clearInterval(watch);
    await rm(temporary, { force: true });
  }
}

function askWorker(request: VacuumRequest, signal: AbortSignal | undefined): Promise<VacuumAnswer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./vacuum-worker.ts', import.meta.url), { workerData: request });
    const abort = (): void => {
      void worker.terminate();
      reject(new Error('the backup was ended'));
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { once: true });
    // from our own file, in the same version
    worker.once('message', (answer: VacuumAnswer) => {
      resolve(answer);
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      signal?.removeEventListener('abort', abort);
      reject(new Error('the copying thread ended without an answer'));
    });
  });
}

async function copyPostgres(
  address: DatabaseAddress & { dialect: 'postgres' },
  file: string,
  wish: BackupWish,
): Promise<Facts> {
  let client: Awaited<ReturnType<typeof connectPostgres>> | undefined;
  const path = join(wish.folder, file);
  try {
    client = await connectPostgres(address);
    wish.signal?.throwIfAborted();
    await backUpPostgres(client, {
      folder: wish.folder,
      name: file,
      schemaSql: [
        MIGRATIONS_TABLE_SQL,
        ...readMigrations('postgres')
          .slice(0, wish.schemaVersion)
          .map(({ sql }) => sql),
      ],
    });
  } catch (error) {
    throw translatePostgresError(error, address.label);
  } finally {
    await client?.end().catch(() => undefined);
  }
  const facts = await readScript(path);
  if (facts === undefined)
    throw new AppError('DATABASE_BACKUP_DAMAGED', { file: path, detail: 'incomplete' });
  wish.progress?.(facts.bytes, facts.bytes);
  return facts;
}

/** Reads a script back: every table closed, the end reached, rows counted. Undefined: it is not whole. */
async function readScript(path: string): Promise<Facts | undefined> {
  const hash = createHash('sha256');
  const rows: Record<string, number> = {};
  let bytes = 0;
  let table: string | undefined;
  let last = '';
  let rest = '';
  for await (const chunk of createReadStream(path)) {
    if (!Buffer.isBuffer(chunk)) return undefined;
    hash.update(chunk);
    bytes += chunk.length;
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      last = line;
      if (table === undefined) {
        table = /^COPY "([^"]+)" \(/.exec(line)?.[1];
        if (table !== undefined) rows[table] = 0;
      } else if (line === '\\.') table = undefined;
      else rows[table] = (rows[table] ?? 0) + 1;
    }
  }
  const isWhole = table === undefined && rest === '' && last === '-- complete';
  return isWhole ? { bytes, sha256: hash.digest('hex'), rows } : undefined;
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
