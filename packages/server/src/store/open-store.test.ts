import { AppError, errorWords, type ErrorCode } from '@sekisho/core/errors.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore, emptyDatabase, postgresUrl } from '@sekisho/testkit/stores.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, statSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { insertKey, setKeyState } from '../features/keys/keys.store.ts';
import { openStore } from './open-store.ts';
import { createClient } from './postgres-client.ts';
import type { Store } from './store.ts';

const openAt = (database: string, dataFolder: string): Promise<Store> =>
  openStore({ database, dataFolder, clock: new FakeClock(), log: silentLog() });

/** The refusal has its code, and words and hint in both languages with every parameter filled in. */
const refusedWith =
  (code: ErrorCode) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code);
    for (const language of ['en', 'ja'] as const) {
      const { words, hint } = errorWords(error.code, error.params, language);
      assert.doesNotMatch(words + hint, /\?|undefined|hunter2/);
    }
    return true;
  };

for (const database of [
  '',
  'mysql://h/d',
  'sqlite:relative.db',
  'postgres://h',
  'postgres://h:x/d',
  'sekisho.db',
  'postgres://one,two',
  'postgres://one,two/d?host=/three,/four',
  'postgres://one,two/d?port=1,2,3',
  'postgres://one,two/d?target_session_attrs=any',
  `postgres://${'h,'.repeat(8)}h/d`,
]) {
  test(`the database address "${database}" is refused`, async () => {
    await assert.rejects(openAt(database, '/nowhere'), refusedWith('DATABASE_URL_INVALID'));
  });
}

eachStore((dialect, open) => {
  if (dialect === 'sqlite') {
    test('S-07 a second opener of the same SQLite file is refused until the first closes', async (t) => {
      const { store, database, folder } = await open(t);
      await assert.rejects(openAt(database, folder), refusedWith('DATABASE_IN_USE'));
      await store.transaction((tx) => tx.selectFrom('settings').select('key').execute());
      await assert.rejects(openAt(database, folder), refusedWith('DATABASE_IN_USE'));
      await store.close();
      await (await openAt(database, folder)).close();
    });

    test('S-07 the database, its log and its lock are for their owner alone', async (t) => {
      const { folder } = await open(t);
      for (const name of ['sekisho.db', 'sekisho.db-wal', 'sekisho.db-shm', 'sekisho.db.lock']) {
        assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
      }
    });

    test('F-38 a private key that is destroyed is overwritten in the file, sealed as it was', async (t) => {
      const { store, folder } = await open(t);
      const sealedOf = (keyId: string): string => `sealed-${keyId}-${'x'.repeat(300)}`;
      await store.transaction(async (tx) => {
        for (const keyId of ['one', 'two', 'three']) {
          const names = { certificate: keyId, fingerprint: keyId, state: 'active' };
          const key = { keyId, role: 'server-tls', algorithm: 'p256', sealed: sealedOf(keyId), ...names };
          await insertKey(tx, key, 1);
        }
      });
      await store.transaction((tx) => setKeyState(tx, 'two', 'destroyed', 2));
      await store.moveLog();
      const file = readFileSync(join(folder, 'sekisho.db'));
      const left = ['one', 'two', 'three'].filter((keyId) => file.includes(sealedOf(keyId).slice(0, 40)));
      assert.deepEqual(left, ['one', 'three']);
    });

    test('what is not a database is called damaged, and stays as it is', async (t) => {
      const folder = await tempFolder(t);
      const path = join(folder, 'sekisho.db');
      writeFileSync(path, 'not a database at all, but rather long for that'.repeat(100));
      const before = readFileSync(path);
      await assert.rejects(openAt(`sqlite:${path}`, folder), refusedWith('DATABASE_CORRUPT'));
      assert.deepEqual(readFileSync(path), before);
    });

    test('a database with overwritten pages is called damaged when they are met', async (t) => {
      const { store, database, folder } = await open(t);
      await store.close();
      const path = database.slice('sqlite:'.length);
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(statSync(path).size - 4096, 0x5a), 0, undefined, 4096);
      closeSync(file);
      await assert.rejects(async () => {
        const damaged = await openAt(database, folder);
        t.after(() => damaged.close());
        await damaged.db.selectFrom('hosts').select('id').execute();
      }, refusedWith('DATABASE_CORRUPT'));
    });

    test('a folder that is missing is named', async (t) => {
      const folder = await tempFolder(t);
      await assert.rejects(
        openAt(`sqlite:${join(folder, 'missing', 'sekisho.db')}`, folder),
        refusedWith('DATABASE_UNWRITABLE'),
      );
    });

    test('a folder that may not be written is named', async (t) => {
      const folder = await tempFolder(t);
      const locked = join(folder, 'locked');
      mkdirSync(locked, { mode: 0o500 });
      // root may write everywhere, but not on a read-only disk
      const asRoot = process.getuid?.() === 0;
      if (asRoot && spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', locked]).status !== 0) {
        t.skip('root needs the right to mount a read-only disk');
        return;
      }
      try {
        await assert.rejects(
          openAt(`sqlite:${join(locked, 'sekisho.db')}`, folder),
          refusedWith('DATABASE_UNWRITABLE'),
        );
      } finally {
        if (asRoot) spawnSync('umount', ['-l', locked]);
      }
    });

    test('a full disk is named; what was committed before is kept, and with room it goes on', async (t) => {
      const folder = await tempFolder(t);
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]).status !== 0) {
        t.skip('needs the right to mount a small disk');
        return;
      }
      const database = `sqlite:${join(disk, 'sekisho.db')}`;
      try {
        const store = await openAt(database, folder);
        const write = (key: string): Promise<unknown> =>
          store.transaction((tx) =>
            tx
              .insertInto('settings')
              .values({ key, value: 'x'.repeat(50_000), changed_at_ms: 0 })
              .execute(),
          );
        const committed: string[] = [];
        await assert.rejects(async () => {
          for (let index = 0; index < 1_000; index += 1) {
            await write(`${index}`);
            committed.push(`${index}`);
          }
        }, refusedWith('DISK_FULL'));
        const keys = async (): Promise<string[]> =>
          (await store.db.selectFrom('settings').select('key').execute()).map(({ key }) => key).sort();
        assert.deepEqual(await keys(), committed.sort());
        assert.equal(spawnSync('mount', ['-o', 'remount,size=8m', disk]).status, 0);
        await write('after');
        assert.deepEqual(await keys(), [...committed, 'after'].sort());
        await store.close();

        writeFileSync(join(disk, 'ballast'), '');
        const ballast = openSync(join(disk, 'ballast'), 'w');
        assert.throws(() => {
          for (;;) writeSync(ballast, Buffer.alloc(65_536));
        });
        closeSync(ballast);
        await assert.rejects(openAt(`sqlite:${join(disk, 'other.db')}`, folder), refusedWith('DISK_FULL'));
      } finally {
        spawnSync('umount', ['-l', disk]);
      }
    });
    return;
  }

  test('S-07 several server processes open the same PostgreSQL database', async (t) => {
    const { store, another } = await open(t);
    const other = await another();
    await store.db.insertInto('settings').values({ key: 'a', value: '', changed_at_ms: 0 }).execute();
    assert.equal((await other.db.selectFrom('settings').select('key').execute()).length, 1);
  });

  const badAddresses: { name: string; code: ErrorCode; change: (url: URL) => void }[] = [
    { name: 'a wrong password', code: 'DATABASE_LOGIN_REFUSED', change: (url) => (url.password = 'hunter2') },
    { name: 'an unknown user', code: 'DATABASE_LOGIN_REFUSED', change: (url) => (url.username = 'nobody') },
    {
      name: 'a database that does not exist',
      code: 'DATABASE_MISSING',
      change: (url) => (url.pathname = '/missing'),
    },
    {
      name: 'a port on which nothing listens',
      code: 'DATABASE_UNREACHABLE',
      change: (url) => {
        url.search = '';
        url.host = '127.0.0.1:1';
      },
    },
    {
      name: 'a socket folder that is not there',
      code: 'DATABASE_UNREACHABLE',
      change: (url) => url.searchParams.set('host', '/nowhere'),
    },
  ];
  for (const { name, code, change } of badAddresses) {
    test(`${name} is named, and the password is not`, async (t) => {
      const folder = await tempFolder(t);
      const url = new URL(await postgresUrl());
      change(url);
      await assert.rejects(openAt(url.href, folder), refusedWith(code));
    });
  }

  test('a user who may not create tables is told so', async (t) => {
    const { database, folder } = await emptyDatabase(t, 'postgres');
    const role = `reader_${systemRandom.uuid().replaceAll('-', '')}`;
    const owner = createClient(database);
    await owner.connect();
    await owner.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
    const url = new URL(database);
    url.username = role;
    url.password = 'hunter2';
    await assert.rejects(openAt(url.href, folder), refusedWith('DATABASE_RIGHTS_MISSING'));
    await owner.query(`DROP ROLE ${role}`);
    await owner.end();
  });
});
