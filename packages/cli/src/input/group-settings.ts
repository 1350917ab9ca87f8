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

/** Settings that `group set` does not set, and the command that does. */
const OTHER_COMMANDS: Partial<Record<SettingName, string>> = {
  list: 'sekisho server-list assign LIST GROUP',
  verification: 'sekisho verification off GROUP',
};

/** `heartbeat` → `heartbeatSeconds`. Refusal: USAGE_CHOICE_INVALID. */
export function parseSettingNames(given: readonly string[]): SettingName[] {
  const keys = SETTING_NAMES.map((name) => SETTING_KEYS[name]);
  return given.map((raw) => {
    const key = chosen(raw, '<settings>', keys);
    return SETTING_NAMES[keys.indexOf(key)]!;
  });
}

/** `heartbeat=5m`, `mode=pull`. Refusals: USAGE_VALUE_INVALID, USAGE_CHOICE_INVALID, HEARTBEAT_PERIOD_OUT_OF_RANGE, SETTING_HAS_COMMAND. */
export function parseSettings(
  given: readonly string[],
): Pick<OwnValues, 'heartbeatSeconds' | 'mode' | 'plans'> {
  const values: Pick<OwnValues, 'heartbeatSeconds' | 'mode' | 'plans'> = {};
  for (const raw of given) {
    const at = raw.indexOf('=');
    const [name] = parseSettingNames([at === -1 ? raw : raw.slice(0, at)]);
    const value = at === -1 ? '' : raw.slice(at + 1);
    if (name === 'heartbeatSeconds') values.heartbeatSeconds = parsePeriod(raw, value);
    else if (name === 'mode') values.mode = chosen(value, 'mode', ['push', 'pull'] as const);
    else if (name === 'plans') values.plans = chosen(value, 'plans', ['inherited', 'own'] as const);
    else if (name !== undefined)
      throw new AppError('SETTING_HAS_COMMAND', {
        setting: SETTING_KEYS[name],
        command: OTHER_COMMANDS[name] ?? '',
      });
  }
  return values;
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
