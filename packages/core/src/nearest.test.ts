import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'node:test';
import { nearest, slipsBetween } from './nearest.ts';

const NOUNS = [
  'server',
  'agent',
  'host',
  'token',
  'cert',
  'security',
  'plan',
  'backup',
  'job',
  'point',
  'restore',
];

for (const [given, meant] of [
  ['hots', 'host'],
  ['hosts', 'host'],
  ['cret', 'cert'],
  ['certificate', undefined],
  ['restor', 'restore'],
  ['sec', 'security'],
  ['frobnicate', undefined],
  ['x', undefined],
  ['', undefined],
] as const) {
  test(`S-01 "${given}" means ${meant ?? 'nothing that is there'}`, () => {
    assert.equal(nearest(given, NOUNS), meant);
  });
}

test('options are compared without their dashes', () => {
  assert.equal(nearest('--jsn', ['--json', '--yes']), '--json');
});

test('the distance is a metric as far as suggestions need it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      assert.equal(slipsBetween(a, a), 0);
      assert.equal(slipsBetween(a, b), slipsBetween(b, a));
      assert.ok(slipsBetween(a, b) <= Math.max(a.length, b.length));
      assert.ok(slipsBetween(a, b) >= Math.abs(a.length - b.length));
    }),
  );
});
