import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostId } from '../ids.ts';
import { DAY_MS } from '../time.ts';
import {
  CRL_VALID_MS,
  crlDue,
  crlRefreshSeconds,
  decideRevocation,
  isRevokedAt,
  REPLACED_GRACE_MS,
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
  assert.equal(refused.allow ? '' : refused.code, 'HOST_IS_MANAGEMENT_SERVER');
  assert.equal(decideRevocation(other, server).allow, true);
});
