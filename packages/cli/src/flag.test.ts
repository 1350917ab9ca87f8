import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs, parseEndpoint, required } from './flag.ts';

for (const [given, address, port] of [
  ['backup.example.com', 'backup.example.com', 13000],
  ['backup.example.com:443', 'backup.example.com', 443],
  ['192.0.2.1:13001', '192.0.2.1', 13001],
  ['[2001:db8::1]:13001', '2001:db8::1', 13001],
  ['[2001:db8::1]', '2001:db8::1', 13000],
  ['2001:db8::1', '2001:db8::1', 13000],
] as const) {
  test(`T-10 the server address ${given} is read`, () => {
    assert.deepEqual(parseEndpoint(given, '--server', 13_000), { address, port });
  });
}

for (const given of [
  '',
  'a b',
  'https://backup.example.com',
  'host:port',
  'host:70000',
  '[::1',
  'host:1:2/x',
]) {
  test(`T-10 the server address "${given}" is refused`, () => {
    assert.throws(
      () => parseEndpoint(given, '--server', 13_000),
      (error) => error instanceof AppError && error.code === 'USAGE_ENDPOINT_INVALID',
    );
  });
}

test('S-01 what must be given says so in the help, and is refused when it is not there', () => {
  const flag = required(durationMs('--valid <duration>', '60s', '366d'));
  assert.equal(flag.required, true);
  assert.equal(flag.read('2m', '--valid'), 120_000);
  assert.throws(
    () => flag.read(undefined, '--valid'),
    (error) => error instanceof AppError && error.code === 'USAGE_OPTION_VALUE_MISSING',
  );
});
