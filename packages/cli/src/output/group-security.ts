import { AppError, fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { SECURITY_SETTINGS, SETTING_KEYS } from '@sekisho/core/wire/group-settings.ts';
import { listGroups, type GroupView } from '@sekisho/core/wire/groups.ts';
import type { Cli } from '../cli.ts';
import { pathText, settingText } from './group-text.ts';

/** F-01 Groups that say by themselves what the settings of the whole domain leave to them; nothing when there are none. */
export async function groupSecurity(cli: Cli, call: Caller): Promise<string[]> {
  const groups = await visibleGroups(call);
  const own = groups.flatMap(({ path, values }) => {
    // verification has a warning of its own
    const set = SECURITY_SETTINGS.filter((name) => name !== 'verification' && values[name] !== undefined);
    if (set.length === 0) return [];
    const shown = set.map((name) => `${SETTING_KEYS[name]}=${settingText(cli, name, values[name], [])}`);
    return [`  ${pathText(path)}: ${shown.join(', ')}`];
  });
  if (own.length === 0) return [];
  const more = own.length - GROUPS_SHOWN_MAX;
  const { ownSecurity, effectMoreGroups } = cli.words.groups;
  return [
    '',
    ownSecurity,
    ...own.slice(0, GROUPS_SHOWN_MAX),
    ...(more > 0 ? [fill(effectMoreGroups, { count: cli.format.count(more) })] : []),
  ];
}

const GROUPS_SHOWN_MAX = 20;

/** None for who may not see groups: the command that asks is about something else. */
async function visibleGroups(call: Caller): Promise<GroupView[]> {
  try {
    return (await call(listGroups, {})).groups;
  } catch (error) {
    if (error instanceof AppError && error.code === 'RIGHT_MISSING') return [];
    throw error;
  }
}
