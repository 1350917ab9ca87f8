import { AppError } from '@sekisho/core/errors.ts';
import { createToken, listHosts } from '@sekisho/core/wire/trust.ts';
import { startDatabaseBackup, getDatabase, setLogLevel } from '@sekisho/core/wire/database.ts';
import { getTask } from '@sekisho/core/wire/tasks.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { findPostgresBin } from '@sekisho/testkit/postgres.ts';
import { emptyDatabase } from '@sekisho/testkit/stores.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { chmod, copyFile, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { initServer } from '../../main.ts';
import { backUpSqlite } from '../../store/open-sqlite.ts';
import { backUpDatabase } from './back-up-database.ts';
import { listBackups, pruneBackups } from './backup-files.ts';
import { CONFIG_BEFORE_MOVE, moveDatabase, type MoveOptions } from './move-database.ts';
import type { VacuumAnswer } from './vacuum-worker.ts';

const BUNDLE = '/v1/agent/documents/bundle';
const CHILD = join(import.meta.dirname, '../../testing/move-child.ts');
const withCode = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;
const hashOf = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

/** Runs the child until it is killed at the point; says by which signal it ended. */
function killAt(point: string, ...args: readonly string[]): string | null {
  const child = spawnSync(process.execPath, [CHILD, ...args], {
    env: { ...process.env, SEKISHO_TEST_CRASH_POINT: point },
    encoding: 'utf8',
  });
  if (child.signal === null) assert.fail(child.stderr);
  return child.signal;
}

test('S-07 the database is backed up while the server works, verified, and brings the domain back', async (t) => {
  const trust = await TrustServer.start(t);
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  const { taskId } = await trust.call(startDatabaseBackup);
  // the server goes on meanwhile
  const writes = Array.from({ length: 20 }, (_, n) => trust.call(createToken, { body: { name: `t${n}` } }));
  await Promise.all(writes);
  const task = await eventually('the backup is done', async () => {
    const seen = await trust.call(getTask, { params: { id: taskId } });
    assert.notEqual(seen.state, 'failed', JSON.stringify(seen));
    return seen.state === 'done' ? seen : undefined;
  });
  const folder = join(trust.dataFolder, 'backups');
  const [manifest] = await listBackups(folder);
  assert.equal(task.result?.['file'], manifest?.file);
  assert.ok(manifest !== undefined && !manifest.automatic);
  assert.equal(manifest.sha256, await hashOf(join(folder, manifest.file)));
  assert.equal((await stat(join(folder, manifest.file))).mode & 0o777, 0o600);
  const copy = new DatabaseSync(join(folder, manifest.file), { readOnly: true });
  assert.equal(Number(copy.prepare('select count(*) as n from hosts').get()?.['n']), manifest.rows['hosts']);
  copy.close();

  const status = await trust.call(getDatabase);
  assert.equal(status.dialect, 'sqlite');
  assert.equal(status.lastBackup?.file, manifest.file);
  assert.equal(status.tables.find(({ name }) => name === 'hosts')?.rows, 2);

  // back again: the server stopped, its database gone, the backup in its place
  await trust.server.stop();
  const database = join(trust.dataFolder, 'sekisho.db');
  for (const file of [database, `${database}-wal`, `${database}-shm`]) await rm(file, { force: true });
  await copyFile(join(folder, manifest.file), database);
  trust.server = await startOn(trust.dataFolder, trust.clock);
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls })).status, 200);
});

test('S-07 a backup that was cut short leaves nothing that looks like one, and old automatic ones go', async (t) => {
  const trust = await TrustServer.start(t);
  const folder = await tempFolder(t);
  await trust.server.stop();
  assert.equal(killAt('database-backup.before-manifest', 'back-up', trust.dataFolder, folder), 'SIGKILL');
  assert.deepEqual(await listBackups(folder), []);
  const database = `sqlite:${trust.dataFolder}/sekisho.db`;
  const wish = { database, folder, domainId: systemRandom.uuid(), schemaVersion: 1 };
  for (const [n, automatic] of [true, false, true, true].entries()) {
    const clock = { ...trust.clock, nowMs: () => trust.clock.nowMs() + n * 1_000 };
    await backUpDatabase({ ...wish, automatic, clock });
  }
  assert.equal(await pruneBackups(folder, 2), 1);
  assert.deepEqual(
    (await listBackups(folder)).map(({ automatic }) => automatic),
    [true, true, false],
  );
  const broken = join(folder, 'broken.db');
  await writeFile(broken, Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4096, 7)]));
  await assert.rejects(
    backUpDatabase({ ...wish, database: `sqlite:${broken}`, automatic: true, clock: trust.clock }),
    withCode('DATABASE_BACKUP_DAMAGED'),
  );
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});

test('S-07 a copy of the database is its owner’s alone from the first byte, and is written through nobody’s link', async (t) => {
  const folder = await tempFolder(t);
  await chmod(folder, 0o777);
  const source = join(folder, 'source.db');
  const database = new DatabaseSync(source);
  t.after(() => {
    database.close();
  });
  database.exec('CREATE TABLE hosts (id TEXT PRIMARY KEY)');
  const modes: number[] = [];
  const watched = {
    prepare: (sql: string) => ({
      run: (target: string) => {
        modes.push(statSync(target).mode & 0o777);
        return database.prepare(sql).run(target);
      },
    }),
  } as unknown as DatabaseSync;
  await backUpSqlite(watched, folder, 'copy.db');
  assert.deepEqual(modes, [0o600]);

  const victim = join(folder, 'victim');
  await writeFile(victim, '');
  const target = join(folder, 'copy.tmp');
  await symlink(victim, target);
  const worker = new Worker(new URL('./vacuum-worker.ts', import.meta.url), {
    workerData: { source, target },
  });
  const [answer] = (await once(worker, 'message')) as [VacuumAnswer];
  assert.ok(!answer.ok && answer.fault.includes('EEXIST'), JSON.stringify(answer));
  assert.equal(await readFile(victim, 'utf8'), '');
});

test('S-07 a domain moves from SQLite to PostgreSQL and back, killed at every step, and its hosts go on', async (t) => {
  const trust = await TrustServer.start(t);
  const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  const before = await trust.call(listHosts);
  const target = await emptyDatabase(t, 'postgres');
  const move = (wish: Partial<MoveOptions> = {}) =>
    moveDatabase({
      dataFolder: trust.dataFolder,
      from: 'sqlite',
      to: target.database,
      clock: trust.clock,
      log: silentLog(),
      environment: {},
      ...wish,
    });
  await assert.rejects(move(), withCode('DATABASE_IN_USE'));
  await trust.server.stop();
  await assert.rejects(move({ from: 'postgres' }), withCode('DATABASE_MOVE_SOURCE'));

  const config = join(trust.dataFolder, 'server.json');
  const source = join(trust.dataFolder, 'sekisho.db');
  const [configBefore, sourceBefore] = [await readFile(config, 'utf8'), await hashOf(source)];
  for (const point of [
    'database-move.before-commit',
    'database-move.committed',
    'database-move.before-switch',
  ]) {
    assert.equal(killAt(point, 'move', trust.dataFolder, target.database), 'SIGKILL');
    assert.equal(await readFile(config, 'utf8'), configBefore, point);
    assert.equal(await hashOf(source), sourceBefore, point);
  }
  assert.equal(killAt('database-move.switched', 'move', trust.dataFolder, target.database), 'SIGKILL');
  assert.match(await readFile(config, 'utf8'), /postgres:/);
  assert.equal(await readFile(join(trust.dataFolder, CONFIG_BEFORE_MOVE), 'utf8'), configBefore);

  trust.server = await startOn(trust.dataFolder, trust.clock);
  assert.equal(trust.server.context.store.dialect, 'postgres');
  assert.deepEqual(
    (await trust.call(listHosts)).hosts.map(({ id, name }) => [id, name]),
    before.hosts.map(({ id, name }) => [id, name]),
  );
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: host.tls })).status, 200);
  const second = await trust.enrol({ name: 'web2.example' }, { token: await trust.token() });
  const folder = await tempFolder(t);
  const { database, context } = { database: target.database, context: trust.server.context };
  const manifest = await backUpDatabase({
    ...{ database, folder, domainId: context.domain.id, schemaVersion: 1 },
    ...{ automatic: true, clock: trust.clock },
  });
  assert.equal(manifest.rows['hosts'], 3);
  await trust.server.stop();

  // that backup, loaded by PostgreSQL's own program into a scratch database, is the domain
  const scratch = await emptyDatabase(t, 'postgres');
  const psql = spawnSync(
    join(findPostgresBin(), 'psql'),
    ['-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-f', join(folder, manifest.file), scratch.database],
    { encoding: 'utf8' },
  );
  assert.equal(psql.status, 0, psql.stderr);
  const moved = await readFile(config, 'utf8');
  await writeFile(config, JSON.stringify({ ...JSON.parse(moved), database: scratch.database }));
  trust.server = await startOn(trust.dataFolder, trust.clock);
  const { db } = trust.server.context.store;
  for (const table of ['hosts', 'tokens'] as const) {
    const found = await db.selectFrom(table).select('id').execute();
    assert.equal(found.length, manifest.rows[table], table);
  }
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: second.tls })).status, 200);
  await trust.server.stop();
  await writeFile(config, moved);

  const back = await move({ from: 'postgres', to: 'sqlite:again.db' });
  assert.equal(back.copiedBefore, false);
  trust.server = await startOn(trust.dataFolder, trust.clock);
  assert.equal(trust.server.context.store.dialect, 'sqlite');
  assert.equal((await trust.agentRequest({ path: BUNDLE, tls: second.tls })).status, 200);
});

test('S-07 a database that holds anything is no place to move to, and stays as it is', async (t) => {
  const folder = await tempFolder(t);
  const dataFolder = join(folder, 'server');
  const target = await emptyDatabase(t, 'postgres');
  const clock = (await TrustServer.start(t)).clock;
  const parts = { clock, random: systemRandom, environment: {}, name: 'Test', addresses: ['localhost'] };
  await initServer({ ...parts, dataFolder });
  await initServer({ ...parts, dataFolder: join(folder, 'other'), database: target.database });
  const configBefore = await readFile(join(dataFolder, 'server.json'), 'utf8');
  await assert.rejects(
    moveDatabase({
      ...{ dataFolder, from: 'sqlite', to: target.database },
      ...{ clock, log: silentLog(), environment: {} },
    }),
    withCode('DATABASE_NOT_EMPTY'),
  );
  assert.equal(await readFile(join(dataFolder, 'server.json'), 'utf8'), configBefore);
});

test('S-08 the log level is changed while the server runs', async (t) => {
  const trust = await TrustServer.start(t);
  assert.deepEqual(await trust.call(setLogLevel, { body: { level: 'debug' } }), {
    level: 'debug',
    before: 'silent',
  });
  assert.equal(trust.server.context.log.level, 'debug');
  trust.server.context.log.level = 'silent';
});
