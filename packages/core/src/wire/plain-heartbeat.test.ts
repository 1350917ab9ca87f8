import fc from 'fast-check';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentFrame, heartbeat } from './agent.ts';
import { plainHeartbeat } from './plain-heartbeat.ts';

const PLAIN = {
  type: 'heartbeat',
  seq: 7,
  body: {
    sentAtMs: 1_800_000_000_000,
    bundleGeneration: 1,
    listSerial: 2,
    assignmentSerial: 3,
    policySerial: 4,
    crlNumber: 5,
    heartbeatSeconds: 300,
    certificates: ['a'.repeat(64)],
    version: '0.1.0',
    bootId: 'b'.repeat(32),
    health: [] as unknown[],
    spooled: 0,
    capabilities: ['announce', 'links'],
  },
};
const MEMBERS = ['seq', ...Object.keys(PLAIN.body)];
/** Values at and beyond each limit, and of every other kind. */
const VALUES: readonly unknown[] = [
  ...[0, -0, -1, 1.5, Number.MAX_SAFE_INTEGER, 2 ** 53, 253_402_300_799_999, 253_402_300_800_000],
  ...['', 'x'.repeat(32), 'x'.repeat(33), 'x'.repeat(64), 'x'.repeat(65), '0'],
  ...[[], ['a'.repeat(64)], Array<string>(4).fill('0'.repeat(64)), Array<string>(5).fill('0'.repeat(64))],
  ...[['A'.repeat(64)], ['a'.repeat(63)], [1], ['online'], {}, null, true, undefined],
  ...[['x'.repeat(32)], ['x'.repeat(33)], Array<string>(17).fill('x'), 86_400, 86_401],
];

test('a heartbeat without complaints is taken, and nothing but what belongs to it', () => {
  const frame = plainHeartbeat({ ...PLAIN, more: 1, body: { ...PLAIN.body, more: 1 } });
  assert.deepEqual(frame, PLAIN);
});

test('no member of a heartbeat is lost at a glance, and an older agent need not send the newer ones', () => {
  assert.deepEqual(Object.keys(PLAIN.body).sort(), Object.keys(heartbeat.shape).sort());
  const { heartbeatSeconds: _, capabilities: __, ...body } = PLAIN.body;
  assert.deepEqual(plainHeartbeat({ ...PLAIN, body }), { ...PLAIN, body });
});

test('what is taken at a glance, the schema takes with the same result', () => {
  const change = fc.record({ member: fc.constantFrom(...MEMBERS), value: fc.constantFrom(...VALUES) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
      const raw: Record<string, unknown> = { ...PLAIN };
      const body: Record<string, unknown> = { ...PLAIN.body };
      for (const { member, value } of changes) (member === 'seq' ? raw : body)[member] = value;
      raw['body'] = body;
      const taken = plainHeartbeat(raw);
      if (taken !== undefined) assert.deepEqual(agentFrame.parse(raw), taken);
    }),
    { numRuns: 2_000 },
  );
  for (const raw of [
    null,
    [],
    'heartbeat',
    {},
    { type: 'pong' },
    { ...PLAIN, body: null },
    { ...PLAIN, body: [] },
  ])
    assert.equal(plainHeartbeat(raw), undefined);
});
