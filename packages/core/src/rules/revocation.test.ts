import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostId } from '../ids.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import {
  CRL_SHARD_CERTIFICATES_MAX,
  CRL_VALID_MS,
  crlAlarm,
  crlDue,
  crlRefreshSeconds,
  crlRetryMs,
  decideRevocation,
  decideShard,
  decideSpread,
  hasConfirmed,
  isIssuerOver,
  isRevokedAt,
  isShardOver,
  OCSP_SIGNER_VALID_MS,
  ocspSignerDue,
  REPLACED_GRACE_MS,
  SHARD_KEPT_MS,
  staleCrl,
} from './revocation.ts';

test('T-41 hosts fetch the CRL hourly at very high, every 4 h at high, every 8 h at medium', () => {
  assert.deepEqual(
    (['very-high', 'high', 'medium'] as const).map((level) => crlRefreshSeconds(level) / 3600),
    [1, 4, 8],
  );
});

for (const [choice, veryHigh, high, medium] of [
  ['level', 'closed', 'open', 'open'],
  ['open', 'open', 'open', 'open'],
  ['closed', 'closed', 'closed', 'closed'],
] as const)
  test(`T-42 what a stale CRL means with the setting "${choice}"`, () => {
    assert.deepEqual(
      (['very-high', 'high', 'medium'] as const).map((level) => staleCrl(level, choice)),
      [veryHigh, high, medium],
    );
  });

const crl = { thisUpdateMs: 0, nextUpdateMs: CRL_VALID_MS };
for (const [sentence, current, missing, nowMs, due] of [
  ['a domain without a CRL needs one', undefined, false, 0, true],
  ['a young CRL stays', crl, false, 3 * DAY_MS, false],
  ['T-44 a CRL is not renewed before half its validity', crl, false, 3.5 * DAY_MS - 1, false],
  ['T-44 a CRL is renewed at half its validity', crl, false, 3.5 * DAY_MS, true],
  ['a revocation that is missing from the CRL makes it due', crl, true, 1, true],
] as const) {
  test(sentence, () => {
    assert.equal(crlDue(current, missing, nowMs), due);
  });
}

test('T-44 half the validity is counted from the signing', () => {
  const late = { thisUpdateMs: 100 * DAY_MS, nextUpdateMs: 107 * DAY_MS };
  assert.equal(crlDue(late, false, 103 * DAY_MS), false);
  assert.equal(crlDue(late, false, 104 * DAY_MS), true);
});

test('T-41 T-14 a CRL is valid for seven days, and a replaced certificate for ten more minutes', () => {
  assert.equal(CRL_VALID_MS, 604_800_000);
  assert.equal(REPLACED_GRACE_MS, 600_000);
});

test('T-14 a replaced certificate is refused once its grace is over, a revoked one at once', () => {
  assert.equal(isRevokedAt({ revokedAtMs: null, revokeDueAtMs: null }, 10), false);
  assert.equal(isRevokedAt({ revokedAtMs: null, revokeDueAtMs: 11 }, 10), false);
  assert.equal(isRevokedAt({ revokedAtMs: null, revokeDueAtMs: 10 }, 10), true);
  assert.equal(isRevokedAt({ revokedAtMs: 10, revokeDueAtMs: null }, 10), true);
});

test("the management server's own host is not revoked", () => {
  const server = parseHostId('00000000-0000-4000-8000-00000000000a');
  const other = parseHostId('00000000-0000-4000-8000-00000000000b');
  assert(server !== undefined && other !== undefined);
  const refused = decideRevocation(server, server);
  assert.equal(refused.allow ? '' : refused.code, 'SERVER_NOT_REVOKED');
  assert.equal(decideRevocation(other, server).allow, true);
});

for (const [failures, fraction, seconds] of [
  [1, 0, 22.5],
  [1, 0.5, 30],
  [1, 1, 37.5],
  [2, 0.5, 60],
  [3, 0.5, 120],
  [7, 0.5, 1920],
  [8, 0.5, 3600],
  [9, 0, 2700],
  [10_000, 0.5, 3600],
] as const)
  test(`T-41 after ${failures} failures a list is fetched again in ${seconds} s (${fraction})`, () => {
    assert.equal(crlRetryMs(failures, fraction), seconds * 1000);
  });

const shard = { certificates: 5, uris: ['http://a/1', 'http://b/1'] };
const shardFacts = { open: shard, ownUris: shard.uris, lists: 3, listsMax: 10, rootIsHere: true };
const full = { ...shard, certificates: CRL_SHARD_CERTIFICATES_MAX };
for (const [sentence, over, decision] of [
  ['without a shard one is opened', { open: undefined }, 'open'],
  ['even when the root is away', { open: undefined, rootIsHere: false, lists: 10 }, 'open'],
  ['a shard with room goes on', {}, 'keep'],
  [
    'one certificate before it is full it goes on',
    { open: { ...full, certificates: full.certificates - 1 } },
    'keep',
  ],
  ['a full shard is followed by another', { open: full }, 'open'],
  ['but not while the root is away', { open: full, rootIsHere: false }, 'keep'],
  ['nor when the bundle names as many lists as it can', { open: full, lists: 10 }, 'keep'],
  ['it is, with room for one list more', { open: full, lists: 9 }, 'open'],
  [
    'an address that its certificates do not name calls for another',
    { ownUris: ['http://a/1', 'http://c/1'] },
    'open',
  ],
  ['but not while the root is away, either', { ownUris: ['http://c/1'], rootIsHere: false }, 'keep'],
  ['an address that was given up does not', { ownUris: ['http://b/1'] }, 'keep'],
  ['nor does a server without addresses', { ownUris: [] }, 'keep'],
] as const)
  test(`T-41 shards of lists: ${sentence}`, () => {
    assert.equal(decideShard({ ...shardFacts, ...over }), decision);
  });

test('T-41 a closed shard is over when its longest-lived certificate and its last list are', () => {
  const closedAtMs = 1000 * DAY_MS;
  assert.equal(SHARD_KEPT_MS, (825 + 7) * DAY_MS);
  assert.equal(isShardOver({ closedAtMs }, closedAtMs + SHARD_KEPT_MS - 1), false);
  assert.equal(isShardOver({ closedAtMs }, closedAtMs + SHARD_KEPT_MS), true);
  assert.equal(isShardOver({ closedAtMs: null }, Number.MAX_SAFE_INTEGER), false);
});

test('T-41 a CA that another one followed owes lists until its last leaf has expired, or its own end', () => {
  const retiredAtMs = 1000 * DAY_MS;
  const long = { retiredAtMs, notAfterMs: 4000 * DAY_MS };
  for (const [issuer, nowMs, over] of [
    [long, retiredAtMs + SHARD_KEPT_MS - 1, false],
    [long, retiredAtMs + SHARD_KEPT_MS, true],
    [{ ...long, notAfterMs: 1100 * DAY_MS }, 1100 * DAY_MS - 1, false],
    [{ ...long, notAfterMs: 1100 * DAY_MS }, 1100 * DAY_MS, true],
    // one that issues is never over: its end is an alarm
    [{ retiredAtMs: null, notAfterMs: 1100 * DAY_MS }, 2000 * DAY_MS, false],
  ] as const)
    assert.equal(isIssuerOver(issuer, nowMs), over);
});

test('T-44 a revocation has spread to half and to all of the hosts once it did, whatever hosts come afterwards', () => {
  const nothing = { confirmed: 0, halfAtMs: null, allAtMs: null };
  const steps = [
    [4, 1, { confirmed: 1, halfAtMs: null, allAtMs: null }],
    [4, 2, { confirmed: 2, halfAtMs: 2, allAtMs: null }],
    [5, 3, { confirmed: 3, halfAtMs: 2, allAtMs: null }],
    [4, 4, { confirmed: 4, halfAtMs: 2, allAtMs: 4 }],
    [9, 1, { confirmed: 1, halfAtMs: 2, allAtMs: 4 }],
  ] as const;
  let spread: ReturnType<typeof decideSpread> = nothing;
  for (const [index, [hosts, confirmed, expected]] of steps.entries()) {
    spread = decideSpread(spread, { hosts, confirmed }, index + 1);
    assert.deepEqual(spread, expected);
  }
  assert.deepEqual(decideSpread(nothing, { hosts: 5, confirmed: 2 }, 7).halfAtMs, null);
  assert.deepEqual(decideSpread(nothing, { hosts: 0, confirmed: 0 }, 7), {
    confirmed: 0,
    halfAtMs: 7,
    allAtMs: 7,
  });
});

for (const [held, crlNumber, highest, confirmed] of [
  [10, 10, 10, true],
  [11, 10, 12, true],
  [9, 10, 12, false],
  [10, null, 12, false],
  [13, 10, 12, false],
  [Number.MAX_SAFE_INTEGER, 10, 12, false],
] as const)
  test(`T-44 a host with list ${held}, of ${highest} that there are, has ${confirmed ? '' : 'not '}confirmed what list ${crlNumber} says`, () => {
    assert.equal(hasConfirmed(held, { crlNumber }, highest), confirmed);
  });

test('T-41 an OCSP responder gets another certificate at half of its life', () => {
  const held = { notBeforeMs: 100 * DAY_MS, notAfterMs: 114 * DAY_MS };
  assert.equal(OCSP_SIGNER_VALID_MS, 14 * DAY_MS);
  assert.equal(ocspSignerDue(undefined, 0), true);
  assert.deepEqual(
    [107 * DAY_MS - 1, 107 * DAY_MS].map((nowMs) => ocspSignerDue(held, nowMs)),
    [false, true],
  );
});

test('T-44 a list is late half a day after it should have been renewed, and stale at its end', () => {
  const list = { thisUpdateMs: 100 * DAY_MS, nextUpdateMs: 107 * DAY_MS };
  for (const [nowMs, alarm] of [
    [100 * DAY_MS, 'none'],
    [104 * DAY_MS - 1, 'none'],
    [104 * DAY_MS, 'late'],
    [107 * DAY_MS - 1, 'late'],
    [107 * DAY_MS, 'stale'],
    [107 * DAY_MS + HOUR_MS, 'stale'],
  ] as const)
    assert.equal(crlAlarm(list, nowMs), alarm);
});
