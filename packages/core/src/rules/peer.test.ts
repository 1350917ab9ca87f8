import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS } from '../time.ts';
import { refuse } from '../errors.ts';
import { checkOfPath, decidePeer, explainPeer, PEER_CHECKS, type PeerFacts } from './peer.ts';

const NOW = 100 * DAY_MS;
const good: PeerFacts = {
  notBeforeMs: NOW - DAY_MS,
  notAfterMs: NOW + DAY_MS,
  crl: { nextUpdateMs: NOW + DAY_MS },
  staleCrl: 'closed',
  revoked: false,
  expected: 'host-1',
  found: 'host-1',
  nowMs: NOW,
};

test('T-02 a peer that passes every check is allowed, and the checks are named', () => {
  assert.deepEqual(decidePeer(good), {
    allow: true,
    checks: ['protocol', 'chain', 'role', 'domain', 'dates', 'revocation-list', 'revocation', 'name'],
  });
});

const refusals: [string, Partial<PeerFacts>, string, string][] = [
  ['an expired certificate', { notAfterMs: NOW - 1000 }, 'dates', 'PEER_CERTIFICATE_EXPIRED'],
  ['a certificate of tomorrow', { notBeforeMs: NOW + 1 }, 'dates', 'PEER_CERTIFICATE_NOT_YET_VALID'],
  ['a stale CRL at level very high', { crl: { nextUpdateMs: NOW } }, 'revocation-list', 'PEER_CRL_STALE'],
  ['no CRL at level very high', { crl: undefined }, 'revocation-list', 'PEER_CRL_STALE'],
  ['a revoked certificate', { revoked: true }, 'revocation', 'PEER_REVOKED'],
  [
    'a revoked one with a stale CRL',
    { revoked: true, staleCrl: 'open', crl: { nextUpdateMs: 0 } },
    'revocation',
    'PEER_REVOKED',
  ],
  ['another host than the name says', { found: 'host-2' }, 'name', 'PEER_NAME_WRONG'],
];
for (const [name, over, failed, code] of refusals) {
  test(`T-02 ${name} is refused by the check "${failed}"`, () => {
    const decision = decidePeer({ ...good, ...over });
    assert.equal(decision.allow, false);
    if (!decision.allow) assert.deepEqual([decision.failed, decision.code], [failed, code]);
  });
}

const allowed: [string, Partial<PeerFacts>][] = [
  ['T-42 a stale CRL is let pass when the setting is open', { staleCrl: 'open', crl: { nextUpdateMs: 0 } }],
  ['T-42 no CRL is let pass when the setting is open', { staleCrl: 'open', crl: undefined }],
  ['T-02 whoever comes in has no name to compare', { expected: undefined, found: 'host-9' }],
];
allowed.push(
  ['T-02 the last second of a certificate counts as a whole', { notAfterMs: NOW - 999 }],
  ['T-02 a certificate holds from its first moment', { notBeforeMs: NOW }],
);
for (const [name, over] of allowed) {
  test(name, () => {
    assert.equal(decidePeer({ ...good, ...over }).allow, true);
  });
}

const told: [string, Partial<PeerFacts>, Record<string, string>][] = [
  ['when it ended', { notAfterMs: 0 }, { subject: 'host-1', notAfter: '1970-01-01T00:00:00.000Z' }],
  [
    'when it begins',
    { notBeforeMs: NOW + DAY_MS },
    { subject: 'host-1', notBefore: '1970-04-12T00:00:00.000Z' },
  ],
  [
    'until when the list held',
    { crl: { nextUpdateMs: 0 } },
    { subject: 'host-1', nextUpdate: '1970-01-01T00:00:00.000Z' },
  ],
  ['that there is no list', { crl: undefined }, { subject: 'host-1', nextUpdate: '-' }],
  ['who is revoked', { revoked: true }, { subject: 'host-1' }],
  ['who was expected', { found: 'host-2' }, { subject: 'host-2', expected: 'host-1' }],
];
for (const [what, over, params] of told) {
  test(`T-02 a refusal says ${what}`, () => {
    const decision = decidePeer({ ...good, ...over });
    assert.deepEqual(decision.allow || decision.params, params);
  });
}

test('T-42 property: a revoked peer is never allowed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('open', 'closed'),
      fc.nat(2 * NOW),
      fc.nat(2 * NOW),
      (staleCrl, nowMs, nextUpdateMs) => {
        const facts = { ...good, revoked: true, staleCrl, nowMs, crl: { nextUpdateMs } } as PeerFacts;
        assert.equal(decidePeer(facts).allow, false);
      },
    ),
  );
});

const outcomes = (over: Partial<PeerFacts>): string =>
  explainPeer({ ...good, ...over })
    .map(({ check, outcome }) => `${check} ${outcome}`)
    .join(', ');
const allPassed = PEER_CHECKS.map((check) => `${check} passed`).join(', ');

test('T-36 a peer that passes is explained check by check, in their order', () => {
  assert.equal(outcomes({}), allPassed);
});

const explained: [string, Partial<PeerFacts>, string][] = [
  ['a wrong role', { path: refuse('PEER_ROLE_WRONG', { subject: 'host-1' }) }, 'role'],
  ['another domain', { path: refuse('PEER_DOMAIN_OTHER', { subject: 'host-1' }) }, 'domain'],
  ['a foreign chain', { path: refuse('PEER_CHAIN_UNTRUSTED', { subject: 'host-1' }) }, 'chain'],
  ['an unknown algorithm', { path: refuse('PEER_KEY_UNSUPPORTED', { subject: 'host-1' }) }, 'chain'],
  ['an expired certificate', { notAfterMs: 0 }, 'dates'],
  ['a stale list', { crl: undefined }, 'revocation-list'],
  ['a revoked certificate', { revoked: true }, 'revocation'],
  [
    'a name that waits',
    {
      name: {
        ...refuse('PEER_NAME_PENDING', { name: 'nas', host: 'host-1' }),
        outcome: 'pend',
        name: 'nas',
        reason: 'map-off',
        ownerId: null,
      },
    },
    'name',
  ],
];
for (const [what, over, failed] of explained)
  test(`T-36 ${what} fails the check "${failed}" alone, and decides`, () => {
    assert.equal(outcomes(over), allPassed.replace(`${failed} passed`, `${failed} failed`));
    const decision = decidePeer({ ...good, ...over });
    assert.equal(decision.allow || decision.failed, failed);
  });

test('T-36 all that is wrong is shown, and the first check decides', () => {
  const over = { notAfterMs: 0, revoked: true };
  assert.match(outcomes(over), /dates failed.*revocation failed/);
  const decision = decidePeer({ ...good, ...over });
  assert.equal(decision.allow || decision.failed, 'dates');
});

test('T-36 without a certificate there is nothing to look at but the name', () => {
  const shown = outcomes({ path: refuse('PEER_CERTIFICATE_MISSING', { subject: 'host-1' }) });
  assert.equal(
    shown,
    'protocol passed, chain failed, role skipped, domain skipped, dates skipped, revocation-list skipped, revocation skipped, name passed',
  );
});

test('T-50 T-51 a legacy host is judged by the protocol and its name', () => {
  const legacy = {
    legacy: 'let-in',
    revoked: true,
    notAfterMs: 0,
    path: refuse('PEER_CERTIFICATE_MISSING', {}),
  } as const;
  assert.equal(decidePeer({ ...good, ...legacy }).allow, true);
  assert.match(outcomes(legacy), /^protocol passed, chain skipped.*name passed$/);
  const refused = { ...legacy, legacy: refuse('PEER_REVOKED', { subject: 'x' }) };
  const decision = decidePeer({ ...good, ...refused });
  assert.equal(decision.allow || decision.failed, 'protocol');
});

test('T-36 property: the decision is the first failed check of the explanation', () => {
  const refusals = fc.constantFrom(
    undefined,
    refuse('PEER_ROLE_WRONG', {}),
    refuse('PEER_CHAIN_UNTRUSTED', {}),
    refuse('PEER_CERTIFICATE_MISSING', {}),
  );
  fc.assert(
    fc.property(refusals, fc.nat(2 * NOW), fc.boolean(), fc.boolean(), (path, nowMs, revoked, other) => {
      const facts: PeerFacts = { ...good, path, nowMs, revoked, found: other ? 'host-2' : 'host-1' };
      const first = explainPeer(facts).find(({ outcome }) => outcome === 'failed');
      const decision = decidePeer(facts);
      assert.equal(decision.allow ? undefined : decision.failed, first?.check);
    }),
  );
});

test('T-36 what verifying a path refuses belongs to one check', () => {
  for (const [code, check] of [
    ['PEER_ROLE_WRONG', 'role'],
    ['PEER_KEY_USAGE_WRONG', 'role'],
    ['PEER_NAME_WRONG', 'role'],
    ['PEER_DOMAIN_OTHER', 'domain'],
    ['PEER_CERTIFICATE_EXPIRED', 'dates'],
    ['PEER_CERTIFICATE_NOT_YET_VALID', 'dates'],
    ['PEER_REVOKED', 'revocation'],
    ['PEER_CHAIN_UNTRUSTED', 'chain'],
    ['PEER_CERTIFICATE_MISSING', 'chain'],
    ['PEER_ISSUER_NOT_CA', 'chain'],
  ] as const)
    assert.equal(checkOfPath(code), check, code);
});

test('T-36 without a certificate its dates and its revocation are not looked at, whatever stands for them', () => {
  const none = {
    path: refuse('PEER_CERTIFICATE_MISSING', {}),
    notAfterMs: 0,
    crl: undefined,
    revoked: true,
  };
  assert.match(outcomes(none), /dates skipped, revocation-list skipped, revocation skipped/);
  const decision = decidePeer({ ...good, ...none });
  assert.deepEqual(decision.allow || [decision.failed, decision.code], ['chain', 'PEER_CERTIFICATE_MISSING']);
});

test('T-31 a name that waits is refused in the words of its rule', () => {
  const waits = refuse('PEER_NAME_PENDING', { name: 'nas', host: 'host-1' });
  const name = { ...waits, outcome: 'pend', name: 'nas', reason: 'map-off', ownerId: null } as const;
  assert.deepEqual(decidePeer({ ...good, name }), { ...waits, failed: 'name' });
});
