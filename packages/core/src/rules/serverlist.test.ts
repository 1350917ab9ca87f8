import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MINUTE_MS } from '../time.ts';
import { chooseServer, restsUntilMs, type ServerFailures } from './serverlist.ts';

const servers = [
  { key: 'a', priority: 1 },
  { key: 'b', priority: 1 },
  { key: 'c', priority: 2 },
];
const NOW = 1_000_000_000;
const choose = (over: {
  failures?: [string, ServerFailures][];
  current?: string;
  fraction?: number;
  nowMs?: number;
}): string => {
  const choice = chooseServer({
    servers,
    failures: new Map(over.failures),
    current: over.current,
    fraction: over.fraction ?? 0,
    nowMs: over.nowMs ?? NOW,
  });
  return choice.state === 'use' ? choice.server.key : `wait ${choice.untilMs - NOW}`;
};
const failed = (count: number, agoMs = 0): ServerFailures => ({ count, lastMs: NOW - agoMs });

const cases: [string, Parameters<typeof choose>[0], string][] = [
  ['the first draw of priority 1', { fraction: 0 }, 'a'],
  ['the last draw of priority 1', { fraction: 0.999 }, 'b'],
  ['the server in use is kept', { current: 'b' }, 'b'],
  ['a failed server leaves its neighbour', { failures: [['a', failed(1)]] }, 'b'],
  [
    'a whole failed priority fails over to the next',
    {
      failures: [
        ['a', failed(3)],
        ['b', failed(3)],
      ],
    },
    'c',
  ],
  [
    'after its rest the better one is taken again, also when the other works',
    {
      current: 'c',
      failures: [
        ['a', failed(1, 1000)],
        ['b', failed(9)],
      ],
    },
    'a',
  ],
  [
    'all failed: wait for the first whose rest ends',
    {
      failures: [
        ['a', failed(3)],
        ['b', failed(2)],
        ['c', failed(9)],
      ],
    },
    'wait 2000',
  ],
  ['a server in use that is no longer listed is left', { current: 'gone', fraction: 0.6 }, 'b'],
];
for (const [name, over, expected] of cases) {
  test(`F-10 ${name}`, () => {
    assert.equal(choose(over), expected);
  });
}

test('F-10 a rest is a second after the first failure, doubles, and ends at five minutes', () => {
  const restMs = (count: number) => restsUntilMs({ count, lastMs: NOW }, NOW) - NOW;
  assert.deepEqual([1, 2, 3, 9, 10, 40].map(restMs), [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  assert.equal(restsUntilMs({ count: 0, lastMs: NOW }, NOW), 0);
  assert.equal(restsUntilMs(undefined, NOW), 0);
});

test('F-10 a failure that a clock later set back puts in the future counts from now', () => {
  assert.equal(restsUntilMs({ count: 1, lastMs: 2 * NOW }, NOW), NOW + 1_000);
});

test('F-10 without a server in the list the next look is in five minutes', () => {
  const facts = { servers: [], failures: new Map(), current: undefined, fraction: 0, nowMs: NOW };
  assert.deepEqual(chooseServer(facts), { state: 'wait', untilMs: NOW + 5 * MINUTE_MS });
});

test('F-10 a draw outside its range still gives a server', () => {
  assert.equal(choose({ fraction: 1 }), 'b');
});

test('F-10 a rest is bounded by five minutes, whatever the clock did', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 * NOW }), (count, lastMs) => {
      assert.ok(restsUntilMs({ count, lastMs }, NOW) <= NOW + 5 * MINUTE_MS);
    }),
  );
});

test('F-10 property: inside one priority every server is drawn about as often', () => {
  const drawn = new Map<string, number>();
  for (let index = 0; index < 1000; index += 1) {
    const key = choose({ fraction: index / 1000 });
    drawn.set(key, (drawn.get(key) ?? 0) + 1);
  }
  assert.deepEqual(
    [...drawn],
    [
      ['a', 500],
      ['b', 500],
    ],
  );
});

test('F-10 property: while one server of a list may be tried, one is chosen, and none of a worse priority', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ priority: fc.integer({ min: 1, max: 5 }), failures: fc.nat(3) }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (rows, fraction) => {
        const all = rows.map((row, index) => ({ key: String(index), priority: row.priority }));
        const failures = new Map(
          rows.map((row, index) => [String(index), { count: row.failures, lastMs: NOW }] as const),
        );
        const choice = chooseServer({ servers: all, failures, current: undefined, fraction, nowMs: NOW });
        const ready = rows.filter((row) => row.failures === 0);
        if (choice.state === 'wait') assert.equal(ready.length, 0);
        else assert.equal(choice.server.priority, Math.min(...ready.map((row) => row.priority)));
      },
    ),
  );
});
