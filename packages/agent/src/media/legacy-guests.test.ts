import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId } from '@sekisho/core/ids.ts';
import type { AskLegacyReply } from '@sekisho/core/wire/legacy.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLegacyGuests, REFUSED_KEY_KEPT_MS, REFUSED_KEYS_MAX } from './legacy-guests.ts';

const hostId = parseHostId('00000000-0000-4000-8000-00000000000a')!;
const YES: AskLegacyReply = { allow: true, hostId, repositories: [], cacheSeconds: 1 };
const refusal = (code: string, params: Record<string, number> = {}): AskLegacyReply => ({
  allow: false,
  code,
  params,
  cacheSeconds: 1,
});

/** A media server whose management server answers what the test says; `asked`: the names of all questions. */
function world() {
  const clock = new FakeClock();
  const made = {
    clock,
    asked: [] as string[],
    answer: (): AskLegacyReply | Promise<AskLegacyReply> => YES,
    guests: createLegacyGuests({
      server: {
        call: (async (_route: unknown, { body }: { body: { name: string } }) => {
          made.asked.push(body.name);
          return made.answer();
        }) as never,
      },
      clock,
      log: silentLog(),
    }),
    come: (key = 'k', name = 'old-01', address = '192.0.2.1'): Promise<string> =>
      made.guests.admit({ name, address, key: new Secret(key) }).then(
        ({ hostId: id }) => id,
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      ),
  };
  return made;
}

test('T-50 a yes is used for as long as it says, and not after everything was forgotten', async () => {
  const { clock, asked, come, guests } = world();
  assert.deepEqual([await come(), await come(), asked.length], [hostId, hostId, 1]);
  guests.forget();
  await come();
  await clock.advance(1_001);
  await come();
  assert.equal(asked.length, 3);
});

test('T-51 a yes that was on its way when everything was forgotten does not count: it is asked once more', async () => {
  const here = world();
  here.answer = () => {
    here.guests.forget();
    here.answer = () => refusal('INSECURE_COMMUNICATION_OFF');
    return YES;
  };
  const both = await Promise.all([here.come(), here.come()]);
  assert.deepEqual(both, ['INSECURE_COMMUNICATION_OFF', 'INSECURE_COMMUNICATION_OFF']);
  assert.equal(here.asked.length, 2);
  // things that are decided again and again: no answer is newer than they are
  here.answer = () => {
    here.guests.forget();
    return YES;
  };
  assert.equal(await here.come(), 'LEGACY_UNANSWERED');
});

test('T-50 a key that was refused is not asked about again for a while, and does not stand in the way of another', async () => {
  const here = world();
  here.answer = () => refusal('LEGACY_KEY_REFUSED');
  for (let n = 0; n < 5; n += 1) assert.equal(await here.come('wrong'), 'LEGACY_KEY_REFUSED');
  assert.equal(here.asked.length, 1);
  here.answer = () => YES;
  assert.equal(await here.come('right'), hostId, 'the right key of the same host, from the same address');
  await here.clock.advance(REFUSED_KEY_KEPT_MS);
  assert.equal(await here.come('wrong'), hostId, 'then it is asked again');
  here.answer = () => refusal('LEGACY_KEY_REFUSED');
  await here.come('other');
  here.answer = () => YES;
  here.guests.forget();
  assert.equal(await here.come('other'), hostId, 'and when something was decided');
});

test('T-50 who has to wait is not passed on until then, a minute at most; other refusals are asked for each time', async () => {
  const here = world();
  here.answer = () => refusal('RATE_LIMITED', { retrySeconds: 600 });
  for (let n = 0; n < 5; n += 1) assert.equal(await here.come(`guess-${n}`), 'RATE_LIMITED');
  assert.equal(here.asked.length, 1);
  here.answer = () => YES;
  assert.equal(await here.come('right', 'old-02'), hostId, 'another host behind the same address');
  await here.clock.advance(REFUSED_KEY_KEPT_MS);
  assert.equal(await here.come('right'), hostId);
  here.answer = () => refusal('LEGACY_ADDRESS_OTHER');
  for (let n = 0; n < 2; n += 1) assert.equal(await here.come('right', 'old-03'), 'LEGACY_ADDRESS_OTHER');
  assert.deepEqual(here.asked.slice(-2), ['old-03', 'old-03']);
});

test('T-50 refused keys that are remembered are bounded: the oldest is asked about again', async () => {
  const here = world();
  here.answer = () => refusal('LEGACY_KEY_REFUSED');
  for (let n = 0; n <= REFUSED_KEYS_MAX; n += 1) await here.come(`guess-${n}`);
  const before = here.asked.length;
  await here.come(`guess-${REFUSED_KEYS_MAX}`);
  assert.equal(here.asked.length, before);
  await here.come('guess-0');
  assert.equal(here.asked.length, before + 1);
});
