import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SECURITY_SETTINGS, type SecuritySettingName, type SettingValues } from '../wire/group-settings.ts';
import { isLooser, mayChange, type SecurityReach } from './strictness.ts';

/** From the strictest to the loosest. */
const ORDERS: { readonly [Name in SecuritySettingName]: readonly SettingValues[Name][] } = {
  verification: [
    { state: 'on' },
    { state: 'off', sinceMs: 1, untilMs: 5 },
    { state: 'off', sinceMs: 1, untilMs: 6 },
  ],
  staleCrl: ['closed', 'open'],
  crlRefreshSeconds: [300, 3600, 14_400, 86_400],
  mapNames: ['off', 'on'],
};

const looser = (name: SecuritySettingName, value: unknown, than: unknown): boolean =>
  isLooser(name, value as never, than as never);

for (const name of SECURITY_SETTINGS)
  test(`F-01 ${name}: each value is looser than those that are stricter, and than no other`, () => {
    const order = ORDERS[name];
    for (const [at, value] of order.entries())
      for (const [other, than] of order.entries()) assert.equal(looser(name, value, than), at > other);
  });

test('F-20 another switch-off counts as looser than the one that is known, though it ends sooner', () => {
  const known = { state: 'off', sinceMs: 1, untilMs: 9 } as const;
  assert.equal(isLooser('verification', { state: 'off', sinceMs: 2, untilMs: 3 }, known), true);
});

const cases: [string, SecurityReach, 'open' | 'closed', 'open' | 'closed', ('open' | 'closed')[], boolean][] =
  [
    ['the domain may do all', 'domain', 'closed', 'open', ['closed'], true],
    ['stricter needs nothing', 'nowhere', 'open', 'closed', ['open'], true],
    ['the same needs nothing', 'nowhere', 'open', 'open', ['closed'], true],
    ['looser needs the right', 'nowhere', 'closed', 'open', ['open'], false],
    ['in the group it is enough where those above are as loose', 'group', 'closed', 'open', ['open'], true],
    ['but not below what comes from above', 'group', 'closed', 'open', ['closed'], false],
    ['of two places the stricter one counts', 'group', 'closed', 'open', ['open', 'closed'], false],
  ];
for (const [title, reach, from, to, floors, expected] of cases)
  test(`F-01 who may loosen: ${title}`, () => {
    assert.equal(mayChange('staleCrl', { from, to, floors }, reach), expected);
  });

test('F-20 the right in the group is enough to switch verification off there', () => {
  const change = {
    from: { state: 'on' },
    to: { state: 'off', sinceMs: 1, untilMs: 2 },
    floors: [{ state: 'on' }],
  } as const;
  assert.equal(mayChange('verification', change, 'group'), true);
  assert.equal(mayChange('verification', change, 'nowhere'), false);
});
