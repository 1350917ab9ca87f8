import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DAY_MS } from '../time.ts';
import { decidePeer, type PeerFacts } from './peer.ts';

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
