import { createToken } from '@sekisho/core/wire/trust.ts';
import { AUDIT_DELAY_MS } from '@sekisho/server/loops/audit-loop.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { callerOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverSource } from './sources.ts';
import { verifyLog } from './verify-log.ts';

test('S-06 S-07 two servers on one database write at once, take turns with the tree, and each proves the one log', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { dialect: 'postgres', clock });
  const second = await trust.second(t);
  const calls = [trust.call, callerOf(() => second.socketPath)];
  const first = (await serverSource(trust.call).catch(() => undefined))?.checkpoint;
  for (let round = 0; round < 3; round += 1) {
    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        calls[index % 2]!(createToken, { body: { name: `${round}/${index}` } }),
      ),
    );
    await clock.advance(AUDIT_DELAY_MS);
  }
  const { audit } = trust.server.context;
  for (let turn = 0; turn < 60 && (await audit.isDue()); turn += 1) await clock.advance(AUDIT_DELAY_MS);
  assert.equal(audit.key.verifier.text, second.context.audit.key.verifier.text);
  for (const call of calls) {
    const log = await verifyLog(await serverSource(call), {
      caFingerprint: trust.caFingerprint,
      held: first,
    });
    assert.deepEqual(log.findings, []);
    assert.equal(log.newer, 0);
    assert.ok(log.size > 36);
  }
});
