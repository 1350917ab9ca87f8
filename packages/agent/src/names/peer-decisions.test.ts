import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId, parseSha256Hex } from '@sekisho/core/ids.ts';
import { PEER_DECISIONS_MAX, PEER_QUESTIONS_MAX } from '@sekisho/core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { PeerAnswer, PeerQuestion } from '@sekisho/core/wire/names.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createPeerDecisions, type NamedPeer, type PeerDecisions } from './peer-decisions.ts';
import {
  openStandingDecisions,
  STANDING_AT_ONCE_MAX,
  STANDING_WRITE_MS,
  type StandingDecisions,
} from './standing-decisions.ts';

const hostId = parseHostId('00000000-0000-4000-8000-00000000000b')!;
const fingerprint = parseSha256Hex('ab'.repeat(32))!;
const peer = (name: string, direction: NamedPeer['direction'] = 'dialled'): NamedPeer => ({
  name,
  hostId,
  direction,
  fingerprint,
});

interface World {
  readonly clock: FakeClock;
  readonly decisions: PeerDecisions;
  readonly standing: StandingDecisions;
  readonly file: string;
  /** The names of each request. */
  readonly asked: string[][];
  readonly changes: (readonly string[] | null)[];
  answer: (question: PeerQuestion) => PeerAnswer;
  isAway: boolean;
  generation: number;
  isNamed: boolean;
  crlEndsMs: number | undefined;
  /** The same host after a restart of its agent. */
  again(): Promise<World>;
}

async function world(t: TestContext, on?: { file: string; clock: FakeClock }): Promise<World> {
  let file = on?.file;
  if (file === undefined) {
    const { path, remove } = await makeTempFolder();
    t.after(remove);
    file = join(path, 'names.json');
  }
  const clock = on?.clock ?? new FakeClock();
  const log = silentLog();
  const made: World = {
    clock,
    file,
    asked: [],
    changes: [],
    answer: () => ({ allow: true, cacheSeconds: 300 }),
    isAway: false,
    generation: 7,
    isNamed: true,
    crlEndsMs: clock.nowMs() + 60 * MINUTE_MS,
    again: () => world(t, { file: made.file, clock }),
    standing: await openStandingDecisions({
      file,
      isNamed: () => made.isNamed,
      crlNextUpdateMs: () => made.crlEndsMs,
      clock,
      log,
    }),
    get decisions() {
      return decisions;
    },
  };
  const call = ((_route: unknown, { body }: { body: { questions: PeerQuestion[] } }) => {
    if (made.isAway) return Promise.reject(new AppError('SERVER_UNREACHABLE', { server: '-', detail: '-' }));
    made.asked.push(body.questions.map(({ name }) => name));
    return Promise.resolve({ generation: made.generation, answers: body.questions.map(made.answer) });
  }) as never;
  const decisions = createPeerDecisions({
    server: { call },
    standing: made.standing,
    clock,
    log,
    onChanged: (names) => made.changes.push(names),
  });
  return made;
}

const codeOf = (asked: Promise<void>): Promise<string> =>
  asked.then(
    () => 'allowed',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
const refusal = (code: string, cacheSeconds = 20): PeerAnswer => ({
  allow: false,
  code,
  params: { name: 'x', host: hostId },
  cacheSeconds,
});

test('T-33 an answer is kept for its time, a refusal for less; then it is asked for again', async (t) => {
  const here = await world(t);
  const { decisions, clock, asked } = here;
  for (let n = 0; n < 3; n += 1)
    assert.equal(await codeOf(decisions.require(peer('NAS.Example.'))), 'allowed');
  assert.equal(decisions.known(peer('nas.example')), true, 'the same name, written otherwise');
  assert.equal(asked.length, 1);
  here.answer = () => refusal('PEER_NAME_PENDING');
  assert.equal(await codeOf(decisions.require(peer('b.example'))), 'PEER_NAME_PENDING');
  assert.equal(await codeOf(decisions.require(peer('b.example'))), 'PEER_NAME_PENDING');
  assert.equal(asked.length, 2);
  await clock.advance(21 * SECOND_MS);
  assert.equal(decisions.known(peer('b.example')), undefined);
  assert.equal(decisions.known(peer('nas.example')), true);
  await clock.advance(5 * MINUTE_MS);
  assert.equal(decisions.known(peer('nas.example')), undefined);
});

test('T-31 T-42 an answer counts for the certificate that was shown, not for another one of that host', async (t) => {
  const here = await world(t);
  const other = parseSha256Hex('cd'.repeat(32))!;
  assert.equal(await codeOf(here.decisions.require(peer('nas'))), 'allowed');
  here.answer = ({ fingerprint: shown }) =>
    shown === other ? refusal('PEER_REVOKED') : { allow: true, cacheSeconds: 300 };
  const again = { ...peer('nas'), fingerprint: other };
  assert.equal(here.decisions.known(again), undefined);
  assert.equal(await codeOf(here.decisions.require(again)), 'PEER_REVOKED');
  assert.equal(here.decisions.known(peer('nas')), true);
  here.decisions.changed(['nas'], { since: 7, generation: 8 });
  assert.deepEqual([here.decisions.known(peer('nas')), here.decisions.known(again)], [undefined, undefined]);
});

test('T-33 an answer that was on its way when something was decided is asked for once more', async (t) => {
  const here = await world(t);
  here.answer = () => {
    here.answer = () => refusal('PEER_NAME_PENDING');
    here.decisions.changed(['nas'], { since: 7, generation: 8 });
    here.generation = 8;
    return { allow: true, cacheSeconds: 300 };
  };
  assert.equal(await codeOf(here.decisions.require(peer('nas'))), 'PEER_NAME_PENDING');
  assert.equal(here.asked.length, 2);
});

test('T-31 questions of one turn share a request, the same ones an answer, and the rest follows in batches', async (t) => {
  const { decisions, asked } = await world(t);
  const many = Array.from({ length: PEER_QUESTIONS_MAX + 5 }, (_, n) => peer(`n${n}`));
  await Promise.all([...many, ...many].map((one) => decisions.require(one)));
  assert.deepEqual(
    asked.map(({ length }) => length),
    [PEER_QUESTIONS_MAX, 5],
  );
});

test('T-33 a push takes the named answers out at once; a gap in the count takes all', async (t) => {
  const { decisions, asked, changes } = await world(t);
  for (const name of ['a', 'b', '2001:db8::1']) await decisions.require(peer(name));
  decisions.changed(['a', '2001:db8::1'], { since: 7, generation: 8 });
  assert.deepEqual(
    ['a', 'b', '2001:DB8::0:1'].map((name) => decisions.known(peer(name))),
    [undefined, true, undefined],
  );
  assert.deepEqual(changes, [['a', '2001:db8::1']]);
  decisions.changed(['c'], { since: 11, generation: 12 });
  assert.equal(decisions.known(peer('b')), undefined, 'a push got lost');
  assert.deepEqual(changes.at(-1), null);
  assert.equal(asked.length, 3);
});

test('T-33 in pull mode the number in a heartbeat’s answer does the same', async (t) => {
  const { decisions } = await world(t);
  await decisions.require(peer('a'));
  decisions.heard(7);
  assert.equal(decisions.known(peer('a')), true);
  decisions.heard(8);
  assert.equal(decisions.known(peer('a')), undefined);
});

test('T-33 while the server is away an earlier yes about a named peer holds until the list ends, over a restart too', async (t) => {
  const first = await world(t);
  await first.decisions.require(peer('nas'));
  await first.standing.settled();
  await first.clock.advance(6 * MINUTE_MS);
  first.isAway = true;
  assert.equal(await codeOf(first.decisions.require(peer('nas'))), 'allowed');
  assert.equal(await codeOf(first.decisions.require(peer('new'))), 'PEER_NAME_UNANSWERED');
  assert.equal(await codeOf(first.decisions.require(peer('nas', 'accepted'))), 'PEER_NAME_UNANSWERED');

  const second = await first.again();
  second.isAway = true;
  assert.equal(await codeOf(second.decisions.require(peer('nas'))), 'allowed');
  second.isNamed = false;
  assert.equal(await codeOf(second.decisions.require(peer('nas'))), 'PEER_NAME_UNANSWERED');
  second.isNamed = true;
  second.crlEndsMs = second.clock.nowMs();
  assert.equal(await codeOf(second.decisions.require(peer('nas'))), 'PEER_NAME_UNANSWERED');
  second.crlEndsMs = undefined;
  assert.equal(await codeOf(second.decisions.require(peer('nas'))), 'PEER_NAME_UNANSWERED');
});

test('T-33 what was decided anew, or refused, does not hold while the server is away', async (t) => {
  const here = await world(t);
  await here.decisions.require(peer('told'));
  await here.decisions.require(peer('refused'));
  here.decisions.changed(['told'], { since: 7, generation: 8 });
  here.generation = 8;
  here.answer = () => refusal('PEER_NAME_PENDING');
  await here.clock.advance(6 * MINUTE_MS);
  assert.equal(await codeOf(here.decisions.require(peer('refused'))), 'PEER_NAME_PENDING');
  await here.standing.settled();
  const after = await here.again();
  after.isAway = true;
  for (const name of ['told', 'refused'])
    assert.equal(await codeOf(after.decisions.require(peer(name))), 'PEER_NAME_UNANSWERED', name);
});

test('T-33 a name that was taken away while nobody told this agent is not kept: not in pull mode, and not over a restart', async (t) => {
  const here = await world(t);
  await here.decisions.require(peer('nas'));
  here.answer = () => refusal('PEER_NAME_PENDING');
  here.generation = 8;
  here.decisions.heard(8);
  await eventually('it was asked again', () => (here.asked.length >= 2 ? true : undefined));
  here.isAway = true;
  await here.clock.advance(6 * MINUTE_MS);
  assert.equal(await codeOf(here.decisions.require(peer('nas'))), 'PEER_NAME_UNANSWERED');

  const other = await world(t);
  await other.decisions.require(peer('nas'));
  await other.standing.settled();
  const restarted = await other.again();
  restarted.answer = () => refusal('PEER_NAME_PENDING');
  restarted.generation = 9;
  restarted.decisions.heard(9);
  await eventually('it was asked again', () => (restarted.asked.length >= 1 ? true : undefined));
  restarted.isAway = true;
  await restarted.clock.advance(6 * MINUTE_MS);
  assert.equal(await codeOf(restarted.decisions.require(peer('nas'))), 'PEER_NAME_UNANSWERED');
});

test('T-33 a peer that the policy does not name is not kept for later', async (t) => {
  const here = await world(t);
  here.isNamed = false;
  await here.decisions.require(peer('nas'));
  here.isNamed = true;
  assert.equal(here.standing.has(peer('nas')), false);
});

test('T-31 a server that does not answer is no answer, is not asked at every connection, and is asked again once it is back', async (t) => {
  const here = await world(t);
  here.isAway = true;
  assert.equal(await codeOf(here.decisions.require(peer('a'))), 'PEER_NAME_UNANSWERED');
  here.isAway = false;
  assert.equal(await codeOf(here.decisions.require(peer('a'))), 'PEER_NAME_UNANSWERED');
  assert.equal(here.asked.length, 0);
  here.decisions.reached();
  assert.equal(await codeOf(here.decisions.require(peer('a'))), 'allowed');
});

test('T-31 a code that this version does not know is a refusal', async (t) => {
  const here = await world(t);
  here.answer = () => refusal('SOMETHING_NEWER');
  assert.equal(await codeOf(here.decisions.require(peer('a'))), 'PEER_NAME_PENDING');
});

test('T-31 what is kept is bounded: the oldest answer goes', async (t) => {
  const { decisions } = await world(t);
  const all = Array.from({ length: PEER_DECISIONS_MAX + 1 }, (_, n) => peer(`n${n}`));
  for (let from = 0; from < all.length; from += 500)
    await Promise.all(all.slice(from, from + 500).map((one) => decisions.require(one)));
  assert.equal(decisions.size, PEER_DECISIONS_MAX);
  assert.equal(decisions.known(peer('n0')), undefined);
  assert.equal(decisions.known(peer(`n${PEER_DECISIONS_MAX}`)), true);
});

test('T-33 many earlier yeses are all asked about again, in slices, also when the server fell silent meanwhile', async (t) => {
  const here = await world(t);
  const many = STANDING_AT_ONCE_MAX + 300;
  for (let n = 0; n < many; n += 1) here.standing.allow(peer(`n${n}`));
  await here.decisions.require(peer('first'));
  here.asked.length = 0;
  here.isAway = true;
  here.decisions.heard(8);
  await new Promise((resolve) => setImmediate(resolve)); // it has met silence
  here.isAway = false;
  await here.standing.settled();
  here.generation = 8;
  here.decisions.reached();
  await eventually('each was asked about', () =>
    new Set(here.asked.flat()).size >= many + 1 ? true : undefined,
  );
  assert.ok(here.asked.every(({ length }) => length <= PEER_QUESTIONS_MAX));
});

test('T-33 a long file is written for many new yeses together, for a no at once, and at the end', async (t) => {
  const { standing, clock, file } = await world(t);
  const kept = async (): Promise<number> =>
    (JSON.parse(await readFile(file, 'utf8')) as { decisions: unknown[] }).decisions.length;
  for (let n = 0; n < STANDING_AT_ONCE_MAX; n += 1) standing.allow(peer(`n${n}`));
  await standing.settled();
  for (let n = 0; n < 10; n += 1) standing.allow(peer(`more${n}`));
  assert.equal(await kept(), STANDING_AT_ONCE_MAX);
  await clock.advance(STANDING_WRITE_MS);
  await eventually('it is written', async () =>
    (await kept()) === STANDING_AT_ONCE_MAX + 10 ? true : undefined,
  );
  standing.allow(peer('one more'));
  standing.drop(peer('n0'));
  await eventually('a no is not late', async () =>
    (await readFile(file, 'utf8')).includes('"n0"') ? undefined : true,
  );
  standing.allow(peer('last'));
  await standing.settled();
  assert.equal(await kept(), STANDING_AT_ONCE_MAX + 11);
});

test('T-33 a kept file that is damaged says yes to nothing', async (t) => {
  const first = await world(t);
  await first.decisions.require(peer('nas'));
  await first.standing.settled();
  await writeFile(first.file, '{"decisions":[{"name":"nas"');
  const second = await first.again();
  second.isAway = true;
  assert.equal(await codeOf(second.decisions.require(peer('nas'))), 'PEER_NAME_UNANSWERED');
});
