import { AppError } from '@sekisho/core/errors.ts';
import {
  CRL_REFRESH_SECONDS_MAX,
  CRL_REFRESH_SECONDS_MIN,
  HEARTBEAT_SECONDS_MAX,
  HEARTBEAT_SECONDS_MIN,
} from '@sekisho/core/limits.ts';
import { parseDurationMs, SECOND_MS } from '@sekisho/core/time.ts';
import {
  SETTING_KEYS,
  SETTING_NAMES,
  type OwnValues,
  type SettingName,
} from '@sekisho/core/wire/group-settings.ts';
import type { DirectSetting } from '@sekisho/core/wire/groups.ts';
import { chosen } from '../flag.ts';

/** Settings that `group set` and `group unset` leave to other commands: they decide whom agents listen to. */
const OTHER_COMMANDS: Readonly<Record<Exclude<SettingName, DirectSetting>, { set: string; unset: string }>> =
  {
    list: {
      set: 'sekisho server-list assign LIST GROUP',
      unset: 'sekisho server-list unassign LIST GROUP',
    },
    verification: { set: 'sekisho verification off GROUP', unset: 'sekisho verification on GROUP' },
  };

/** `heartbeat` → `heartbeatSeconds`. Refusal: USAGE_CHOICE_INVALID. */
export function parseSettingNames(given: readonly string[]): SettingName[] {
  const keys = SETTING_NAMES.map((name) => SETTING_KEYS[name]);
  return given.map((raw) => {
    const key = chosen(raw, '<settings>', keys);
    return SETTING_NAMES[keys.indexOf(key)]!;
  });
}

/** What `group unset` takes. Refusals: USAGE_CHOICE_INVALID, SETTING_HAS_COMMAND. */
export const parseUnset = (given: readonly string[]): DirectSetting[] =>
  parseSettingNames(given).map((name) => requireDirect(name, 'unset'));

/**
 * `heartbeat=5m`, `mode=pull`. Refusals: USAGE_SETTING_VALUE_MISSING, USAGE_CHOICE_INVALID, USAGE_DURATION_INVALID,
 * HEARTBEAT_PERIOD_OUT_OF_RANGE, SETTING_HAS_COMMAND.
 */
export function parseSettings(given: readonly string[]): Pick<OwnValues, DirectSetting> {
  const values: Pick<OwnValues, DirectSetting> = {};
  for (const raw of given) {
    const at = raw.indexOf('=');
    const [found] = parseSettingNames([at === -1 ? raw : raw.slice(0, at)]);
    if (found === undefined) continue;
    const name = requireDirect(found, 'set');
    const value = at === -1 ? '' : raw.slice(at + 1);
    if (value === '')
      throw new AppError('USAGE_SETTING_VALUE_MISSING', {
        setting: SETTING_KEYS[name],
        example: `${SETTING_KEYS[name]}=${EXAMPLES[name]}`,
      });
    PARSERS[name](values, value, raw);
  }
  return values;
}

const EXAMPLES: Readonly<Record<DirectSetting, string>> = {
  heartbeatSeconds: '5m',
  mode: 'pull',
  plans: 'own',
  staleCrl: 'closed',
  crlRefreshSeconds: '1h',
  mapNames: 'off',
};

/** Takes the value of one setting; `raw` is the whole word. */
type Parser = (values: Pick<OwnValues, DirectSetting>, value: string, raw: string) => void;
const PARSERS: Readonly<Record<DirectSetting, Parser>> = {
  heartbeatSeconds: (values, value, raw) => {
    values.heartbeatSeconds = parsePeriod(raw, value);
  },
  mode: (values, value) => {
    values.mode = chosen(value, 'mode', ['push', 'pull'] as const);
  },
  plans: (values, value) => {
    values.plans = chosen(value, 'plans', ['inherited', 'own'] as const);
  },
  staleCrl: (values, value) => {
    values.staleCrl = chosen(value, 'stale-crl', ['open', 'closed'] as const);
  },
  crlRefreshSeconds: (values, value, raw) => {
    values.crlRefreshSeconds = parseRefresh(raw, value);
  },
  mapNames: (values, value) => {
    values.mapNames = chosen(value, 'map-names', ['on', 'off'] as const);
  },
};

function requireDirect(name: SettingName, how: 'set' | 'unset'): DirectSetting {
  if (name === 'list' || name === 'verification')
    throw new AppError('SETTING_HAS_COMMAND', {
      setting: SETTING_KEYS[name],
      command: OTHER_COMMANDS[name][how],
    });
  return name;
}

/** `90s`, `5m`, `24h`, or whole seconds. */
const parseMs = (value: string): number | undefined =>
  /^\d{1,9}$/.test(value) ? Number(value) * SECOND_MS : parseDurationMs(value);

function parseRefresh(raw: string, value: string): number {
  const seconds = (parseMs(value) ?? Number.NaN) / SECOND_MS;
  if (!Number.isInteger(seconds) || seconds < CRL_REFRESH_SECONDS_MIN || seconds > CRL_REFRESH_SECONDS_MAX)
    throw new AppError('USAGE_DURATION_INVALID', {
      option: 'crl-refresh',
      value: raw,
      min: '5m',
      max: '24h',
    });
  return seconds;
}

function parsePeriod(raw: string, value: string): number {
  const durationMs = parseMs(value);
  if (durationMs === undefined)
    throw new AppError('USAGE_DURATION_INVALID', { option: 'heartbeat', value: raw, min: '10s', max: '24h' });
  const seconds = durationMs / SECOND_MS;
  const [min, max] = [HEARTBEAT_SECONDS_MIN, HEARTBEAT_SECONDS_MAX];
  if (!Number.isInteger(seconds) || seconds < min || seconds > max)
    throw new AppError('HEARTBEAT_PERIOD_OUT_OF_RANGE', { seconds, min, max });
  return seconds;
}
