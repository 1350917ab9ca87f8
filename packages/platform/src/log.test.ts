import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'node:test';
import { createLog, inLogScope } from './log.ts';
import { Secret } from './secret.ts';

function memoryLog() {
  const lines: string[] = [];
  const log = createLog({
    name: 'test',
    level: 'trace',
    destination: { write: (line) => void lines.push(line) },
  });
  return { log, lines };
}

test('S-08 a secret is in no log line, however it got there', () => {
  const kinds: readonly ((value: string) => object)[] = [
    (value) => ({ given: new Secret(value) }),
    (value) => ({ deep: { given: [new Secret(value)] } }),
    (value) => ({ given: new Secret(Buffer.from(value)) }),
    (value) => ({ token: value }),
    (value) => ({ password: value }),
    (value) => ({ secret: value }),
    (value) => ({ passphrase: value }),
    (value) => ({ privateKey: value }),
    (value) => ({ request: { authorization: `Bearer ${value}` } }),
    (value) => ({ request: { headers: { authorization: value, cookie: `a=${value}` } } }),
    (value) => ({ message: `token ${new Secret(value).toString()}` }),
    (value) => ({ err: new Error(`failed with ${String(new Secret(value))}`) }),
  ];
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9]{16,40}$/), fc.nat(kinds.length - 1), (value, kind) => {
      const { log, lines } = memoryLog();
      log.info(kinds[kind]?.(value) ?? {}, 'a line');
      assert.equal(lines.length, 1);
      assert.ok(!lines[0]?.includes(value), lines[0]);
      assert.ok(!lines[0]?.includes(Buffer.from(value).toString('base64')), lines[0]);
    }),
  );
});

test('S-08 a text cannot begin a log line of its own', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const { log, lines } = memoryLog();
      log.info({ name: text, text }, text);
      assert.equal(lines.length, 1);
      assert.equal(lines[0]?.indexOf('\n'), lines[0]!.length - 1);
      assert.equal((JSON.parse(lines[0] ?? '') as { text: string }).text, text);
    }),
  );
});

test('S-08 log lines that come of a request carry its ID, also later and in other calls', async () => {
  const { log, lines } = memoryLog();
  await Promise.all(
    ['one', 'two'].map((id) =>
      inLogScope(id, async () => {
        log.info({ from: id }, 'at once');
        await new Promise((resolve) => setImmediate(resolve));
        log.child({ part: 'x' }).info({ from: id }, 'later');
      }),
    ),
  );
  log.info('outside');
  const parsed = lines.map((line) => JSON.parse(line) as { from?: string; requestId?: string });
  assert.equal(parsed.length, 5);
  for (const { from, requestId } of parsed) assert.equal(requestId, from);
});
