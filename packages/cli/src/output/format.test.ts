import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFormat } from './format.ts';

const en = createFormat('en', 'Asia/Tokyo');
const ja = createFormat('ja', 'Asia/Tokyo');
const AT_MS = Date.UTC(2026, 10, 21, 13, 50, 6);

for (const [bytes, text] of [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1536, '1.5 KiB'],
  [1024 ** 2 - 1, '1.0 MiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
  [3 * 1024 ** 6, '3072.0 PiB'],
] as const) {
  test(`S-01 ${bytes} bytes read as ${text}`, () => assert.equal(en.bytes(bytes), text));
}

for (const [ms, english, japanese] of [
  [0, '0 s', '0 秒'],
  [840, '0.8 s', '0.8 秒'],
  [5_000, '5 s', '5 秒'],
  [59_600, '1 min', '1 分'],
  [61_000, '1 min 1 s', '1 分 1 秒'],
  [3_900_000, '1 h 5 min', '1 時間 5 分'],
  [90_000_000, '1 d 1 h', '1 日 1 時間'],
  [365 * 86_400_000, '365 d', '365 日'],
] as const) {
  test(`S-01 ${ms} ms read as ${english}, ${japanese}`, () => {
    assert.equal(en.duration(ms), english);
    assert.equal(ja.duration(ms), japanese);
  });
}

test('S-01 a time is local and names its zone', () => {
  assert.equal(en.timeWithZone(AT_MS), '2026-11-21 22:50:06 Asia/Tokyo');
  assert.equal(createFormat('en', 'UTC').timeWithZone(AT_MS), '2026-11-21 13:50:06 UTC');
  assert.equal(en.time(null), '–');
});

test('S-01 midnight is 00:00:00, not 24:00:00', () => {
  assert.equal(createFormat('en', 'UTC').time(Date.UTC(2026, 0, 1)), '2026-01-01 00:00:00');
});

test('S-01 one thing and many read as people count, in both languages', () => {
  assert.deepEqual(
    [en.counted('host', 1), en.counted('host', 1234), ja.counted('host', 1), ja.counted('file', 1234)],
    ['1 host', '1,234 hosts', '1 台のホスト', '1,234 ファイル'],
  );
});
