import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseGroupId, parseListId, parseServerId } from '../ids.ts';
import {
  SETTING_NAMES,
  type OwnValues,
  type SettingName,
  type SettingValues,
} from '../wire/group-settings.ts';
import { effectiveSettings, planSources, type NodeOrigin, type SettingNode } from './inheritance.ts';

const LIST = parseListId('00000000-0000-4000-8000-000000000001')!;
const OTHER_LIST = parseListId('00000000-0000-4000-8000-000000000002')!;
const DEFAULTS: SettingValues = {
  heartbeatSeconds: 300,
  mode: 'push',
  list: LIST,
  plans: 'inherited',
  verification: { state: 'on' },
  staleCrl: 'open',
  crlRefreshSeconds: 14_400,
  mapNames: 'on',
};

/** `rack`, `site`, `all` … nearest first; the last may be a server above the domain. */
const group = (name: string): NodeOrigin => ({
  kind: 'group',
  id: parseGroupId(`00000000-0000-4000-8000-${name.padEnd(12, '0').replaceAll(/[^0-9a-f]/g, '1')}`)!,
  name,
});
const primary: NodeOrigin = {
  kind: 'server',
  id: parseServerId('00000000-0000-4000-8000-0000000000ff')!,
  name: 'head office',
};
interface Sketch {
  own?: OwnValues;
  locks?: SettingName[];
  alone?: true;
  origin?: NodeOrigin;
}
const pathOf = (...sketches: Sketch[]): SettingNode[] =>
  sketches.map(({ own, locks, alone, origin }, at) => ({
    origin: origin ?? group(['rack', 'site', 'all', 'above'][at] ?? `${at}`),
    inherits: alone !== true,
    values: own ?? {},
    locked: locks ?? [],
  }));
const nameOf = (origin: { kind: string; name?: string }): string => origin.name ?? origin.kind;

const cases: [string, Sketch[], string][] = [
  ['nobody set it: the default', [{}, {}, {}], '300 default'],
  ['the group set it', [{ own: { heartbeatSeconds: 60 } }, {}, {}], '60 rack'],
  ['a group above set it', [{}, {}, { own: { heartbeatSeconds: 60 } }], '60 all'],
  [
    'the nearest counts',
    [{}, { own: { heartbeatSeconds: 30 } }, { own: { heartbeatSeconds: 60 } }],
    '30 site, not all 60',
  ],
  [
    'a group that stopped inheriting takes nothing from above',
    [{ alone: true }, { own: { heartbeatSeconds: 60 } }],
    '300 default, not site 60',
  ],
  [
    'what it has by itself stays',
    [{ alone: true, own: { heartbeatSeconds: 20 } }, { own: { heartbeatSeconds: 60 } }],
    '20 rack, not site 60',
  ],
  [
    'those below it inherit from it',
    [{}, { alone: true, own: { heartbeatSeconds: 20 } }, { own: { heartbeatSeconds: 60 } }],
    '20 site, not all 60',
  ],
  [
    'a lock above wins over what is set below',
    [{ own: { heartbeatSeconds: 20 } }, { own: { heartbeatSeconds: 60 }, locks: ['heartbeatSeconds'] }],
    '60 site locked by site, not rack 20',
  ],
  [
    'a lock wins over a group that stopped inheriting',
    [{}, { alone: true }, { own: { heartbeatSeconds: 60 }, locks: ['heartbeatSeconds'] }],
    '60 all locked by all',
  ],
  [
    'of two locks the topmost wins',
    [
      {},
      { own: { heartbeatSeconds: 20 }, locks: ['heartbeatSeconds'] },
      { own: { heartbeatSeconds: 60 }, locks: ['heartbeatSeconds'] },
    ],
    '60 all locked by all, not site 20',
  ],
  [
    'a lock holds what the group itself takes from above',
    [{ own: { heartbeatSeconds: 20 } }, { locks: ['heartbeatSeconds'] }, { own: { heartbeatSeconds: 60 } }],
    '60 all locked by site, not rack 20',
  ],
  [
    'a lock holds the default, too',
    [{ own: { heartbeatSeconds: 20 } }, { locks: ['heartbeatSeconds'] }],
    '300 default locked by site, not rack 20',
  ],
  [
    'a lock of a group that stopped inheriting holds its own',
    [
      {},
      { alone: true, own: { heartbeatSeconds: 20 }, locks: ['heartbeatSeconds'] },
      { own: { heartbeatSeconds: 60 } },
    ],
    '20 site locked by site, not all 60',
  ],
  [
    'a group is not bound by its own lock',
    [{ own: { heartbeatSeconds: 20 }, locks: ['heartbeatSeconds'] }],
    '20 rack',
  ],
  [
    'another setting’s lock changes nothing',
    [{ own: { heartbeatSeconds: 20 } }, { own: { heartbeatSeconds: 60 }, locks: ['mode'] }],
    '20 rack, not site 60',
  ],
  [
    'a server above the domain hands down like a group',
    [{}, {}, { origin: primary, own: { heartbeatSeconds: 90 } }],
    '90 head office',
  ],
  [
    'and its lock holds for all',
    [
      { alone: true, own: { heartbeatSeconds: 20 } },
      {},
      { origin: primary, own: { heartbeatSeconds: 90 }, locks: ['heartbeatSeconds'] },
    ],
    '90 head office locked by head office, not rack 20',
  ],
];
for (const [title, sketches, expected] of cases)
  test(`F-01 heartbeat period: ${title}`, () => {
    const { value, origin, lockedBy, overridden } = effectiveSettings(
      pathOf(...sketches),
      DEFAULTS,
    ).heartbeatSeconds;
    const lock = lockedBy === null ? '' : ` locked by ${nameOf(lockedBy)}`;
    const not = overridden.map((other) => `, not ${nameOf(other.origin)} ${other.value}`).join('');
    assert.equal(`${value} ${nameOf(origin)}${lock}${not}`, expected);
  });

const planCases: [string, Sketch[], string[], string][] = [
  ['all groups above', [{}, {}, {}], ['rack', 'site', 'all'], 'inherited'],
  ['its own alone when it wants so', [{ own: { plans: 'own' } }, {}], ['rack'], 'own'],
  ['its own alone when it stopped inheriting', [{ alone: true }, {}], ['rack'], 'inherited'],
  [
    'those up to a group that wants its own',
    [{}, { own: { plans: 'own' } }, {}],
    ['rack', 'site'],
    'inherited',
  ],
  [
    'those that a lock above forces on it',
    [{ own: { plans: 'own' } }, { alone: true }, { locks: ['plans'] }],
    ['rack', 'site', 'all'],
    'inherited',
  ],
  [
    'no further than a group that forces its plans on others, and has its own alone',
    [{ own: { plans: 'own' } }, { own: { plans: 'own' }, locks: ['plans'] }, {}],
    ['rack', 'site'],
    'inherited',
  ],
];
for (const [title, sketches, expected, value] of planCases)
  test(`F-01 plans that cover a group: ${title}`, () => {
    const path = pathOf(...sketches);
    assert.deepEqual(planSources(path).map(nameOf), expected);
    assert.equal(effectiveSettings(path, DEFAULTS).plans.value, value);
  });

const values = fc.record(
  {
    heartbeatSeconds: fc.integer({ min: 1, max: 86_400 }),
    mode: fc.constantFrom('push' as const, 'pull' as const),
    list: fc.constantFrom(LIST, OTHER_LIST),
    plans: fc.constantFrom('inherited' as const, 'own' as const),
    verification: fc.constantFrom(
      { state: 'on' as const },
      { state: 'off' as const, sinceMs: 1, untilMs: 2 },
    ),
    staleCrl: fc.constantFrom('open' as const, 'closed' as const),
    crlRefreshSeconds: fc.integer({ min: 300, max: 86_400 }),
    mapNames: fc.constantFrom('on' as const, 'off' as const),
  },
  { requiredKeys: [] },
);
const node = fc.record({
  inherits: fc.boolean(),
  values,
  locked: fc.uniqueArray(fc.constantFrom(...SETTING_NAMES)),
});
const paths = fc
  .array(node, { minLength: 1, maxLength: 6 })
  .map((nodes): SettingNode[] => nodes.map((one, at) => ({ ...one, origin: group(`${at}`) })));
const names = fc.constantFrom(...SETTING_NAMES);
const at = fc.nat({ max: 5 });
const withNode = (path: readonly SettingNode[], n: number, change: Partial<SettingNode>): SettingNode[] =>
  path.map((one, index) => (index === n ? { ...one, ...change } : one));

test('F-01 an origin is always a node of the path that says so, or the default', () => {
  fc.assert(
    fc.property(paths, names, (path, name) => {
      const { value, origin, lockedBy } = effectiveSettings(path, DEFAULTS)[name];
      if (origin.kind === 'default') assert.equal(value, DEFAULTS[name]);
      else {
        const source = path.find((one) => one.origin === origin);
        assert.ok(source, 'on the path');
        if (lockedBy !== origin) assert.equal(source.values[name], value);
      }
      assert.ok(lockedBy === null || path.slice(1).some((one) => one.origin === lockedBy));
    }),
  );
});

test('F-01 below a lock everybody has what the group with the lock has, whatever they set', () => {
  fc.assert(
    fc.property(paths, names, at, values, fc.boolean(), (path, name, n, own, inherits) => {
      const locker = 1 + (n % Math.max(1, path.length - 1));
      if (path.length < 2) return;
      const locked = withNode(path, locker, { locked: SETTING_NAMES });
      const below = withNode(locked, locker - 1, { values: own, inherits });
      if (name !== 'plans') {
        const { value } = effectiveSettings(below, DEFAULTS)[name];
        assert.equal(value, effectiveSettings(below.slice(locker), DEFAULTS)[name].value);
      }
      const covered = planSources(below.slice(locker));
      assert.deepEqual(planSources(below).slice(-covered.length), covered);
    }),
  );
});

test('F-01 a lock that is taken away again leaves all as it was', () => {
  fc.assert(
    fc.property(paths, names, at, (path, name, n) => {
      const before = effectiveSettings(path, DEFAULTS);
      const index = n % path.length;
      const own = path[index]!.locked;
      const locked = withNode(path, index, { locked: [...new Set([...own, name])] });
      assert.ok(effectiveSettings(locked, DEFAULTS));
      assert.deepEqual(effectiveSettings(withNode(locked, index, { locked: own }), DEFAULTS), before);
    }),
  );
});

test('F-01 what a group says never changes what those above it have', () => {
  fc.assert(
    fc.property(paths, at, values, fc.boolean(), (path, n, own, inherits) => {
      const index = n % path.length;
      const changed = withNode(path, index, { values: own, inherits, locked: SETTING_NAMES });
      assert.deepEqual(
        effectiveSettings(changed.slice(index + 1), DEFAULTS),
        effectiveSettings(path.slice(index + 1), DEFAULTS),
      );
    }),
  );
});

test('F-01 a server above the domain sets and locks every setting for all groups, as the topmost group would', () => {
  fc.assert(
    fc.property(paths, node, names, (path, above, name) => {
      const top: SettingNode = { ...above, origin: primary };
      const ofServer = effectiveSettings([...path, top], DEFAULTS)[name];
      const asGroup = effectiveSettings([...path, { ...top, origin: group('all') }], DEFAULTS)[name];
      assert.deepEqual(ofServer.value, asGroup.value);
      assert.equal(ofServer.origin === primary, nameOf(asGroup.origin) === 'all');
      if (!above.locked.includes(name)) return;
      assert.equal(ofServer.lockedBy, primary);
      const own = top.values[name];
      if (name !== 'plans') assert.deepEqual(ofServer.value, own ?? DEFAULTS[name]);
    }),
  );
});

test('F-01 the values that these tests draw cover every setting', () => {
  const drawn = new Set(fc.sample(values, 200).flatMap((one) => Object.keys(one)));
  assert.deepEqual([...drawn].sort(), [...SETTING_NAMES].sort());
});
