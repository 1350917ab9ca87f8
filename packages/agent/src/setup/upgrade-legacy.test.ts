import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { upgradeLegacy } from './upgrade-legacy.ts';

test('T-18 an upgrade that is abandoned removes nothing that lay in the folder before', async (t) => {
  // answers nothing that is TLS
  const server = createServer((socket) => socket.on('error', () => undefined).end('no\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const root = await tempFolder(t);
  const fromFolder = join(root, 'legacy');
  await mkdir(fromFolder);
  await writeFile(join(fromFolder, 'config'), `server 127.0.0.1:${port}\nname old-01\nkey k\n`);
  const upgrade = (dataFolder: string) =>
    upgradeLegacy({
      dataFolder,
      fromFolder,
      server: { host: '127.0.0.1', port },
      expectedFingerprint: '0'.repeat(64),
      clock: systemClock,
      random: systemRandom,
      log: silentLog(),
    });
  const used = join(root, 'used');
  await mkdir(join(used, 'documents'), { recursive: true });
  await writeFile(join(used, 'letter.txt'), 'mine');
  await writeFile(join(used, 'documents', 'book.txt'), 'mine');
  await assert.rejects(upgrade(used));
  const left = await readdir(used, { recursive: true });
  for (const name of ['letter.txt', 'documents/book.txt']) assert.ok(left.includes(name), name);

  const fresh = join(root, 'fresh');
  await assert.rejects(upgrade(fresh));
  assert.ok(!(await readdir(root)).includes('fresh'), 'nothing of the new agent stays');
});
