import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../main.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { sampleRoutes } from '../testing/sample-domain.ts';

/** A server whose socket is not there yet: `open` puts it in its place. */
async function startingServer(t: { after(work: () => Promise<void>): void }) {
  const server = await startFakeServer(sampleRoutes());
  t.after(() => server.close());
  const [socket, hidden] = ['admin.sock', 'later.sock'].map((name) => join(server.dataFolder, 'run', name));
  await rename(socket ?? '', hidden ?? '');
  return { env: { SEKISHO_DATA: server.dataFolder }, open: () => rename(hidden ?? '', socket ?? '') };
}

test('S-08 whoever starts a server can wait until it answers', async (t) => {
  const { env, open } = await startingServer(t);
  const { io, stdout, stderr } = fakeTerminal({ env });
  let slept = 0;
  const sleep = async (delayMs: number): Promise<void> => {
    slept += 1;
    if (slept === 3) await open();
    await io.clock.sleep(delayMs);
  };
  const clock = { ...io.clock, sleep };
  assert.equal(await runCli(['server', 'status', '--wait', '60s'], { ...io, clock }), 0);
  assert.equal(slept, 3);
  assert.match(stdout(), /backup\.example\.com: agents 13000, administration 13291/);
  assert.equal(stderr(), 'Waiting for the server to answer …\n');
});

test('S-08 a server that does not come in time is refused as one that is not running', async (t) => {
  const { env } = await startingServer(t);
  const { io, stderr } = fakeTerminal({ env });
  assert.equal(await runCli(['server', 'status', '--wait', '10s'], io), 1);
  assert.match(stderr(), /SERVER_NOT_RUNNING/);
  assert.ok(io.clock.monotonicMs() >= 10_000);
});
