import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { APPLICATION_KINDS, type PlanApplication } from '@sekisho/core/wire/applications.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { RETENTION_KEYS, type Retention, type Schedule } from '../../output/plan-text.ts';
import { allHosts, resolveHostIds } from '../../client/resolve.ts';
import { choice, durationMs, number, paths, text, texts } from '../../flag.ts';

const KEEP_MAX = 10_000;
const BANDWIDTH_KIB_MAX = 100 * 1024 * 1024;
const START_WITHIN_MINUTES_DEFAULT = 12 * 60;

/** The flags that `plan create` and `plan edit` share. */
export const planFlags = {
  application: choice('--application <kind>', APPLICATION_KINDS),
  virtualName: text('--virtual-name <name>'),
  host: texts('--host <host>'),
  group: texts('--group <group>'),
  path: paths('--path <folder>'),
  exclude: texts('--exclude <pattern>'),
  schedule: texts('--schedule <name=cron>'),
  timeZone: text('--time-zone <zone>'),
  startWithin: durationMs('--start-within <duration>', '1m', '7d'),
  keepLast: number('--keep-last <n>', 0, KEEP_MAX),
  keepHourly: number('--keep-hourly <n>', 0, KEEP_MAX),
  keepDaily: number('--keep-daily <n>', 0, KEEP_MAX),
  keepWeekly: number('--keep-weekly <n>', 0, KEEP_MAX),
  keepMonthly: number('--keep-monthly <n>', 0, KEEP_MAX),
  keepYearly: number('--keep-yearly <n>', 0, KEEP_MAX),
  media: texts('--media <host>'),
  bandwidthKib: number('--bandwidth-kib <n>', 0, BANDWIDTH_KIB_MAX),
  pre: text('--pre <command>'),
  post: text('--post <command>'),
};

/** The application that was asked for. Refusal: USAGE_OPTION_MISSING for one of the two without the other. */
export function applicationOf(
  flags: {
    readonly application: PlanApplication['kind'] | undefined;
    readonly virtualName: string | undefined;
  },
  command: string,
): PlanApplication | undefined {
  const { application: kind, virtualName } = flags;
  if (kind !== undefined && virtualName !== undefined) return { kind, virtualName };
  if (kind === undefined && virtualName === undefined) return undefined;
  const option = kind === undefined ? '--application <kind>' : '--virtual-name <name>';
  throw new AppError('USAGE_OPTION_MISSING', { command, option, help: `${command} --help` });
}

type RetentionFlags = Readonly<Record<`keep${Capitalize<keyof Retention>}`, number | undefined>>;

/** The retention that was asked for: what was not named is taken from `before`. */
export function retentionOf(flags: RetentionFlags, before: Retention): Retention {
  const keep = {
    last: flags.keepLast,
    hourly: flags.keepHourly,
    daily: flags.keepDaily,
    weekly: flags.keepWeekly,
    monthly: flags.keepMonthly,
    yearly: flags.keepYearly,
  };
  const result = { ...before };
  for (const key of RETENTION_KEYS) result[key] = keep[key] ?? before[key];
  return result;
}

/** `nightly=0 2 * * *` with the zone and the bound on late starts. Refusal: USAGE_SCHEDULE_INVALID. */
export function parseSchedule(value: string, timeZone: string, startWithinMs: number | undefined): Schedule {
  const found = /^([a-z0-9-]{1,64})=(\S+(?:\s+\S+){4})$/.exec(value.trim());
  const name = found?.[1];
  const cron = found?.[2];
  if (name === undefined || cron === undefined) {
    throw new AppError('USAGE_SCHEDULE_INVALID', { option: '--schedule', value });
  }
  const startWithinMinutes =
    startWithinMs === undefined
      ? START_WITHIN_MINUTES_DEFAULT
      : Math.max(1, Math.round(startWithinMs / MINUTE_MS));
  return { name, cron, timeZone, startWithinMinutes };
}

/** The named media servers, or the only one there is. Refusal: MEDIA_SERVER_NEEDED. */
export async function mediaServersOf(call: Caller, given: readonly string[]): Promise<HostId[]> {
  if (given.length > 2)
    throw new AppError('USAGE_ARGUMENTS_EXCESS', {
      command: '--media',
      given: given.slice(2).join(' '),
      usage: '--media HOST --media FALLBACK',
    });
  if (given.length > 0) return resolveHostIds(call, given);
  const found: HostId[] = [];
  for await (const host of allHosts(call)) if (host.media) found.push(host.id);
  if (found.length !== 1) throw new AppError('MEDIA_SERVER_NEEDED', { count: found.length });
  return found;
}
