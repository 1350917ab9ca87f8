import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { notifySupervisor } from './notify-supervisor.ts';

test('S-08 a supervisor that asked is told, through its own program; nobody else is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-notify-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const told = join(folder, 'told');
  const program = join(folder, 'systemd-notify');
  await writeFile(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`);
  await chmod(program, 0o755);
  const PATH = `${folder}:/bin:/usr/bin`;
  assert.equal(await notifySupervisor({ PATH }, 'ready'), false);
  assert.equal(await notifySupervisor({ PATH, NOTIFY_SOCKET: '/run/x' }, 'ready'), true);
  assert.equal(await notifySupervisor({ PATH, NOTIFY_SOCKET: '/run/x' }, 'stopping'), true);
  assert.equal(
    await readFile(told, 'utf8'),
    `/run/x --ready --pid=${process.pid}\n/run/x --stopping --pid=${process.pid}\n`,
  );
  assert.equal(
    await notifySupervisor({ PATH: join(folder, 'none'), NOTIFY_SOCKET: '/run/x' }, 'ready'),
    false,
  );
});
