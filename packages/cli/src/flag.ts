import { AppError } from '@sekisho/core/errors.ts';
import { parseDurationMs } from '@sekisho/core/time.ts';
import { nearest } from '@sekisho/core/nearest.ts';

/** One option of a verb: how it is written, and how its value becomes a value of the program. */
export interface Flag<Value> {
  /** As commander writes it: `--uses <n>`. */
  readonly spec: string;
  readonly required?: true;
  readonly repeatable?: true;
  readonly hidden?: true;
  /** Shown in the help. */
  readonly defaultText?: string;
  readonly choices?: readonly string[];
  /** `raw`: what commander found, undefined when the option was not given. Refusals: USAGE_…. */
  readonly read: (raw: unknown, option: string) => Value;
}

export type FlagValues<Flags> = {
  readonly [Key in keyof Flags]: Flags[Key] extends Flag<infer Value> ? Value : never;
};

const textOf = (raw: unknown): string | undefined => (typeof raw === 'string' ? raw : undefined);

/** Text, or undefined. */
export const text = (spec: string): Flag<string | undefined> => ({ spec, read: textOf });

/** Text that must be given. */
export const requiredText = (spec: string): Flag<string> => ({
  spec,
  required: true,
  read: (raw, option) => {
    const value = textOf(raw);
    if (value === undefined || value === '')
      throw new AppError('USAGE_OPTION_VALUE_MISSING', { option, help: 'sekisho --help' });
    return value;
  },
});

/** A flag that must be given: the help says so, and without it the verb is refused. */
export const required = <Value>(flag: Flag<Value | undefined>): Flag<Value> => ({
  ...flag,
  required: true,
  read: (raw, option) => {
    const value = flag.read(raw, option);
    if (value === undefined)
      throw new AppError('USAGE_OPTION_VALUE_MISSING', { option, help: 'sekisho --help' });
    return value;
  },
});

/** May be given more than once; empty when it was not. */
export const texts = (spec: string): Flag<readonly string[]> => ({
  spec,
  repeatable: true,
  read: (raw) => (Array.isArray(raw) ? raw.filter((one) => typeof one === 'string') : []),
});

/** An absolute path on a host, or undefined: the host's folders are not this machine's. Refusal: USAGE_PATH_RELATIVE. */
export const path = (spec: string): Flag<string | undefined> => ({
  spec,
  read: (raw, option) => {
    const value = textOf(raw);
    return value === undefined ? undefined : absolute(value, option);
  },
});

/** Absolute paths on a host; empty when none was given. Refusal: USAGE_PATH_RELATIVE. */
export const paths = (spec: string): Flag<readonly string[]> => {
  const flag = texts(spec);
  return { ...flag, read: (raw, option) => flag.read(raw, option).map((value) => absolute(value, option)) };
};

/** Given or not. */
export const on = (spec: string): Flag<boolean> => ({ spec, read: (raw) => raw === true });

/** A whole number between two bounds, or undefined. */
export const number = (spec: string, min: number, max: number): Flag<number | undefined> => ({
  spec,
  read: (raw, option) => {
    const value = textOf(raw);
    return value === undefined ? undefined : wholeNumber(value, option, min, max);
  },
});

/** A whole number between two bounds, with a default. */
export const numberOr = (spec: string, min: number, max: number, fallback: number): Flag<number> => ({
  spec,
  defaultText: String(fallback),
  read: (raw, option) => {
    const value = textOf(raw);
    return value === undefined ? fallback : wholeNumber(value, option, min, max);
  },
});

/** `90s`, `15m`, `24h`, `7d` between two bounds that are written alike. */
export const durationMs = (spec: string, min: string, max: string): Flag<number | undefined> => ({
  spec,
  read: (raw, option) => {
    const value = textOf(raw);
    if (value === undefined) return undefined;
    const parsed = parseDurationMs(value);
    if (
      parsed === undefined ||
      parsed < (parseDurationMs(min) ?? 0) ||
      parsed > (parseDurationMs(max) ?? 0)
    ) {
      throw new AppError('USAGE_DURATION_INVALID', { option, value, min, max });
    }
    return parsed;
  },
});

/** One of a closed set, or undefined. */
export const choice = <Choice extends string>(
  spec: string,
  choices: readonly Choice[],
): Flag<Choice | undefined> => ({
  spec,
  choices,
  read: (raw, option) => {
    const value = textOf(raw);
    return value === undefined ? undefined : chosen(value, option, choices);
  },
});

/** One of a closed set that must be given. */
export const requiredChoice = <Choice extends string>(
  spec: string,
  choices: readonly Choice[],
): Flag<Choice> => ({
  spec,
  choices,
  required: true,
  read: (raw, option) => chosen(textOf(raw) ?? '', option, choices),
});

/** One of a closed set, with a default. */
export const choiceOr = <Choice extends string>(
  spec: string,
  choices: readonly Choice[],
  fallback: Choice,
): Flag<Choice> => ({
  spec,
  choices,
  defaultText: fallback,
  read: (raw, option) => {
    const value = textOf(raw);
    return value === undefined ? fallback : chosen(value, option, choices);
  },
});

/** `on` or `off`, or undefined. */
export const onOff = (spec: string): Flag<boolean | undefined> => ({
  spec,
  choices: ['on', 'off'],
  read: (raw, option) => {
    const value = textOf(raw);
    return value === undefined ? undefined : chosen(value, option, ['on', 'off'] as const) === 'on';
  },
});

/** An address with a port, as an endpoint. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `HOST:PORT` or `[V6]:PORT`; without a port the default, where there is one. Refusal: USAGE_ENDPOINT_INVALID. */
export function parseEndpoint(value: string, option: string, defaultPort?: number): Endpoint {
  const bracketed = /^\[([0-9A-Fa-f:.]+)\](?::(\d{1,5}))?$/.exec(value);
  const plain = /^([^\s:[\]/]+)(?::(\d{1,5}))?$/.exec(value);
  const bareV6 = defaultPort !== undefined && /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(value);
  const found = bracketed ?? plain;
  const address = bareV6 ? value : found?.[1];
  const port = bareV6 || found?.[2] === undefined ? defaultPort : Number(found[2]);
  if (address === undefined || port === undefined || port < 0 || port > 65_535) {
    throw new AppError('USAGE_ENDPOINT_INVALID', { option, value });
  }
  return { address, port };
}

/** One of a closed set; refusal USAGE_CHOICE_INVALID. */
export function chosen<Choice extends string>(
  value: string,
  option: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((one) => one === value);
  if (found === undefined) {
    throw new AppError('USAGE_CHOICE_INVALID', {
      option,
      value,
      choices: choices.join(', '),
      example: exampleOf(option, nearest(value, choices) ?? choices[0] ?? ''),
    });
  }
  return found;
}

/** An argument (`<shell>`) is written without its name. */
const exampleOf = (option: string, value: string): string =>
  option.startsWith('--') ? `${option} ${value}` : value;

function absolute(value: string, option: string): string {
  if (!value.startsWith('/')) throw new AppError('USAGE_PATH_RELATIVE', { option, value });
  return value;
}

function wholeNumber(value: string, option: string, min: number, max: number): number {
  const parsed = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(parsed) || parsed < min || parsed > max) {
    throw new AppError('USAGE_NUMBER_INVALID', { option, value, min, max });
  }
  return parsed;
}
