import { AppError } from '@sekisho/core/errors.ts';

/** The cursor of lists that go by time and ID: `<ms>/<id>`. */
export const timeCursor = (ms: number, id: string): string => `${ms}/${id}`;

/** Reads it back. Refusal: BODY_INVALID. */
export function parseTimeCursor(raw: string | undefined): { ms: number; id: string } | undefined {
  if (raw === undefined) return undefined;
  const [, ms, id] = /^(\d{1,15})\/([0-9a-zA-Z-]{1,128})$/.exec(raw) ?? [];
  if (ms === undefined || id === undefined)
    throw new AppError('BODY_INVALID', { detail: 'after: not a cursor' });
  return { ms: Number(ms), id };
}
