import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'node:test';
import { z } from 'zod';
import { keyLines } from './json-lines.ts';
import {
  faultLine,
  originText,
  resolveSettings,
  variableOf,
  type SettingSources,
} from './resolve-settings.ts';
import { describeSettings, setting } from './setting.ts';

const words = { en: 'What it is.', ja: 'これは何か。' };
const schema = z.strictObject({
  port: setting(z.int().min(0).max(65_535).default(13_000), words),
  names: setting(z.array(z.string().min(1).max(5)).max(3).default([]), words),
  database: setting(z.string().min(1).max(100), { ...words, secret: 'url' }),
  birth: setting(z.uuid().optional(), { ...words, fixed: true }),
  fleet: z
    .strictObject({
      heartbeatSeconds: setting(z.int().min(1).max(100).default(30), words),
      mode: setting(z.enum(['push', 'pull']).default('push'), words),
      quiet: setting(z.boolean().default(false), words),
    })
    .prefault({}),
});

const given = (sources: {
  text?: string;
  environment?: Record<string, string>;
  flags?: SettingSources['flags'];
}) =>
  resolveSettings(schema, {
    file: { path: 'server.json', text: sources.text ?? '{"database":"sqlite:a"}' },
    environment: sources.environment ?? {},
    prefix: 'SEKISHO_',
    isOther: (variable) => variable === 'SEKISHO_DATA',
    flags: sources.flags ?? [],
  });

const lines = (sources: Parameters<typeof given>[0]): string[] => {
  const resolved = given(sources);
  assert.ok(!resolved.ok);
  return resolved.faults.map(faultLine);
};

const sourceText = (key: string, sources: Parameters<typeof given>[0]): string => {
  const resolved = given(sources);
  assert.ok(resolved.ok);
  const one = resolved.settings.find(({ facts }) => facts.key === key);
  assert.ok(one !== undefined);
  return `${JSON.stringify(one.shown)} ${originText(one.origin)}`;
};

test('S-08 a flag wins over the environment, that over the file, that over the default, for every key by itself', () => {
  const text = '{\n  "database": "sqlite:a",\n  "fleet": {\n    "heartbeatSeconds": 5\n  }\n}';
  const environment = { SEKISHO_FLEET__HEARTBEAT_SECONDS: '6' };
  const flags = [{ flag: '--set', key: 'fleet.heartbeatSeconds', value: '7' }];
  const key = 'fleet.heartbeatSeconds';
  assert.equal(sourceText(key, {}), '30 default');
  assert.equal(sourceText(key, { text }), '5 server.json:4');
  assert.equal(sourceText(key, { text, environment }), '6 SEKISHO_FLEET__HEARTBEAT_SECONDS');
  assert.equal(sourceText(key, { text, environment, flags }), '7 --set');
  assert.equal(sourceText('fleet.mode', { text, environment, flags }), '"push" default');
});

test('S-08 every kind of key can be given by variable and by flag', () => {
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['port', '8014', 8014],
    ['names', 'a, b', ['a', 'b']],
    ['names', '["a","b"]', ['a', 'b']],
    ['database', 'sqlite:b', 'sqlite:b'],
    ['fleet.mode', 'pull', 'pull'],
    ['fleet.quiet', 'true', true],
  ];
  for (const [key, value, expected] of cases) {
    const shown = JSON.stringify(expected);
    const variable = variableOf('SEKISHO_', key);
    assert.equal(sourceText(key, { environment: { [variable]: value } }), `${shown} ${variable}`);
    assert.equal(sourceText(key, { flags: [{ flag: '--set', key, value }] }), `${shown} --set`);
  }
});

test('S-08 all faults are told at once: key, place, what was given, what is allowed, what was meant', () => {
  const text =
    '{\n  "prot": 1,\n  "names": ["a", "toolong"],\n  "fleet": {\n    "heartbeat": 5,\n    "mode": "shove"\n  }\n}';
  assert.deepEqual(
    lines({
      text,
      environment: { SEKISHO_PORT: 'x', SEKISHO_FLEET__MOOD: 'pull', SEKISHO_DATA: '/d', OTHER: 'fine' },
      flags: [{ flag: '--set', key: 'fleet.quite', value: 'true' }],
    }).sort(),
    [
      'SEKISHO_FLEET__MOOD (SEKISHO_FLEET__MOOD): ? → SEKISHO_FLEET__MODE',
      'database (server.json): text 1…100',
      'fleet.heartbeat (server.json:5): ? → fleet.heartbeatSeconds',
      'fleet.mode = "shove" (server.json:6): "push" | "pull"',
      'fleet.quite (--set): ? → fleet.quiet',
      'names[1] = "toolong" (server.json:3): list 0…3',
      'port = "x" (SEKISHO_PORT): integer 0…65535',
      'prot (server.json:2): ? → port',
    ],
  );
});

test('S-08 a key that the program writes itself is not taken from the environment or a flag', () => {
  const value = '0f4c2b1e-6d1f-4b7a-9c55-1f2e3d4c5b6a';
  assert.match(lines({ environment: { SEKISHO_BIRTH: value } })[0] ?? '', /^birth = .*SEKISHO_BIRTH/);
  assert.match(lines({ flags: [{ flag: '--set', key: 'birth', value }] })[0] ?? '', /^birth = .*--set/);
});

test('S-08 what is no JSON object is refused without being quoted', () => {
  assert.deepEqual(lines({ text: '{"database": "postgres://u:hush@h/d"' }), ['{} (server.json): JSON {…}']);
  assert.deepEqual(lines({ text: '[]' }), ['{} = [] (server.json): JSON {…}']);
  assert.match(
    lines({ text: '{"database":"sqlite:a","fleet":5}', environment: { SEKISHO_FLEET__MODE: 'pull' } })[0] ??
      '',
    /^fleet = 5 \(server\.json:1\)/,
  );
});

test('S-08 the password of an address is never shown, in values or in faults', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9]{12,60}$/), fc.boolean(), (password, tooLong) => {
      const address = `postgres://sekisho:${password}@db/sekisho${tooLong ? 'x'.repeat(100) : ''}`;
      const resolved = given({ environment: { SEKISHO_DATABASE: address } });
      assert.equal(resolved.ok, address.length <= 100);
      assert.doesNotMatch(
        JSON.stringify(resolved.ok ? resolved.settings : resolved.faults),
        new RegExp(password),
      );
    }),
  );
});

test('S-08 whatever a file holds, the answer is a value or faults that each name a key', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const resolved = given({ text });
      if (resolved.ok) return;
      assert.ok(resolved.faults.length > 0);
      for (const fault of resolved.faults) assert.ok(faultLine(fault).length > 0);
    }),
  );
});

test('the line of every key of a JSON text is found', () => {
  const found = keyLines('{\n "a": {"b": [{"c": 1}],\n "d\\"e": 2}\n, "f": "x\\n{"\n}');
  assert.deepEqual(
    [...found],
    [
      ['a', 2],
      ['a.b', 2],
      ['a.d"e', 3],
      ['f', 4],
    ],
  );
});

test('a key without words is a fault of the program', () => {
  assert.throws(() => describeSettings(z.strictObject({ bare: z.string() })), /bare has no words/);
});
