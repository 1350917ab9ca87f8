import { listTokens } from '@sekisho/core/wire/trust.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import { newApiKey, webRequest } from '@sekisho/testkit/web-client.ts';
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';

const CHILD = join(import.meta.dirname, '../testing/server-child.ts');
const saidPorts = z.object({ ports: z.object({ admin: z.number() }) });

test('S-05 killed between the effect and its reply: who repeats the request is told, and it is not done twice', async (t) => {
  const server = await TrustServer.start(t, { clock: systemClock });
  const key = await newApiKey(server, 'office');
  await server.server.stop();
  const child = fork(CHILD, ['run', server.dataFolder], {
    env: { ...process.env, SEKISHO_TEST_CRASH_POINT: 'idempotency.effect-committed' },
    stdio: 'inherit',
  });
  t.after(() => child.kill('SIGKILL'));
  const died = once(child, 'exit').then(([, signal]) => String(signal));
  const [said] = (await once(child, 'message')) as [unknown];
  const { ports } = saidPorts.parse(said);
  const request = {
    ...{ method: 'POST', path: '/v1/tokens', key, body: { name: 'once' } },
    headers: { 'idempotency-key': 'killed' },
  };
  const doomed = Object.assign(Object.create(server) as TrustServer, { server: { ports } });
  await assert.rejects(webRequest(doomed, request));
  assert.equal(await died, 'SIGKILL');

  server.server = await startOn(server.dataFolder, systemClock);
  const again = await webRequest(server, request);
  assert.equal(again.status, 409);
  assert.match(again.body, /IDEMPOTENCY_OUTCOME_UNKNOWN/);
  const named = async () =>
    (await server.call(listTokens)).tokens.filter(({ name }) => name === 'once').length;
  assert.equal(
    await eventually('it is there', async () => ((await named()) > 0 ? await named() : undefined)),
    1,
  );
});
