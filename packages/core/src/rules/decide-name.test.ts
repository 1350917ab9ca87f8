import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHostId, type HostId } from '../ids.ts';
import { AUTOMATIC_NAMES_PER_HOST_MAX } from '../limits.ts';
import { DAY_MS } from '../time.ts';
import {
  ADDRESS_LEFT_AFTER_MS,
  decideName,
  isNoteDue,
  MAPPING_KINDS,
  RESERVED_FOR,
  type NameFacts,
} from './naming.ts';

const id = (last: string): HostId => {
  const parsed = parseHostId(`00000000-0000-4000-8000-00000000000${last}`);
  assert(parsed !== undefined);
  return parsed;
};
const [A, B, C] = [id('a'), id('b'), id('c')];

/** A dials `nas`, and B answers. */
const free: NameFacts = {
  raw: 'nas.example.com',
  hostId: B,
  askedBy: A,
  isShown: true,
  mappings: [],
  reserved: undefined,
  rejected: false,
  mapAutomatically: true,
  automaticNames: 0,
  nowMs: 10 * DAY_MS,
};

/** An address that is mapped automatically to another host, which was met there so long ago. */
const handedOn = (ago: number | null): Partial<NameFacts> => ({
  raw: '192.0.2.7',
  mappings: [{ hostId: C, kind: 'automatic', lastSeenMs: ago === null ? null : free.nowMs - ago }],
});

/** What is said of it: the outcome, and why. */
const say = (over: Partial<NameFacts>): string => {
  const decision = decideName({ ...free, ...over });
  switch (decision.outcome) {
    case 'go-on':
      return `go on: ${decision.because}`;
    case 'map':
      return `map ${decision.name}`;
    case 'pend':
      return `pend: ${decision.reason} ${decision.code}`;
    case 'refuse':
      return `refuse: ${decision.code}`;
  }
};

const TAKEN = 'pend: taken PEER_NAME_PENDING';

const table: readonly [what: string, over: Partial<NameFacts>, said: string][] = [
  ['a free name is mapped', {}, 'map nas.example.com'],
  ['in its canonical form', { raw: 'NAS.Example.COM.' }, 'map nas.example.com'],
  ['an address too', { raw: '2001:DB8::0:1' }, 'map 2001:db8::1'],
  ...MAPPING_KINDS.map((kind): [string, Partial<NameFacts>, string] => [
    `its own ${kind} name goes on`,
    { mappings: [{ hostId: B, kind }], mapAutomatically: false },
    `go on: ${kind}`,
  ]),
  ['an address whose host was met there lately is its own', handedOn(ADDRESS_LEFT_AFTER_MS - 1), TAKEN],
  ['one that its host has left is free', handedOn(ADDRESS_LEFT_AFTER_MS), 'map 192.0.2.7'],
  ['one of which nobody noted when is taken', handedOn(null), TAKEN],
  ['a name is not handed on, however old', { ...handedOn(DAY_MS * 9), raw: 'nas.example.com' }, TAKEN],
  [
    'nor is an address that an administrator gave',
    { raw: '192.0.2.7', mappings: [{ hostId: C, kind: 'approved', lastSeenMs: 0 }] },
    TAKEN,
  ],
  [
    'nor with mapping switched off',
    { ...handedOn(DAY_MS * 9), mapAutomatically: false },
    'pend: map-off PEER_NAME_PENDING',
  ],
  [
    'nor on the own word of who has it now',
    { ...handedOn(DAY_MS * 9), askedBy: B },
    'pend: own-word PEER_NAME_PENDING',
  ],
  [
    'nor to whom it was refused',
    { ...handedOn(DAY_MS * 9), rejected: true },
    'pend: rejected PEER_NAME_REJECTED',
  ],
  [
    'a name that several share goes on for each',
    {
      mappings: [
        { hostId: C, kind: 'shared' },
        { hostId: B, kind: 'shared' },
      ],
    },
    'go on: shared',
  ],
  [
    'the name of another host waits',
    { mappings: [{ hostId: C, kind: 'primary' }] },
    'pend: taken PEER_NAME_PENDING',
  ],
  [
    'one that another host was only met under waits too',
    { mappings: [{ hostId: C, kind: 'automatic' }] },
    'pend: taken PEER_NAME_PENDING',
  ],
  ['with the setting off a free name waits', { mapAutomatically: false }, 'pend: map-off PEER_NAME_PENDING'],
  ['a rejected one stays refused', { rejected: true }, 'pend: rejected PEER_NAME_REJECTED'],
  [
    'a rejected conflict says so',
    { rejected: true, mappings: [{ hostId: C, kind: 'approved' }] },
    'pend: taken PEER_NAME_REJECTED',
  ],
  [
    'a name that was rejected and then mapped goes on',
    { rejected: true, mappings: [{ hostId: B, kind: 'approved' }] },
    'go on: approved',
  ],
  ...RESERVED_FOR.map((use): [string, Partial<NameFacts>, string] => [
    `a name reserved for a ${use} is not mapped`,
    { reserved: { for: use, hostIds: [C] } },
    'pend: reserved PEER_NAME_PENDING',
  ]),
  [
    'an endpoint that an administrator gave goes on, also with the setting off',
    { reserved: { for: 'media-server', hostIds: [C, B] }, mapAutomatically: false },
    'go on: configured',
  ],
  ['a loopback address is nobody’s name', { raw: '127.0.0.1' }, 'refuse: HOST_NAME_RESERVED'],
  [
    'unless an administrator gave it as the endpoint',
    { raw: '127.0.0.1', reserved: { for: 'media-server', hostIds: [B] } },
    'go on: configured',
  ],
  [
    'an endpoint that is another host’s name waits all the same',
    { reserved: { for: 'media-server', hostIds: [B] }, mappings: [{ hostId: C, kind: 'approved' }] },
    'pend: taken PEER_NAME_PENDING',
  ],
  ...RESERVED_FOR.map((use): [string, Partial<NameFacts>, string] => [
    `a host that was met under a name before it was reserved for a ${use} goes by it no more`,
    { reserved: { for: use, hostIds: [C] }, mappings: [{ hostId: B, kind: 'automatic' }] },
    'pend: reserved PEER_NAME_PENDING',
  ]),
  [
    'and an endpoint is the media server’s own, whoever was met under it before',
    { reserved: { for: 'media-server', hostIds: [B] }, mappings: [{ hostId: C, kind: 'automatic' }] },
    'go on: configured',
  ],
  [
    'nobody maps a name to a host whose certificate was not seen',
    { isShown: false },
    'pend: unseen PEER_NAME_PENDING',
  ],
  [
    'a name that was mapped goes on without',
    { isShown: false, mappings: [{ hostId: B, kind: 'automatic' }] },
    'go on: automatic',
  ],
  ['a host maps no name to itself', { askedBy: B }, 'pend: own-word PEER_NAME_PENDING'],
  [
    'one more name than a host may have waits',
    { automaticNames: AUTOMATIC_NAMES_PER_HOST_MAX },
    'pend: full PEER_NAME_PENDING',
  ],
  [
    'the last one that it may have is mapped',
    { automaticNames: AUTOMATIC_NAMES_PER_HOST_MAX - 1 },
    'map nas.example.com',
  ],
  ['a wildcard is refused', { raw: '*.example.com' }, 'refuse: HOST_NAME_INVALID'],
  ['control characters are refused', { raw: 'nas\u0000.example' }, 'refuse: HOST_NAME_INVALID'],
  ['a line break is refused', { raw: 'nas\nexample' }, 'refuse: HOST_NAME_INVALID'],
  ['letters beyond ASCII are refused', { raw: 'nаs.example' }, 'refuse: HOST_NAME_INVALID'],
  ['300 characters are refused', { raw: `${'a.'.repeat(149)}bb` }, 'refuse: HOST_NAME_INVALID'],
  ['an empty name is refused', { raw: '' }, 'refuse: HOST_NAME_INVALID'],
  ['a host ID is no name', { raw: C }, 'refuse: HOST_NAME_INVALID'],
];
for (const [what, over, said] of table)
  test(`T-31 ${what}`, () => {
    assert.equal(say(over), said);
  });

test('T-32 a conflict names the host that has the name', () => {
  const decision = decideName({ ...free, mappings: [{ hostId: C, kind: 'approved' }] });
  assert.deepEqual(decision, {
    outcome: 'pend',
    allow: false,
    code: 'PEER_NAME_PENDING',
    params: { name: 'nas.example.com', host: B },
    name: 'nas.example.com',
    reason: 'taken',
    ownerId: C,
  });
});

const facts = fc.record({
  raw: fc.oneof(fc.constantFrom('nas', '192.0.2.1', '127.0.0.1', '*', 'nas.'), fc.string({ maxLength: 20 })),
  hostId: fc.constantFrom(A, B),
  askedBy: fc.constantFrom(A, C),
  isShown: fc.boolean(),
  mappings: fc.array(
    fc.record({
      hostId: fc.constantFrom(A, B, C),
      kind: fc.constantFrom(...MAPPING_KINDS),
      lastSeenMs: fc.constantFrom(null, 0, 9 * DAY_MS, 10 * DAY_MS),
    }),
    { maxLength: 3 },
  ),
  reserved: fc.option(
    fc.record({
      for: fc.constantFrom(...RESERVED_FOR),
      hostIds: fc.array(fc.constantFrom(A, B, C), { maxLength: 2 }),
    }),
    { nil: undefined },
  ),
  rejected: fc.boolean(),
  mapAutomatically: fc.boolean(),
  automaticNames: fc.nat(2 * AUTOMATIC_NAMES_PER_HOST_MAX),
  nowMs: fc.constant(10 * DAY_MS),
});

test('T-31 property: nothing is mapped by itself that is taken, reserved, rejected, asked by itself, without a certificate, or with the setting off', () => {
  fc.assert(
    fc.property(facts, (given) => {
      if (decideName(given).outcome !== 'map') return;
      for (const { kind, lastSeenMs } of given.mappings) {
        assert.equal(kind, 'automatic');
        assert.equal(lastSeenMs, 0);
      }
      assert.equal(given.reserved, undefined);
      assert.equal(given.rejected, false);
      assert.notEqual(given.askedBy, given.hostId);
      assert.equal(given.isShown, true);
      assert.equal(given.mapAutomatically, true);
      assert(given.automaticNames < AUTOMATIC_NAMES_PER_HOST_MAX);
    }),
  );
});

test('T-31 property: a host goes on only under a name that is mapped to it, or that its configuration gives it and nobody else has', () => {
  fc.assert(
    fc.property(facts, (given) => {
      if (decideName(given).outcome !== 'go-on') return;
      const isMapped = given.mappings.some(({ hostId }) => hostId === given.hostId);
      const isConfigured = given.reserved?.hostIds.includes(given.hostId) === true;
      assert(isMapped || isConfigured);
    }),
  );
});

test('T-31 what waits names who owns it: another host, or the first that the configuration means', () => {
  const ownerOf = (over: Partial<NameFacts>): unknown => {
    const decision = decideName({ ...free, ...over });
    return decision.outcome === 'pend' ? decision.ownerId : decision.outcome;
  };
  assert.equal(ownerOf({ mappings: [{ hostId: C, kind: 'approved' }] }), C);
  assert.equal(ownerOf({ reserved: { for: 'media-server', hostIds: [C, A] } }), C);
  assert.equal(ownerOf({ reserved: { for: 'cluster', hostIds: [] } }), null);
  assert.equal(ownerOf({ rejected: true }), null);
});

test('T-31 that a host is met under an address is noted once a day', () => {
  assert.equal(isNoteDue(0, DAY_MS - 1), false);
  assert.equal(isNoteDue(0, DAY_MS), true);
});
