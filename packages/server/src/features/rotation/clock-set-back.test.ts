import { HOUR_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES } from '@sekisho/core/wire/agent.ts';
import { getRotation, startRotation } from '@sekisho/core/wire/rotations.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { WireAgent } from '@sekisho/testkit/wire-agent.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const CYCLES_MS = 3 * 300 * SECOND_MS;
const STEP_MS = 100 * SECOND_MS;

test('F-32 the clock of the server is set back by hours in the middle of an update: a silent host has its three cycles, and not the hours', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock, addresses: ['127.0.0.1'] });
  const silent = await WireAgent.enrol(t, trust, 'silent.example');
  await silent.pullHeartbeat({ listSerial: 0, capabilities: [...AGENT_CAPABILITIES] });
  clock.jump(2 * CYCLES_MS);
  const { id } = await trust.call(startRotation, { body: { kind: 'tls' } });
  const view = () => trust.call(getRotation, { params: { id } });
  const pass = async (ms: number): Promise<void> => {
    clock.jump(ms);
    await clock.advance(2 * SECOND_MS);
  };
  for (let tries = 0; tries < 20 && (await view()).phase !== 'announced'; tries += 1) await pass(0);
  const before = await view();
  assert.deepEqual([before.phase, before.hosts.silent], ['announced', 1]);

  await pass(-3 * HOUR_MS);
  await pass(0);
  const { phase, hosts, phaseSinceMs } = await view();
  assert.deepEqual([phase, hosts.silent], ['announced', 1], 'it is silent still, and waited for');
  assert.ok(phaseSinceMs <= clock.nowMs());
  // in each phase that waits for it, and with room to spare: the hours would be three times as much
  let passedMs = 0;
  for (; (await view()).endedAtMs === null && passedMs < 2 * HOUR_MS; passedMs += STEP_MS)
    await pass(STEP_MS);
  assert.equal((await view()).phase, 'done');
  assert.ok(passedMs >= CYCLES_MS - STEP_MS, `it had ${passedMs} ms`);
});
