import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHostId, type HostId } from '../ids.ts';
import {
  cyclesMs,
  gateOf,
  isOver,
  judgeGate,
  mayRollBack,
  nextStep,
  ROTATION_PATHS,
  ROTATION_KINDS,
  type Gate,
  type GateHost,
  type GateVerdict,
  type HostsAsked,
  type RotationDecision,
  type RotationServer,
  type RotationState,
} from './rotation.ts';

const hostIdOf = (n: number): HostId =>
  parseHostId(`00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`)!;
const T0 = 1_000_000;
const CYCLES = cyclesMs(60);

const state = (wish: Partial<RotationState> = {}): RotationState => ({
  kind: 'tls',
  path: 'announced',
  phase: 'announced',
  direction: 'forward',
  emergency: null,
  pausedAtMs: null,
  phaseSinceMs: T0,
  unservedMs: 0,
  overlapMs: 0,
  ...wish,
});
const gate = (wish: Partial<Gate> = {}): Gate => ({
  sinceMs: T0,
  cycleMsMin: 0,
  notBeforeMs: T0,
  accepted: new Set(),
  manner: 'asks',
  ...wish,
});
const host = (n: number, wish: Partial<GateHost> = {}): GateHost => ({
  hostId: hostIdOf(n),
  online: true,
  acknowledged: false,
  heartbeatSeconds: 60,
  lastSeenMs: T0 + CYCLES,
  backSinceMs: 0,
  unaided: false,
  ...wish,
});

test('F-37 while hosts are asked for something, few at once, the cycles of the last one begin when it was asked', () => {
  const timesOf = (asking: HostsAsked | null): number[] => {
    const facts = { accepted: new Set<HostId>(), longestHeartbeatSeconds: 60, asking };
    const { sinceMs, cycleMsMin } = gateOf(state({ kind: 'ca', phase: 'rekeying' }), facts);
    return [sinceMs, cycleMsMin];
  };
  assert.deepEqual(timesOf(null), [T0, 0]);
  assert.deepEqual(timesOf({ allMs: 200_000, againMs: 20_000 }), [T0 + 200_000, 20_000]);
});

test("F-32 time in which nobody served is nobody's silence", () => {
  const facts = { accepted: new Set<HostId>(), longestHeartbeatSeconds: 60, asking: null };
  const late = state({ unservedMs: 40_000 });
  assert.deepEqual(
    [gateOf(late, facts).sinceMs, gateOf({ ...late, path: 'failover' }, facts).notBeforeMs],
    [T0 + 40_000, T0 + 40_000 + CYCLES],
  );
});

const open: GateVerdict = judgeGate([], gate(), T0);
const server = (instanceId: string, wish: Partial<RotationServer> = {}): RotationServer => ({
  instanceId,
  live: true,
  orderedAtMs: null,
  confirmed: false,
  ...wish,
});
const short = (decision: RotationDecision): string =>
  [
    decision.what,
    ...(decision.what === 'do' ? [decision.step, decision.server ?? 'all'] : []),
    ...(decision.what === 'wait' ? [decision.why] : []),
    ...(decision.what === 'ask' ? [`${decision.count}`] : []),
  ].join(' ');

const gates: readonly [string, GateHost, Partial<Gate>, number, keyof GateVerdict, boolean][] = [
  ['an online host that echoed passes', host(1, { acknowledged: true }), {}, 0, 'acknowledged', true],
  ['an online host that has not echoed is waited for', host(1), {}, 0, 'waiting', false],
  ['a silent host is waited for', host(1, { online: false }), {}, CYCLES - 1, 'silent', false],
  [
    'after three cycles a silent host would be lost',
    host(1, { online: false }),
    {},
    CYCLES,
    'undecided',
    false,
  ],
  [
    'after three cycles a silent host that comes back unaided is late',
    host(1, { online: false, unaided: true }),
    {},
    CYCLES,
    'late',
    true,
  ],
  [
    'an online host that never echoes is asked about, though it might come back',
    host(1, { unaided: true }),
    {},
    CYCLES,
    'undecided',
    false,
  ],
  [
    'a host whose loss was accepted by name passes',
    host(1),
    { accepted: new Set([hostIdOf(1)]) },
    0,
    'accepted',
    true,
  ],
  [
    'the loss of another host accepts nothing',
    host(1, { online: false }),
    { accepted: new Set([hostIdOf(2)]) },
    CYCLES,
    'undecided',
    false,
  ],
  [
    "who comes back after the gate's three cycles gets three of its own, and is no question meanwhile",
    host(1, { unaided: true, backSinceMs: T0 + 2 * CYCLES, lastSeenMs: T0 + 2 * CYCLES }),
    {},
    3 * CYCLES - 1,
    'waiting',
    false,
  ],
  [
    'then it is one, if it is there and does not follow',
    host(1, { unaided: true, backSinceMs: T0 + 2 * CYCLES, lastSeenMs: T0 + 3 * CYCLES }),
    {},
    3 * CYCLES,
    'undecided',
    false,
  ],
  [
    'who went within its cycles counts as online a little longer: that is no question yet',
    host(1, { unaided: true, lastSeenMs: T0 + CYCLES - 1 }),
    {},
    CYCLES,
    'waiting',
    false,
  ],
  [
    'who came back and went again is late',
    host(1, { online: false, unaided: true, backSinceMs: T0 + CYCLES, lastSeenMs: T0 + CYCLES }),
    {},
    2 * CYCLES,
    'late',
    true,
  ],
  [
    'one that is not there is not asked again: its own cycles count',
    host(1, { online: false, unaided: true, lastSeenMs: T0 }),
    { cycleMsMin: 100_000 },
    CYCLES,
    'late',
    true,
  ],
  [
    'a cycle is no shorter than the time after which a host is asked again',
    host(1),
    { cycleMsMin: 100_000 },
    CYCLES,
    'waiting',
    false,
  ],
  [
    'behind the withdrawal coming back prolongs nothing',
    host(1, { backSinceMs: T0 + CYCLES - 1 }),
    { manner: 'waits' },
    CYCLES,
    'late',
    true,
  ],
  ['behind the withdrawal nobody is lost', host(1), { manner: 'waits' }, CYCLES, 'late', true],
  ['until then it is waited for', host(1), { manner: 'waits' }, CYCLES - 1, 'waiting', false],
  ['an emergency waits for nobody', host(1), { manner: 'open' }, 0, 'waiting', true],
  [
    'paths 2 and 3 wait for three cycles of the longest heartbeat, though all have acknowledged',
    host(1, { acknowledged: true }),
    { notBeforeMs: T0 + CYCLES },
    CYCLES - 1,
    'acknowledged',
    false,
  ],
];
for (const [title, one, wish, afterMs, counted, opens] of gates)
  test(`F-32 ${title}`, () => {
    const verdict = judgeGate([one], gate(wish), T0 + afterMs);
    assert.equal(verdict[counted], 1);
    assert.equal(verdict.opens, opens);
  });

test('F-32 a question says whether a host would be lost, or is there and does not follow', () => {
  const { undecidedHosts } = judgeGate([host(1, { online: false }), host(2)], gate(), T0 + CYCLES);
  assert.deepEqual(
    undecidedHosts.map(({ why }) => why),
    ['would-be-lost', 'does-not-follow'],
  );
});

const closed = judgeGate([host(1)], gate(), T0);
const silent = judgeGate([host(1, { online: false })], gate(), T0);
const asking = judgeGate([host(1, { online: false })], gate(), T0 + CYCLES);
const a = server('a');
const confirmed = { orderedAtMs: T0, confirmed: true };

const steps: readonly [
  string,
  Partial<RotationState>,
  Partial<Parameters<typeof nextStep>[1]>,
  number,
  string,
][] = [
  ['what is prepared is announced', { phase: 'prepared' }, {}, 0, 'do announce all'],
  [
    'what was never announced is rolled back at once',
    { phase: 'prepared', direction: 'back' },
    {},
    0,
    'do finish all',
  ],
  ['a closed gate holds the switch', {}, { verdict: closed }, 0, 'wait hosts'],
  ['silent hosts hold the switch', {}, { verdict: silent }, 0, 'wait silent-hosts'],
  ['hosts that would be lost are a question', {}, { verdict: asking }, CYCLES, 'ask 1'],
  ['an open gate lets all servers switch', {}, {}, 0, 'do switch all'],
  ['a pause holds whatever comes', { pausedAtMs: T0 }, {}, 0, 'wait paused'],
  ['failover begins with one server', { path: 'failover' }, { servers: [a, server('b')] }, 0, 'do switch a'],
  [
    'failover leaves a dead server out',
    { path: 'failover' },
    { servers: [server('x', { live: false }), a] },
    0,
    'do switch a',
  ],
  [
    'the switch ends when every live server confirmed',
    { phase: 'switching' },
    { servers: [server('a', confirmed), server('b')] },
    0,
    'wait servers',
  ],
  [
    'a dead server holds up no switch',
    { phase: 'switching' },
    { servers: [server('a', confirmed), server('b', { live: false })] },
    0,
    'do settle all',
  ],
  [
    'between two servers three cycles pass',
    { phase: 'switching', path: 'failover' },
    { servers: [server('a', confirmed), server('b')] },
    CYCLES - 1,
    'wait cycles',
  ],
  [
    'then the next server follows',
    { phase: 'switching', path: 'failover' },
    { servers: [server('a', confirmed), server('b')] },
    CYCLES,
    'do switch b',
  ],
  [
    'a server that was told to and has not confirmed is waited for',
    { phase: 'switching', path: 'failover' },
    { servers: [server('a', { orderedAtMs: T0 }), server('b')] },
    CYCLES,
    'wait servers',
  ],
  [
    'between two servers the gate is judged anew',
    { phase: 'switching', path: 'failover' },
    { servers: [server('a', confirmed), server('b')], verdict: asking },
    CYCLES,
    'ask 1',
  ],
  [
    'in an emergency all servers switch at once',
    { path: 'failover', emergency: 'stolen' },
    { servers: [a] },
    0,
    'do switch all',
  ],
  [
    'the overlap lasts as long as it was wanted',
    { phase: 'overlap', overlapMs: 500 },
    {},
    499,
    'wait overlap',
  ],
  ['then the old one is withdrawn', { phase: 'overlap', overlapMs: 500 }, {}, 500, 'do withdraw all'],
  [
    'the way back does not wait for the overlap, only for its gate',
    { phase: 'overlap', overlapMs: 500, direction: 'back' },
    {},
    0,
    'do withdraw all',
  ],
  [
    'a new CA that is turned back has issued certificates: it is kept as long as was wanted',
    { phase: 'overlap', kind: 'ca', overlapMs: 500, direction: 'back' },
    {},
    499,
    'wait overlap',
  ],
  [
    'hosts that have not followed hold the withdrawal',
    { phase: 'overlap' },
    { verdict: asking },
    CYCLES,
    'ask 1',
  ],
  ['a new CA has every host re-keyed first', { phase: 'overlap', kind: 'ca' }, {}, 0, 'do rekey all'],
  [
    'hosts that are not re-keyed hold the withdrawal',
    { phase: 'rekeying', kind: 'ca' },
    { verdict: closed },
    0,
    'wait hosts',
  ],
  ['after re-keying the old CA is withdrawn', { phase: 'rekeying', kind: 'ca' }, {}, 0, 'do withdraw all'],
  ['the withdrawal is heard before the end', { phase: 'withdrawing' }, { verdict: closed }, 0, 'wait hosts'],
  ['then it is done', { phase: 'withdrawing' }, {}, 0, 'do finish all'],
  ['nothing follows the end', { phase: 'done' }, {}, 0, 'done'],
  ['nothing follows the way back', { phase: 'rolled-back', direction: 'back' }, {}, 0, 'done'],
];
for (const [title, wish, facts, afterMs, expected] of steps)
  test(`F-31 ${title}`, () => {
    const all = { verdict: open, servers: [a], longestHeartbeatSeconds: 60, ...facts };
    assert.equal(short(nextStep(state(wish), all, T0 + afterMs)), expected);
  });

test('F-33 there is a way back until the withdrawal, and none from the way back or an emergency', () => {
  for (const phase of ['prepared', 'announced', 'switching', 'overlap', 'rekeying'] as const) {
    assert.ok(mayRollBack(state({ phase })));
    assert.ok(!mayRollBack(state({ phase, direction: 'back' })));
    assert.ok(!mayRollBack(state({ phase, emergency: 'lost' })));
  }
  for (const phase of ['withdrawing', 'done', 'rolled-back'] as const)
    assert.ok(!mayRollBack(state({ phase })));
});

/** Hosts, servers and an administrator with moods, all drawn; the machine is asked again after each tick, as after each restart. */
const world = fc.record({
  kind: fc.constantFrom(...ROTATION_KINDS),
  path: fc.constantFrom(...ROTATION_PATHS),
  overlapMs: fc.constantFrom(0, 100_000),
  hosts: fc.array(
    fc.record({
      heartbeatSeconds: fc.constantFrom(10, 60, 300),
      offTicks: fc.constantFrom(0, 5, 1_000_000),
      deaf: fc.boolean(),
      unaided: fc.boolean(),
    }),
    { maxLength: 6 },
  ),
  servers: fc.integer({ min: 1, max: 3 }),
  accepts: fc.boolean(),
  rollBackAt: fc.option(fc.nat({ max: 60 })),
  pauseAt: fc.option(fc.nat({ max: 60 })),
});

test('F-32 F-33 whatever happens, no switch loses an online host that nobody named, and every way ends or asks', () => {
  fc.assert(
    fc.property(world, (drawn) => {
      const tickMs = 20_000;
      let nowMs = T0;
      let now = state({ kind: drawn.kind, path: drawn.path, overlapMs: drawn.overlapMs, phase: 'prepared' });
      const echoed = drawn.hosts.map(() => 0);
      const accepted = new Set<HostId>();
      let generation = 0;
      const servers = Array.from({ length: drawn.servers }, (_, n) => ({
        instanceId: `s${n}`,
        live: true,
        orderedAtMs: null as number | null,
        confirmed: false,
      }));
      const longestHeartbeatSeconds = Math.max(10, ...drawn.hosts.map((one) => one.heartbeatSeconds));
      const isOnline = (n: number, tick: number) => tick >= drawn.hosts[n]!.offTicks;
      for (let tick = 0; tick < 2_000; tick += 1) {
        nowMs += tickMs;
        for (const [n, one] of drawn.hosts.entries())
          if (isOnline(n, tick) && !one.deaf) echoed[n] = generation;
        for (const one of servers) if (one.orderedAtMs !== null) one.confirmed = true;
        if (tick === drawn.pauseAt) now = { ...now, pausedAtMs: nowMs };
        if (tick === (drawn.pauseAt ?? 0) + 7) now = { ...now, pausedAtMs: null };
        if (tick === drawn.rollBackAt && mayRollBack(now)) {
          const switched = servers.some((one) => one.orderedAtMs !== null);
          generation += 1;
          for (const one of servers) Object.assign(one, { orderedAtMs: null, confirmed: false });
          const phase = now.phase === 'prepared' ? 'prepared' : switched ? 'announced' : 'withdrawing';
          now = { ...now, direction: 'back', phase, phaseSinceMs: nowMs };
        }
        const hosts = drawn.hosts.map((one, n): GateHost => ({
          hostId: hostIdOf(n),
          online: isOnline(n, tick),
          acknowledged: echoed[n]! >= generation,
          heartbeatSeconds: one.heartbeatSeconds,
          lastSeenMs: isOnline(n, tick) ? nowMs : 0,
          backSinceMs: one.offTicks > 0 && isOnline(n, tick) ? T0 + (one.offTicks + 1) * tickMs : 0,
          unaided: one.unaided,
        }));
        const facts = () => ({
          verdict: judgeGate(hosts, gateOf(now, { accepted, longestHeartbeatSeconds, asking: null }), nowMs),
          servers,
          longestHeartbeatSeconds,
        });
        const decision = nextStep(now, facts(), nowMs);
        assert.deepEqual(nextStep(now, facts(), nowMs), decision);
        if (decision.what === 'done') {
          assert.ok(isOver(now.phase));
          return;
        }
        if (decision.what === 'ask') {
          assert.ok(decision.hosts.length > 0);
          if (!drawn.accepts) return;
          for (const one of decision.hosts) accepted.add(one);
        }
        if (decision.what !== 'do') continue;
        const { step } = decision;
        if (step === 'switch' || step === 'withdraw')
          for (const one of hosts) assert.ok(!one.online || one.acknowledged || accepted.has(one.hostId));
        const move = (phase: RotationState['phase']): void => {
          now = { ...now, phase, phaseSinceMs: nowMs };
        };
        if (step === 'announce') {
          generation += 1;
          move('announced');
        }
        if (step === 'switch') {
          for (const one of servers)
            if (decision.server === null || one.instanceId === decision.server) one.orderedAtMs = nowMs;
          if (now.phase !== 'switching') move('switching');
        }
        if (step === 'settle') {
          generation += 1;
          move('overlap');
        }
        if (step === 'rekey') {
          generation += 1;
          move('rekeying');
        }
        if (step === 'withdraw') {
          generation += 1;
          move('withdrawing');
        }
        if (step === 'finish') move(now.direction === 'back' ? 'rolled-back' : 'done');
      }
      assert.fail(`no end: ${JSON.stringify(now)}`);
    }),
    { numRuns: 300 },
  );
});

test('F-34 an emergency waits for nobody, but after the theft of a root for those who are there', () => {
  const mannerIn = (wish: Partial<RotationState>): string =>
    gateOf(state(wish), { accepted: new Set(), longestHeartbeatSeconds: 300, asking: null }).manner;
  assert.equal(mannerIn({ emergency: 'stolen' }), 'open');
  assert.equal(mannerIn({ emergency: 'lost', kind: 'ca' }), 'open');
  assert.equal(mannerIn({ emergency: 'stolen', kind: 'ca' }), 'waits');
  assert.equal(mannerIn({ kind: 'ca' }), 'asks');
});
