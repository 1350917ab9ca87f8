import type { z } from 'zod';
import { nearest } from '../nearest.ts';
import { keyLines } from './json-lines.ts';
import { describeSettings, type SettingFacts } from './setting.ts';

/** Where a value came from. */
export type SettingOrigin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly path: string; readonly line: number | undefined }
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'flag'; readonly flag: string };

/** One thing that is wrong; all of them are told at once. */
export interface SettingFault {
  readonly key: string;
  readonly is: 'unknown' | 'wrong' | 'missing' | 'fixed';
  readonly origin: SettingOrigin;
  /** As JSON, cut short, without secrets. */
  readonly given: string;
  readonly allowed: string;
  /** What was probably meant. */
  readonly meant?: string;
}

/** A key with its effective value and where that came from. */
export interface EffectiveSetting {
  readonly facts: SettingFacts;
  readonly origin: SettingOrigin;
  /** Undefined: neither given nor has it a default. Secrets are redacted. */
  readonly shown: unknown;
}

export type ResolvedSettings<Value> =
  | { readonly ok: true; readonly value: Value; readonly settings: readonly EffectiveSetting[] }
  | { readonly ok: false; readonly faults: readonly SettingFault[] };

/** Where values may come from, besides the defaults. */
export interface SettingSources {
  readonly file: { readonly path: string; readonly text: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What variables of this program begin with. */
  readonly prefix: string;
  /** True for a variable with the prefix that is no setting, but known. */
  readonly isOther: (variable: string) => boolean;
  /** Named flags, and `--set`: what each sets. */
  readonly flags: readonly { readonly flag: string; readonly key: string; readonly value: unknown }[];
}

export const FAULTS_SHOWN_MAX = 50;
const GIVEN_LENGTH_MAX = 80;

/** `fleet.heartbeatSeconds` → `SEKISHO_FLEET__HEARTBEAT_SECONDS`. */
export const variableOf = (prefix: string, key: string): string =>
  prefix +
  key
    .split('.')
    .map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase())
    .join('__');

/**
 * Puts settings together: flag over environment over file over default, each key by itself. Everything that is wrong comes
 * out at once: unknown keys and variables, wrong types and values, what is missing.
 */
export function resolveSettings<Schema extends z.ZodObject>(
  schema: Schema,
  sources: SettingSources,
): ResolvedSettings<z.output<Schema>> {
  const all = describeSettings(schema);
  const file = parseFile(sources);
  if (!file.ok) return { ok: false, faults: [file.fault] };
  const merged = structuredClone(file.value);
  const lines = keyLines(sources.file.text);
  const origins = new Map<string, SettingOrigin>();
  for (const { key } of all)
    if (valueAt(merged, key) !== undefined)
      origins.set(key, { from: 'file', path: sources.file.path, line: lines.get(key) });
  const faults: SettingFault[] = [];
  const given = [...fromEnvironment(all, sources, faults), ...fromFlags(all, sources, faults)];
  for (const { facts, raw, origin } of given) {
    if (facts.words.fixed === true) {
      faults.push({ key: facts.key, is: 'fixed', origin, given: show(raw, facts), allowed: '' });
    } else {
      place(merged, facts.key, typeof raw === 'string' ? typed(raw, facts) : raw);
      origins.set(facts.key, origin);
    }
  }
  const parsed = schema.safeParse(merged);
  if (!parsed.success) {
    const known = { all, merged, origins, lines, path: sources.file.path };
    for (const issue of parsed.error.issues) faults.push(...faultsOf(issue, known));
  }
  if (faults.length > 0) return { ok: false, faults: distinct(faults).slice(0, FAULTS_SHOWN_MAX) };
  if (!parsed.success) throw new Error('refused without a fault', { cause: parsed.error });
  const settings = all.map((facts) => ({
    facts,
    origin: origins.get(facts.key) ?? ({ from: 'default' } as const),
    shown: redacted(valueAt(parsed.data, facts.key), facts),
  }));
  return { ok: true, value: parsed.data, settings };
}

/** A fault in one line that needs no language: `agentPort = "x" (SEKISHO_AGENT_PORT): integer 0…65535`. */
export function faultLine(fault: SettingFault): string {
  const { key, given, allowed, meant } = fault;
  const what = given === '' ? key : `${key} = ${given}`;
  const place = originText(fault.origin);
  const rest = fault.is === 'unknown' ? `?${meant === undefined ? '' : ` → ${meant}`}` : allowed;
  return `${what} (${place})${rest === '' ? '' : `: ${rest}`}`;
}

/** `server.json:12`, `SEKISHO_LISTEN`, `--listen`, or `default`. */
export function originText(origin: SettingOrigin): string {
  switch (origin.from) {
    case 'default':
      return 'default';
    case 'file':
      return origin.line === undefined ? origin.path : `${origin.path}:${origin.line}`;
    case 'environment':
      return origin.variable;
    case 'flag':
      return origin.flag;
  }
}

/** `key=value` of `--set`. Without `=` it names a key that cannot be, and is refused with all the others. */
export function settingOfFlag(given: string): { flag: string; key: string; value: string } {
  const at = given.indexOf('=');
  return at === -1
    ? { flag: '--set', key: given, value: '' }
    : { flag: '--set', key: given.slice(0, at).trim(), value: given.slice(at + 1) };
}

/** True when a key was given somewhere, rather than left to its default. */
export const isGiven = (settings: readonly EffectiveSetting[], key: string): boolean =>
  settings.some(({ facts, origin }) => facts.key === key && origin.from !== 'default');

function parseFile({
  file,
}: SettingSources): { ok: true; value: Record<string, unknown> } | { ok: false; fault: SettingFault } {
  const origin = { from: 'file', path: file.path, line: undefined } as const;
  const fault = (given: string): { ok: false; fault: SettingFault } => ({
    ok: false,
    fault: { key: '{}', is: 'wrong', origin, given, allowed: 'JSON {…}' },
  });
  try {
    const value: unknown = JSON.parse(file.text);
    return isRecord(value) ? { ok: true, value } : fault(cut(JSON.stringify(value)));
  } catch {
    return fault(''); // not quoted: it may hold a password
  }
}

interface Given {
  readonly facts: SettingFacts;
  readonly raw: unknown;
  readonly origin: SettingOrigin;
}

function fromEnvironment(
  all: readonly SettingFacts[],
  sources: SettingSources,
  faults: SettingFault[],
): Given[] {
  const byVariable = new Map(all.map((facts) => [variableOf(sources.prefix, facts.key), facts]));
  return Object.entries(sources.environment).flatMap(([variable, raw]) => {
    if (!variable.startsWith(sources.prefix) || raw === undefined || raw === '') return [];
    const facts = byVariable.get(variable);
    const origin = { from: 'environment', variable } as const;
    if (facts !== undefined) return [{ facts, raw, origin }];
    if (!sources.isOther(variable)) {
      const meant = nearest(variable, [...byVariable.keys()]);
      faults.push({ key: variable, is: 'unknown', origin, given: '', allowed: '', ...hint(meant) });
    }
    return [];
  });
}

const fromFlags = (all: readonly SettingFacts[], sources: SettingSources, faults: SettingFault[]): Given[] =>
  sources.flags.flatMap(({ flag, key, value }) => {
    const facts = all.find((one) => one.key === key);
    const origin = { from: 'flag', flag } as const;
    if (facts !== undefined) return [{ facts, raw: value, origin }];
    const meant = nearestKey(key, all);
    faults.push({ key, is: 'unknown', origin, given: '', allowed: '', ...hint(meant) });
    return [];
  });

/** Text of a variable or of `--set`, as the type that the key has; what does not fit stays text and is refused as such. */
function typed(raw: string, { kind }: SettingFacts): unknown {
  switch (kind) {
    case 'integer':
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    case 'boolean':
      return raw === 'true' ? true : raw === 'false' ? false : raw;
    case 'list':
      return raw.trimStart().startsWith('[') ? json(raw) : raw.split(',').map((one) => one.trim());
    case 'object':
      return json(raw);
    case 'text':
      return raw;
  }
}

function json(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return raw;
  }
}

interface Known {
  readonly all: readonly SettingFacts[];
  readonly merged: Record<string, unknown>;
  readonly origins: ReadonlyMap<string, SettingOrigin>;
  readonly lines: ReadonlyMap<string, number>;
  readonly path: string;
}

function faultsOf(issue: z.core.$ZodIssue, known: Known): SettingFault[] {
  const at = issue.path.map(String);
  const fromFile = (key: string): SettingOrigin => ({
    from: 'file',
    path: known.path,
    line: known.lines.get(key),
  });
  const facts = known.all.find(({ key }) => at.join('.') === key || at.join('.').startsWith(`${key}.`));
  if (facts === undefined && issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => {
      const key = [...at, name].join('.');
      const given = '';
      return {
        ...{ key, is: 'unknown', origin: fromFile(key), given, allowed: '' },
        ...hint(nearestKey(key, known.all)),
      };
    });
  const key = facts?.key ?? at.join('.');
  const value = valueAt(known.merged, key);
  const origin = known.origins.get(key) ?? fromFile(key);
  const allowed = facts?.allowed ?? '{…}';
  const item = at.length > key.split('.').length ? `[${at.slice(key.split('.').length).join('.')}]` : '';
  if (value === undefined) return [{ key, is: 'missing', origin, given: '', allowed }];
  const shown = item === '' ? value : valueAt(known.merged, at.join('.'));
  return [{ key: `${key}${item}`, is: 'wrong', origin, given: show(shown, facts), allowed }];
}

/** A key by its whole path, or by its last part alone. */
function nearestKey(key: string, all: readonly SettingFacts[]): string | undefined {
  const whole = nearest(
    key,
    all.map((one) => one.key),
  );
  if (whole !== undefined) return whole;
  const last = key.split('.').at(-1) ?? key;
  const lasts = new Map(all.map((one) => [one.key.split('.').at(-1) ?? '', one.key]));
  const meant = nearest(last, [...lasts.keys()]);
  return meant === undefined ? undefined : lasts.get(meant);
}

const hint = (meant: string | undefined): { meant?: string } => (meant === undefined ? {} : { meant });

const distinct = (faults: readonly SettingFault[]): SettingFault[] => [
  ...new Map(faults.map((fault) => [`${fault.key} ${fault.is}`, fault])).values(),
];

function show(value: unknown, facts: SettingFacts | undefined): string {
  const safe = facts === undefined ? value : redacted(value, facts);
  return cut(JSON.stringify(safe) ?? '');
}

const cut = (text: string): string =>
  text.length <= GIVEN_LENGTH_MAX ? text : `${text.slice(0, GIVEN_LENGTH_MAX)}…`;

/** The password of an address is never shown; an address that cannot be read is not shown at all. */
function redacted(value: unknown, { words }: SettingFacts): unknown {
  if (words.secret === undefined || typeof value !== 'string') return value;
  if (!/[@?]/.test(value)) return value;
  if (!URL.canParse(value)) return '[redacted]';
  const url = new URL(value);
  if (url.password !== '') url.password = '***';
  for (const name of [...url.searchParams.keys()])
    if (/pass|secret|key/i.test(name)) url.searchParams.set(name, '***');
  return url.href;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueAt(tree: unknown, key: string): unknown {
  let value: unknown = tree;
  for (const part of key.split('.')) {
    if (Array.isArray(value)) value = (value as readonly unknown[])[Number(part)];
    else value = isRecord(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

/** A section that is no object stays as it is: the schema refuses it. */
function place(tree: Record<string, unknown>, key: string, value: unknown): void {
  const parts = key.split('.');
  const last = parts.pop() ?? key;
  let at = tree;
  for (const part of parts) {
    at[part] ??= {};
    const next = at[part];
    if (!isRecord(next)) return;
    at = next;
  }
  at[last] = value;
}
