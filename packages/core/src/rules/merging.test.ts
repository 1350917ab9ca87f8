import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  atBreadth,
  decideMerge,
  isOver,
  MANY,
  MERGE_WINDOW_MS,
  MERGES_OPEN_MAX,
  networkOf,
  type MergeBreadth,
  type OpenMerge,
  type Repeatable,
} from './merging.ts';

const none = { exact: 0, network: 0 };
const full = MERGES_OPEN_MAX;
const window = (firstAtMs: number): OpenMerge => ({
  count: 1,
  firstAtMs,
  closesAtMs: firstAtMs + MERGE_WINDOW_MS,
});

test('S-06 the first refusal is written at once, those that follow within the window are counted', () => {
  const closesAtMs = 1000 + MERGE_WINDOW_MS;
  assert.deepEqual(decideMerge({}, none, 1000), { what: 'write', breadth: 'exact', closesAtMs });
  assert.deepEqual(decideMerge({ exact: window(1000) }, none, closesAtMs - 1), {
    what: 'count',
    breadth: 'exact',
  });
  assert.equal(decideMerge({ exact: window(1000) }, none, closesAtMs).what, 'write');
});

test('S-06 when too many windows are open, the network takes in what is new, and then one for all', () => {
  const cases: readonly [
    Partial<Record<MergeBreadth, OpenMerge>>,
    { exact: number; network: number },
    string,
    MergeBreadth,
  ][] = [
    [{}, { exact: full.exact - 1, network: 0 }, 'write', 'exact'],
    [{}, { exact: full.exact, network: 0 }, 'write', 'network'],
    [{ network: window(5) }, { exact: full.exact, network: 3 }, 'count', 'network'],
    [{}, full, 'write', 'all'],
    [{ all: window(5) }, full, 'count', 'all'],
    [{ exact: window(5), network: window(5), all: window(5) }, full, 'count', 'exact'],
    [{ exact: window(-MERGE_WINDOW_MS) }, full, 'write', 'exact'],
  ];
  for (const [open, counts, what, breadth] of cases) {
    const decision = decideMerge(open, counts, 6);
    assert.deepEqual([decision.what, decision.breadth], [what, breadth]);
  }
});

test('S-06 a clock that goes far back closes a window instead of counting for ever', () => {
  assert.equal(isOver(window(10 * MERGE_WINDOW_MS), 9 * MERGE_WINDOW_MS), false);
  assert.equal(isOver(window(10 * MERGE_WINDOW_MS), 9 * MERGE_WINDOW_MS - 1), true);
  assert.equal(isOver(window(10 * MERGE_WINDOW_MS), 10 * MERGE_WINDOW_MS - 1), false);
  assert.equal(isOver(window(10 * MERGE_WINDOW_MS), 8 * MERGE_WINDOW_MS), true);
});

test('S-06 addresses are grouped by /24 and /64, and what is no address by itself', () => {
  const cases: readonly [string, string][] = [
    ['192.0.2.7', '192.0.2.0/24'],
    ['110.120.130.140', '110.120.130.0/24'],
    ['x192.0.2.7', 'x192.0.2.7'],
    ['192.0.2.7x', '192.0.2.7x'],
    ['::ffff:192.0.2.7', '192.0.2.0/24'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::1:2:3:4:5:6:7', '0:1:2:3::/64'],
    ['1::3:4:5:6:7:8', '1:0:3:4::/64'],
    ['g:2:3:4:5:6:7:8', 'g:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7:8/64', '1:2:3:4:5:6:7:8/64'],
    ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8:9'],
    ['local', 'local'],
    ['agent', 'agent'],
    ['1:2:3', '1:2:3'],
  ];
  for (const [origin, network] of cases) assert.equal(networkOf(origin), network, origin);
});

test('S-06 a wider window sees many actors and subjects, from one network or from anywhere', () => {
  const refusal: Repeatable = {
    act: 'sign-in',
    code: 'SIGN_IN_REFUSED',
    reason: 'password',
    actor: 'head.office',
    subject: 'head.office',
    origin: '192.0.2.7',
  };
  const same = {
    act: 'sign-in',
    code: 'SIGN_IN_REFUSED',
    reason: 'password',
    actor: 'many',
    subject: 'many',
  };
  assert.deepEqual(atBreadth(refusal, 'exact'), refusal);
  assert.deepEqual(atBreadth(refusal, 'network'), { ...same, origin: '192.0.2.0/24' });
  assert.deepEqual(atBreadth(refusal, 'all'), { ...same, origin: 'many' });
});

/** The rule carried out over a list of refusals, as a store does it. */
function run(refusals: readonly (Repeatable & { atMs: number })[]) {
  const open = new Map<string, OpenMerge & { breadth: MergeBreadth }>();
  let written = 0;
  let counted = 0;
  let openMax = 0;
  for (const refusal of refusals) {
    const key = (breadth: MergeBreadth): string =>
      JSON.stringify([breadth, Object.entries({ ...atBreadth(refusal, breadth), atMs: 0 }).sort()]);
    for (const [name, one] of open) if (isOver(one, refusal.atMs)) open.delete(name);
    const found: Partial<Record<MergeBreadth, OpenMerge>> = {};
    for (const breadth of ['exact', 'network', 'all'] as const) {
      const one = open.get(key(breadth));
      if (one !== undefined) found[breadth] = one;
    }
    const counts = { exact: 0, network: 0 };
    for (const one of open.values()) if (one.breadth !== 'all') counts[one.breadth] += 1;
    const decision = decideMerge(found, counts, refusal.atMs);
    if (decision.what === 'count') counted += 1;
    else {
      written += 1;
      open.set(key(decision.breadth), { ...window(refusal.atMs), breadth: decision.breadth });
    }
    openMax = Math.max(openMax, open.size);
  }
  return { written, counted, openMax };
}

test('S-06 10,000 tries from 10,000 addresses open a bounded number of windows', () => {
  const refusals = Array.from({ length: 10_000 }, (_, index) => ({
    act: 'sign-in',
    code: 'SIGN_IN_REFUSED',
    reason: '',
    actor: `name-${index}`,
    subject: `name-${index}`,
    origin: `10.${index % 200}.${index % 250}.${index % 256}`,
    atMs: index,
  }));
  const { written, counted, openMax } = run(refusals);
  assert.equal(written + counted, 10_000);
  assert.ok(written <= full.exact + full.network + 1, `${written}`);
  assert.equal(openMax, written);
});

test('S-06 every refusal is written or counted, and no more windows are open than are allowed', () => {
  const refusal = fc.record({
    act: fc.constantFrom('sign-in', 'refuse-peer'),
    code: fc.constantFrom('A', 'B'),
    reason: fc.constant(''),
    actor: fc.constantFrom(MANY, 'x', 'y'),
    subject: fc.string({ maxLength: 2 }),
    origin: fc.ipV4(),
    atMs: fc.nat(3 * MERGE_WINDOW_MS),
  });
  fc.assert(
    fc.property(fc.array(refusal, { maxLength: 800, size: 'max' }), (given) => {
      const refusals = given.sort((a, b) => a.atMs - b.atMs);
      const { written, counted, openMax } = run(refusals);
      assert.equal(written + counted, refusals.length);
      assert.ok(openMax <= full.exact + full.network + 4);
    }),
    { numRuns: 20 },
  );
});
