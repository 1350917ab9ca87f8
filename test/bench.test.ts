import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BENCHES, FIGURES } from '../bench/catalogue.ts';
import { UNIT_YARDSTICK, type FigureSpec, type Sample } from '../bench/figure.ts';
import { isMet, merge, results, RUNS_MIN, summarise } from '../bench/harness/results.ts';
import { inTurn, median, quantile, rounded } from '../bench/harness/statistics.ts';
import { tableOf } from '../bench/harness/table.ts';
import { ROOT } from './root.ts';

const spec: FigureSpec = {
  id: 'some-figure',
  title: 'some figure',
  unit: 'ms',
  yardstick: 'something bare',
  aim: 2,
  better: 'lower',
};
const samplesOf = (...pairs: readonly (readonly [number, number])[]): Sample[] =>
  pairs.map(([value, yardstick]) => ({
    id: spec.id,
    value,
    yardstick,
    cpuMsPerOp: value * 2,
    extra: { p99: value },
  }));
const FIVE = samplesOf([10, 5], [12, 10], [30, 10], [11, 5], [40, 20]);
const FACTS = { quick: false, measuredAt: '2026-01-02T03:04:05.000Z' };

/** What the speed table of the project's aims asks for: each figure, with its aim. */
const AIMS: readonly (readonly [string, number, 'higher' | 'lower'])[] = [
  ['issuance', 7, 'lower'],
  ['heartbeat', 0.7, 'higher'],
  ['idle-memory', 1.2, 'lower'],
  ['handshake-full', 1.2, 'lower'],
  ['handshake-resumed', 1.2, 'lower'],
  ['handshake-resumed-of-full', 0.6, 'lower'],
  ['backup-time', 1.5, 'lower'],
  ['restore-time', 1.5, 'lower'],
  ['backup-media-cpu', 3.2, 'lower'],
  ['restore-media-cpu', 1.5, 'lower'],
  ['backup-proxy-cpu', 2.5, 'lower'],
  ['restore-proxy-cpu', 2.5, 'lower'],
  ['media-memory', 80, 'lower'],
  ['proxy-memory', 80, 'lower'],
  ['start-100k', 3, 'lower'],
  ['index-host', 500, 'lower'],
  ['flush-stall', 20, 'lower'],
  ['policy-change', 5, 'lower'],
  ['storm-handshakes', 0.2, 'higher'],
  ['storm-online', 60, 'lower'],
  ['update-time', 1, 'lower'],
  ['update-lost', 0, 'lower'],
  ['update-missed', 1, 'lower'],
  ['update-cpu', 1, 'lower'],
  ['ca-rekey', 3, 'lower'],
  ['ca-stall', 50, 'lower'],
  ['ca-backups-disturbed', 0, 'lower'],
  ['two-workers-heartbeat', 1.15, 'lower'],
  ['two-workers-handshake', 1.15, 'lower'],
  ['two-workers-throughput', 1.7, 'higher'],
  ['peer-decisions-cached', 200_000, 'higher'],
  ['peer-decisions-server', 20_000, 'higher'],
  ['ocsp-signed', 0.4, 'higher'],
  ['ocsp-cached', 15_000, 'higher'],
  ['revoke-cut', 2, 'lower'],
  ['crl-million', 5, 'lower'],
  ['crl-million-stall', 50, 'lower'],
];

test('every aim has its figure, and every figure an ID of its own', () => {
  const found = new Map(FIGURES.map((figure) => [figure.id, figure]));
  assert.equal(found.size, FIGURES.length);
  for (const [id, aim, better] of AIMS) {
    const figure = found.get(id);
    assert.deepEqual([figure?.aim, figure?.better], [aim, better], id);
  }
  assert.equal(new Set(BENCHES.map(({ name }) => name)).size, BENCHES.length);
});

test('what was measured last is kept well formed, and says of each figure whether it met its aim', (t) => {
  const path = join(ROOT, 'bench', 'results.json');
  if (!existsSync(path)) {
    t.diagnostic('nothing was measured in this checkout yet');
    return;
  }
  const { figures } = results.parse(JSON.parse(readFileSync(path, 'utf8')));
  for (const figure of figures) {
    const known = FIGURES.find(({ id }) => id === figure.id);
    assert.ok(known !== undefined, `${figure.id} is no figure any more`);
    assert.deepEqual(
      [figure.unit, figure.yardstick, figure.aim, figure.better],
      [known.unit, known.yardstick, known.aim, known.better],
      figure.id,
    );
    assert.equal(figure.met, isMet(known, figure.ratio), figure.id);
    if (known.yardstick === UNIT_YARDSTICK) assert.equal(figure.ratio, figure.value, figure.id);
  }
});

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(quantile([0, 10], 0.25), 2.5);
  assert.throws(() => median([]));
  assert.deepEqual([rounded(1.23456), rounded(0.00012345), rounded(123_456.7)], [1.23, 0.000123, 123_457]);
});

test('a ratio is the median of the ratios of the pairs, not the ratio of the medians', () => {
  const found = summarise(spec, FIVE, FACTS);
  assert.deepEqual(
    [found.value, found.yardstickValue, found.ratio, found.cpuMsPerOp, found.extra['p99'], found.runs],
    [12, 10, 2, 24, 12, 5],
  );
  assert.deepEqual(found.spread, { low: 2, high: 2.2 });
  assert.equal(found.met, true);
});

test('too few runs, and runs that gave no number, are no figure', () => {
  assert.throws(() => summarise(spec, FIVE.slice(1), FACTS), /4 runs of at least 5/);
  assert.throws(() => summarise(spec, [...FIVE, ...samplesOf([1, 0])], FACTS), /no number/);
  assert.equal(RUNS_MIN, 5);
});

test('an aim is met from either side', () => {
  assert.deepEqual([isMet(spec, 2), isMet(spec, 2.01)], [true, false]);
  const higher = { ...spec, better: 'higher' as const };
  assert.deepEqual([isMet(higher, 2), isMet(higher, 1.99)], [true, false]);
});

test('figure and yardstick are run in turn, and who begins changes', async () => {
  const order: string[] = [];
  const pairs = await inTurn(
    3,
    (round) => Promise.resolve(order.push('figure') > 0 ? round : -1),
    (round) => Promise.resolve(order.push('yardstick') > 0 ? round * 10 : -1),
  );
  assert.deepEqual(order, ['figure', 'yardstick', 'yardstick', 'figure', 'figure', 'yardstick']);
  assert.deepEqual(pairs, [
    [0, 0],
    [1, 10],
    [2, 20],
  ]);
});

test('a figure that is measured alone replaces itself, and leaves the others as they were', () => {
  const old = summarise(spec, FIVE, FACTS);
  const other = { ...old, id: 'other' };
  const gone = { ...old, id: 'gone' };
  const fresh = { ...old, ratio: 1 };
  const catalogue = [{ ...spec, id: 'other' }, spec];
  assert.deepEqual(merge([old, gone, other], [fresh], catalogue), [other, fresh]);
});

test('the table says of each figure whether it met its aim', () => {
  const met = summarise(spec, FIVE, FACTS);
  const text = tableOf([met, { ...met, id: 'other', met: false }]);
  assert.match(text, /^some-figure +12 ms +10 ms +2 +2 … 2\.2 +≤ 2 +met +24$/m);
  assert.match(text, /^other .* MISSED/m);
});
