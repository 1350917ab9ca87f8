import { AppError } from '../errors.ts';
import { LEGACY_LINES_MAX, LEGACY_MESSAGE_BYTES_MAX } from '../limits.ts';

/** A message of the plain protocol: lines of a word, a space and a value; a word may come again. */
export type LegacyMessage = ReadonlyMap<string, readonly string[]>;

const LINE = /^([a-z][a-z0-9-]{0,31}) ([^\u0000-\u001f\u007f]*)$/;

/** Reads a message. @throws AppError LEGACY_MESSAGE_INVALID */
export function parseLegacyMessage(text: string): LegacyMessage {
  if (text.length > LEGACY_MESSAGE_BYTES_MAX) throw invalid('too long');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > LEGACY_LINES_MAX) throw invalid('too many lines');
  const message = new Map<string, string[]>();
  for (const [at, line] of lines.entries()) {
    const found = LINE.exec(line);
    const [, word, value] = found ?? [];
    if (word === undefined || value === undefined) throw invalid(`line ${at + 1}`);
    const values = message.get(word);
    if (values === undefined) message.set(word, [value]);
    else values.push(value);
  }
  return message;
}

/** The one value of a word. @throws AppError LEGACY_MESSAGE_INVALID when it is missing or comes more than once */
export function oneOf(message: LegacyMessage, word: string): string {
  const values = message.get(word) ?? [];
  const [value] = values;
  if (value === undefined || values.length > 1) throw invalid(word);
  return value;
}

/** The value of a word that may be missing. */
export const maybeOf = (message: LegacyMessage, word: string): string | undefined =>
  message.has(word) ? oneOf(message, word) : undefined;

/** Writes a message; a value with a line break has no place in it. @throws AppError LEGACY_MESSAGE_INVALID */
export function legacyMessage(lines: readonly (readonly [string, string | number])[]): string {
  return lines
    .map(([word, value]) => {
      const line = `${word} ${value}`;
      if (!LINE.test(line)) throw invalid(word);
      return `${line}\n`;
    })
    .join('');
}

const invalid = (detail: string): AppError => new AppError('LEGACY_MESSAGE_INVALID', { detail });
