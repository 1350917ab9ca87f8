import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { splice, type SpliceLimits } from './splice.ts';

/** One end of a connection: what the other side sends is pushed into it, what is written to it is kept until it is let go. */
class End extends Duplex {
  readonly taken: Buffer[] = [];
  holds = false;
  #waiting: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true, highWaterMark: 16 });
  }

  override _read(): void {
    return;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(chunk);
    if (this.holds) this.#waiting = done;
    else done();
  }

  letGo(): void {
    this.holds = false;
    this.#waiting?.();
  }

  get text(): string {
    return Buffer.concat(this.taken).toString();
  }
}

function pair(limits: Partial<SpliceLimits> = {}) {
  const clock = new FakeClock();
  const [a, b] = [new End(), new End()];
  const ends: string[] = [];
  const end = splice([a, b], { idleMs: 1_000, ...limits }, { clock, onEnd: (why) => void ends.push(why) });
  return { clock, a, b, ends, end };
}

test('T-60 bytes pass both ways, and an end is passed on while the other way goes on', async () => {
  const { a, b, ends } = pair();
  a.push('question');
  a.push(null);
  await once(b, 'finish');
  assert.equal(b.text, 'question');
  b.push('answer');
  b.push(null);
  await once(a, 'finish');
  assert.equal(a.text, 'answer');
  await turn();
  assert.deepEqual(ends, ['closed']);
});

test('T-60 what is not taken at one end is not read at the other', async () => {
  const { a, b } = pair();
  b.holds = true;
  for (let count = 0; count < 100; count += 1) a.push(Buffer.alloc(8));
  await turn();
  assert.ok(a.isPaused());
  assert.ok(b.writableLength <= 32, `${b.writableLength}`);
  b.letGo();
  for (let turns = 0; turns < 50 && b.text.length < 800; turns += 1) await turn();
  assert.equal(b.text.length, 800);
});

test('T-60 a tunnel ends after its bytes, after its time, and when nothing moves', async () => {
  const bytes = pair({ bytesMax: 10 });
  bytes.a.push('0123456789');
  await turn();
  assert.deepEqual(bytes.ends, []);
  bytes.a.push('x');
  await turn();
  assert.deepEqual(bytes.ends, ['bytes']);
  assert.equal(bytes.b.text, '0123456789');

  const lifetime = pair({ lifetimeMs: 5_000 });
  for (let second = 0; second < 4; second += 1) {
    await lifetime.clock.advance(900);
    lifetime.a.push('.');
    await turn();
  }
  assert.deepEqual(lifetime.ends, []);
  await lifetime.clock.advance(900);
  lifetime.b.push('.');
  await turn();
  await lifetime.clock.advance(600);
  assert.deepEqual(lifetime.ends, ['lifetime']);

  const idle = pair();
  await idle.clock.advance(900);
  idle.b.push('.');
  await turn();
  await idle.clock.advance(900);
  assert.deepEqual(idle.ends, []);
  await idle.clock.advance(101);
  assert.deepEqual(idle.ends, ['idle']);
  assert.ok(idle.a.destroyed && idle.b.destroyed);
});

test('T-60 one end that breaks ends the other', async () => {
  const { a, b, ends, end } = pair();
  a.destroy(new Error('reset'));
  await turn();
  assert.ok(b.destroyed);
  end('again');
  assert.deepEqual(ends, ['error']);
});
