import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideLegacy, decideLegacyAccess, type LegacyFacts, type LegacyHostFacts } from './legacy.ts';

const host: LegacyHostFacts = {
  name: 'old-01',
  kind: 'client',
  legacySinceMs: 1,
  secureSinceMs: null,
  revoked: false,
  address: null,
};
const facts: LegacyFacts = {
  insecureCommunication: true,
  as: 'client',
  address: '192.0.2.7',
  host,
  keyMatches: true,
  secureOwner: undefined,
  reportingCollector: undefined,
};
const collector = { ...facts, as: 'collector', host: { ...host, kind: 'collector' } } as const;

const CASES: readonly [string, LegacyFacts, string | undefined][] = [
  ['T-50 a legacy host that was let in comes in', facts, undefined],
  [
    'T-51 with the setting off nobody comes in',
    { ...facts, insecureCommunication: false },
    'INSECURE_COMMUNICATION_OFF',
  ],
  [
    'T-51 with the setting off not even the key is judged',
    { ...facts, insecureCommunication: false, host: undefined, keyMatches: false },
    'INSECURE_COMMUNICATION_OFF',
  ],
  ['T-50 a stranger stays out', { ...facts, host: undefined }, 'LEGACY_KEY_REFUSED'],
  ['T-50 another key is refused like a stranger', { ...facts, keyMatches: false }, 'LEGACY_KEY_REFUSED'],
  ['a revoked host never comes in', { ...facts, host: { ...host, revoked: true } }, 'LEGACY_HOST_REVOKED'],
  [
    'T-52 a host that has talked securely never comes in',
    { ...facts, host: { ...host, secureSinceMs: 5 } },
    'LEGACY_DOWNGRADE',
  ],
  [
    'T-52 a host that is no legacy host any more never comes in',
    { ...facts, host: { ...host, legacySinceMs: null } },
    'LEGACY_DOWNGRADE',
  ],
  [
    'T-52 nor one that goes by a name or address of a host that has talked securely',
    { ...facts, secureOwner: 'web-01' },
    'LEGACY_DOWNGRADE',
  ],
  ['a client is no collector', { ...facts, as: 'collector' }, 'LEGACY_KIND_OTHER'],
  ['T-53 a client is no media server', { ...facts, as: 'media' }, 'LEGACY_KIND_OTHER'],
  ['a host comes from its address', { ...facts, host: { ...host, address: '192.0.2.7' } }, undefined],
  ['and from no other', { ...facts, host: { ...host, address: '192.0.2.8' } }, 'LEGACY_ADDRESS_OTHER'],
  ['T-54 a collector that is not configured reads nothing', collector, 'LEGACY_COLLECTOR_OTHER'],
  ['T-54 nor does another one', { ...collector, reportingCollector: 'ops-02' }, 'LEGACY_COLLECTOR_OTHER'],
  ['T-54 the one that is configured does', { ...collector, reportingCollector: 'old-01' }, undefined],
];

for (const [title, given, code] of CASES)
  test(title, () => {
    const decision = decideLegacy(given);
    assert.equal(decision.allow, code === undefined);
    if (!decision.allow) assert.equal(decision.code, code);
  });

test('T-50 a backup reads what it needs to append, and nothing that was backed up', () => {
  const nowMs = 1_000;
  const may = (
    method: string,
    object: 'data' | 'index' | 'config',
    list = false,
    grantUntilMs: number | null = null,
  ) => decideLegacyAccess({ method, object, list, grantUntilMs, nowMs }).allow;
  assert.equal(may('GET', 'config'), true);
  assert.equal(may('GET', 'index'), true);
  assert.equal(may('GET', 'data', true), true, 'which packs are there');
  assert.equal(may('HEAD', 'data'), true);
  assert.equal(may('POST', 'data'), true);
  assert.equal(may('GET', 'data'), false);
  assert.equal(may('GET', 'data', false, nowMs), false, 'a grant that has ended');
  assert.equal(may('GET', 'data', false, nowMs + 1), true);
});

test('T-50 a refusal names the host, whose name or address it was, and where it came from', () => {
  const told = (given: LegacyFacts): unknown => {
    const decision = decideLegacy(given);
    return decision.allow ? 'allowed' : decision.params;
  };
  const of = (changed: Partial<LegacyHostFacts>): LegacyFacts => ({
    ...facts,
    host: { ...host, ...changed },
  });
  assert.deepEqual(told({ ...facts, host: undefined }), {});
  assert.deepEqual(told(of({ revoked: true })), { name: 'old-01' });
  assert.deepEqual(told(of({ secureSinceMs: 5 })), { name: 'old-01', host: 'old-01' });
  assert.deepEqual(told({ ...facts, secureOwner: 'web-01' }), { name: 'old-01', host: 'web-01' });
  assert.deepEqual(told({ ...facts, as: 'media' }), { name: 'old-01' });
  assert.deepEqual(told(of({ address: '192.0.2.8' })), { name: 'old-01', address: '192.0.2.7' });
  assert.deepEqual(told(collector), { name: 'old-01' });
  assert.deepEqual(
    decideLegacyAccess({ method: 'GET', object: 'data', list: false, grantUntilMs: null, nowMs: 1 }),
    { allow: false, code: 'LEGACY_READ_NEEDS_GRANT', params: {} },
  );
});
