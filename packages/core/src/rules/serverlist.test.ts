import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MINUTE_MS } from '../time.ts';
import {
  afterFailure,
  chooseServer,
  judgeList,
  mayAskHome,
  restsUntilMs,
  type ServerFailures,
  type WrittenServer,
} from './serverlist.ts';

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

test('F-10 failures at the same time count as one, and later ones each', () => {
  const first = afterFailure(undefined, NOW);
  assert.deepEqual(first, { count: 1, lastMs: NOW });
  assert.equal(afterFailure(first, NOW + 999), first);
  assert.deepEqual(afterFailure(first, NOW + 1_000), { count: 2, lastMs: NOW + 1_000 });
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

const HOURS = 60 * MINUTE_MS;
const home = (over: Partial<Parameters<typeof mayAskHome>[0]>): boolean =>
  mayAskHome({
    servers,
    failures: new Map(servers.map(({ key }) => [key, failed(1)])),
    sinceMs: NOW - 15 * MINUTE_MS,
    periodMs: 5 * MINUTE_MS,
    nowMs: NOW,
    ...over,
  });
const homeCases: [string, Parameters<typeof home>[0], boolean][] = [
  ['after three periods without an answer of any server', {}, true],
  ['not before three periods', { sinceMs: NOW - 15 * MINUTE_MS + 1 }, false],
  ['not while a server was not tried', { failures: new Map([['a', failed(9)]]) }, false],
  ['not while a server has answered since it failed last', { failures: new Map() }, false],
  ['three periods of ten seconds', { periodMs: 10_000, sinceMs: NOW - 30_000 }, true],
  ['after an hour, however rare heartbeats are', { periodMs: 24 * HOURS, sinceMs: NOW - HOURS }, true],
  ['not before the hour', { periodMs: 24 * HOURS, sinceMs: NOW - HOURS + 1 }, false],
  ['a list without a server that may be used', { servers: [], failures: new Map() }, true],
];
for (const [name, over, expected] of homeCases) {
  test(`F-12 the way home: ${name}`, () => {
    assert.equal(home(over), expected);
  });
}

const OWN = '11111111-1111-4111-8111-111111111111';
const entry = (over: Partial<WrittenServer> = {}): WrittenServer => ({
  serverId: OWN,
  address: 'one.example',
  port: 13000,
  protocol: 'https',
  ...over,
});
const judge = (written: WrittenServer[], isVerified = true): string[] => {
  const installed = new Set(['one.example:13000', '192.0.2.1:13000']);
  const judged = judgeList(written, { name: 'spare', serverId: OWN, installed, isVerified });
  return judged.allow ? judged.warnings.map(({ code }) => code) : [`refused ${judged.code}`];
};
const listCases: [string, WrittenServer[], boolean, string[]][] = [
  ['two installations', [entry(), entry({ address: '192.0.2.1' })], true, []],
  ['this machine, in a trial', [entry({ address: '127.0.0.1' })], true, ['SERVER_LIST_SERVER_UNKNOWN']],
  [
    'an address with a port',
    [entry({ address: 'one.example:1' })],
    true,
    ['refused SERVER_LIST_ADDRESS_INVALID'],
  ],
  ['a wildcard', [entry({ address: '*.example' })], true, ['refused SERVER_LIST_ADDRESS_INVALID']],
  [
    'one server twice',
    [entry(), entry({ address: 'ONE.example.' })],
    true,
    ['refused SERVER_LIST_SERVER_TWICE'],
  ],
  [
    'one port over both protocols',
    [entry(), entry({ protocol: 'http' })],
    true,
    ['refused SERVER_LIST_SERVER_TWICE'],
  ],
  ['two ports of one machine', [entry(), entry({ port: 443 })], true, ['SERVER_LIST_SERVER_UNKNOWN']],
  [
    'a server of another domain',
    [entry({ serverId: OWN.replace('1', '2') })],
    true,
    ['SERVER_LIST_SERVER_FOREIGN'],
  ],
  [
    'an HTTP entry beside',
    [entry(), entry({ port: 8014, protocol: 'http' })],
    true,
    ['SERVER_LIST_HAS_HTTP'],
  ],
  [
    'HTTP alone, where hosts verify',
    [entry({ protocol: 'http' })],
    true,
    ['refused SERVER_LIST_WITHOUT_HTTPS'],
  ],
  ['HTTP alone, where none does', [entry({ protocol: 'http' })], false, ['SERVER_LIST_WITHOUT_HTTPS']],
];
for (const [name, written, isVerified, expected] of listCases) {
  test(`F-10 F-11 a list with ${name}`, () => {
    assert.deepEqual(judge(written, isVerified), expected);
  });
}
