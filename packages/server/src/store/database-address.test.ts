import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDatabaseAddress } from './database-address.ts';

const cases: readonly [given: string, urls: readonly string[], label: string][] = [
  ['postgres://u:p@h/d', ['postgres://u:p@h/d'], 'h/d'],
  [
    'postgresql://u@h:5433/d?sslmode=verify-full',
    ['postgresql://u@h:5433/d?sslmode=verify-full'],
    'h:5433/d',
  ],
  ['postgres://u@localhost/d?host=%2Frun%2Fpg', ['postgres://u@localhost/d?host=%2Frun%2Fpg'], '/run/pg/d'],
  ['postgres://u:p%2C@a,b:5433/d', ['postgres://u:p%2C@a/d', 'postgres://u:p%2C@b:5433/d'], 'a,b:5433/d'],
  [
    'postgres://u@a,b/d?target_session_attrs=read-write&sslmode=verify-full',
    ['postgres://u@a/d?sslmode=verify-full', 'postgres://u@b/d?sslmode=verify-full'],
    'a,b/d',
  ],
  [
    'postgres://u@[::1]:1,[::2]:2/d',
    ['postgres://u@[::1]:1/d', 'postgres://u@[::2]:2/d'],
    '[::1]:1,[::2]:2/d',
  ],
  [
    'postgres:///d?host=/one,/two&port=1,2',
    ['postgres:///d?host=%2Fone&port=1', 'postgres:///d?host=%2Ftwo&port=2'],
    '/one:1,/two:2/d',
  ],
  [
    'postgres://u@a,b/d?port=6432',
    ['postgres://u@a/d?port=6432', 'postgres://u@b/d?port=6432'],
    'a:6432,b:6432/d',
  ],
];
for (const [given, urls, label] of cases)
  test(`S-07 the address ${given} names ${urls.length} servers`, () => {
    assert.deepEqual(parseDatabaseAddress(given), { dialect: 'postgres', urls, label });
  });
