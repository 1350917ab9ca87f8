import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { streamBody } from './stream-body.ts';

/** As sockets give them: each owns its memory. */
const pieces = (count: number): Buffer[] => Array.from({ length: count }, () => randomBytes(16 * 1024));

test('P-11 a body reaches a slow writer byte for byte, with back pressure, and its memory is released', async () => {
  const sent = pieces(40);
  const expected = Buffer.concat(sent);
  const written: Buffer[] = [];
  let waitingMax = 0;
  const to = new Writable({
    highWaterMark: 32 * 1024,
    write(chunk: Buffer, _encoding, done) {
      written.push(Buffer.from(chunk));
      waitingMax = Math.max(waitingMax, to.writableLength);
      setImmediate(done);
    },
  });
  let told = 0;
  streamBody(Readable.from(sent), to, ({ byteLength }) => {
    told += byteLength;
  });
  await once(to, 'finish');
  assert.ok(Buffer.concat(written).equals(expected));
  assert.equal(told, expected.byteLength);
  assert.ok(waitingMax <= 48 * 1024, `${waitingMax} bytes waited`);
  assert.deepEqual(
    sent.filter(({ byteLength }) => byteLength > 0),
    [],
  );
});

test('P-11 after the end of one side nothing more is read from the other', async () => {
  const from = new PassThrough();
  const to = new PassThrough();
  streamBody(from, to, () => undefined);
  to.destroy();
  await once(to, 'close');
  assert.equal(from.isPaused(), true);
  assert.equal(from.listenerCount('data'), 0);
});
