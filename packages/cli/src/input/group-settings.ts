import { AppError } from '@sekisho/core/errors.ts';
import { HEARTBEAT_SECONDS_MAX, HEARTBEAT_SECONDS_MIN } from '@sekisho/core/limits.ts';
import { parseDurationMs, SECOND_MS } from '@sekisho/core/time.ts';
import {
  SETTING_KEYS,
  SETTING_NAMES,
  type OwnValues,
  type SettingName,
} from '@sekisho/core/wire/group-settings.ts';
import { chosen } from '../flag.ts';

type Direct = 'heartbeatSeconds' | 'mode' | 'plans';
/** Settings that `group set` and `group unset` leave to other commands: they decide whom agents listen to. */
const OTHER_COMMANDS: Readonly<Record<Exclude<SettingName, Direct>, { set: string; unset: string }>> = {
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
export const parseUnset = (given: readonly string[]): Direct[] =>
  parseSettingNames(given).map((name) => requireDirect(name, 'unset'));

/** `heartbeat=5m`, `mode=pull`. Refusals: USAGE_VALUE_INVALID, USAGE_CHOICE_INVALID, HEARTBEAT_PERIOD_OUT_OF_RANGE, SETTING_HAS_COMMAND. */
export function parseSettings(given: readonly string[]): Pick<OwnValues, Direct> {
  const values: Pick<OwnValues, Direct> = {};
  for (const raw of given) {
    const at = raw.indexOf('=');
    const [found] = parseSettingNames([at === -1 ? raw : raw.slice(0, at)]);
    if (found === undefined) continue;
    const name = requireDirect(found, 'set');
    const value = at === -1 ? '' : raw.slice(at + 1);
    if (name === 'heartbeatSeconds') values.heartbeatSeconds = parsePeriod(raw, value);
    else if (name === 'mode') values.mode = chosen(value, 'mode', ['push', 'pull'] as const);
    else values.plans = chosen(value, 'plans', ['inherited', 'own'] as const);
  }
  return values;
}

function requireDirect(name: SettingName, how: 'set' | 'unset'): Direct {
  if (name === 'list' || name === 'verification')
    throw new AppError('SETTING_HAS_COMMAND', {
      setting: SETTING_KEYS[name],
      command: OTHER_COMMANDS[name][how],
    });
  return name;
}

/** `90s`, `5m`, `24h`, or whole seconds. */
function parsePeriod(raw: string, value: string): number {
  const durationMs = /^\d{1,9}$/.test(value) ? Number(value) * SECOND_MS : parseDurationMs(value);
  if (durationMs === undefined)
    throw new AppError('USAGE_DURATION_INVALID', { option: 'heartbeat', value: raw, min: '10s', max: '24h' });
  const seconds = durationMs / SECOND_MS;
  const [min, max] = [HEARTBEAT_SECONDS_MIN, HEARTBEAT_SECONDS_MAX];
  if (!Number.isInteger(seconds) || seconds < min || seconds > max)
    throw new AppError('HEARTBEAT_PERIOD_OUT_OF_RANGE', { seconds, min, max });
  return seconds;
}
