import type { Language } from '@sekisho/core/language.ts';
import { fill } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { Words } from '@sekisho/core/words/en.ts';
import { wordsOf } from '../language.ts';

/** Sizes, times and counts as people read them. */
export interface Format {
  /** `1.5 KiB`; below 1 KiB whole bytes. */
  bytes(bytes: number): string;
  rate(bytesPerSecond: number): string;
  /** The two largest units: `1 h 5 min`. */
  duration(durationMs: number): string;
  /** `2026-11-21 22:50:06` in the local time zone (which a table names once, below it). */
  time(atMs: number | null): string;
  /** The same with the time zone's name. */
  timeWithZone(atMs: number): string;
  count(n: number): string;
  /** `1 host`, `2 hosts`. */
  counted(what: Counted, n: number): string;
  yesNo(value: boolean): string;
  onOff(value: boolean): string;
  readonly timeZone: string;
}

/** What can be counted in words. */
export type Counted = keyof Words['units']['one'];

const BYTE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** Formats for one language and time zone (an IANA name). */
export function createFormat(language: Language, timeZone: string): Format {
  const words = wordsOf(language);
  const numbers = new Intl.NumberFormat(language === 'ja' ? 'ja-JP' : 'en-US');
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  const time = (atMs: number | null): string => {
    if (atMs === null) return '–';
    const found = new Map(parts.formatToParts(atMs).map(({ type, value }) => [type, value]));
    const part = (name: Intl.DateTimeFormatPartTypes): string => found.get(name) ?? '';
    return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}:${part('second')}`;
  };
  return {
    timeZone,
    bytes: formatBytes,
    rate: (bytesPerSecond) => fill(words.units.perSecond, { size: formatBytes(bytesPerSecond) }),
    duration: (durationMs) => formatDuration(durationMs, language),
    time,
    timeWithZone: (atMs) => `${time(atMs)} ${timeZone}`,
    count: (n) => numbers.format(n),
    counted: (what, n) =>
      n === 1 ? words.units.one[what] : fill(words.units.many[what], { n: numbers.format(n) }),
    yesNo: (value) => (value ? words.labels.yes : words.labels.no),
    onOff: (value) => (value ? words.labels.on : words.labels.off),
  };
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`;
  let value = bytes / 1024;
  let unit = 0;
  // 1023.95 would print as 1024.0: the next unit says it better
  while (value >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

function formatDuration(durationMs: number, language: Language): string {
  const { units } = wordsOf(language);
  if (durationMs < 10 * SECOND_MS) {
    return fill(units.seconds, { n: (Math.max(0, durationMs) / SECOND_MS).toFixed(1).replace(/\.0$/, '') });
  }
  const wholeSeconds = Math.round(durationMs / SECOND_MS);
  const days = Math.floor(wholeSeconds / (DAY_MS / SECOND_MS));
  const hours = Math.floor((wholeSeconds % (DAY_MS / SECOND_MS)) / (HOUR_MS / SECOND_MS));
  const minutes = Math.floor((wholeSeconds % (HOUR_MS / SECOND_MS)) / (MINUTE_MS / SECOND_MS));
  const seconds = wholeSeconds % (MINUTE_MS / SECOND_MS);
  const named = [
    { n: days, template: units.days },
    { n: hours, template: units.hours },
    { n: minutes, template: units.minutes },
    { n: seconds, template: units.seconds },
  ];
  const first = named.findIndex(({ n }) => n > 0);
  const shown = named.slice(first, first + 2).filter(({ n }) => n > 0);
  return shown.map(({ n, template }) => fill(template, { n })).join(' ');
}
