import { DAY_MS } from '@sekisho/core/time.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from './fake-clock.ts';
import { SeededRandom } from './seeded-random.ts';

test('a FakeClock starts 400 days back and stands still', () => {
  const clock = new FakeClock();
  const behindDays = (systemClock.nowMs() - clock.nowMs()) / DAY_MS;
  assert.ok(behindDays >= 400 && behindDays < 400.1);
  assert.equal(clock.nowMs(), clock.nowMs());
});

test('it never passes the real clock', async () => {
  const clock = new FakeClock();
  await assert.rejects(clock.advance(401 * DAY_MS), RangeError);
  assert.throws(() => clock.jump(401 * DAY_MS), RangeError);
  assert.throws(() => new FakeClock({ startMs: systemClock.nowMs() + DAY_MS }), RangeError);
});

test('advance runs timers and sleepers in order of time, each at its own time', async () => {
  const clock = new FakeClock();
  const startMs = clock.nowMs();
  const seen: [string, number][] = [];
  const say = (what: string): void => void seen.push([what, clock.nowMs() - startMs]);
  clock.timer(30, () => say('30'));
  clock.timer(10, () => {
    say('10');
    clock.timer(10, () => say('20, set at 10'));
  });
  clock.timer(10, () => say('10, second'));
  const sleeper = (async () => {
    for (let index = 0; index < 2; index += 1) {
      await clock.sleep(12);
      say('slept 12');
    }
  })();
  const cancel = clock.timer(5, () => say('never'));
  cancel();
  await clock.advance(29);
  assert.deepEqual(seen, [
    ['10', 10],
    ['10, second', 10],
    ['slept 12', 12],
    ['20, set at 10', 20],
    ['slept 12', 24],
  ]);
  await sleeper;
  await clock.advance(1);
  assert.deepEqual(seen.at(-1), ['30', 30]);
  assert.equal(clock.pendingTimers, 0);
});

test('an aborted sleep ends at once and leaves no timer', async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const sleeping = clock.sleep(1_000, abort.signal);
  abort.abort();
  await sleeping;
  await clock.sleep(1_000, abort.signal);
  assert.equal(clock.pendingTimers, 0);
});

test('jump moves wall time alone', async () => {
  const clock = new FakeClock();
  const [wallMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
  let ran = 0;
  clock.timer(1_000, () => {
    ran += 1;
  });
  clock.jump(DAY_MS);
  assert.deepEqual([clock.nowMs() - wallMs, clock.monotonicMs() - monotonicMs, ran], [DAY_MS, 0, 0]);
  clock.jump(-2 * DAY_MS);
  await clock.advance(1_000);
  assert.equal(ran, 1);
  assert.equal(clock.nowMs() - wallMs, -DAY_MS + 1_000);
});

test('seeded randomness repeats itself, differs by seed, and looks like what it stands for', () => {
  const draw = (seed: string) => {
    const random = new SeededRandom(seed);
    return { bytes: [...random.bytes(70)], uuid: random.uuid(), fraction: random.fraction() };
  };
  assert.deepEqual(draw('a'), draw('a'));
  assert.notDeepEqual(draw('a'), draw('b'));
  const { uuid, fraction } = draw('a');
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(fraction >= 0 && fraction < 1);
});
