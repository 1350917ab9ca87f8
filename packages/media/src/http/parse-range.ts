import { AppError } from '@sekisho/core/errors.ts';

/** Inclusive first and last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * The Range header against an object's size: undefined means the whole object. `bytes=a-b`, `bytes=a-` and `bytes=-n` are
 * understood; a last byte behind the end is cut to it. Other units and several ranges are not: the whole object goes, as the
 * standard allows.
 * @source RFC 9110 §14.1.2, §14.2
 * @throws AppError RANGE_UNSATISFIABLE for a malformed range or one that lies outside
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  if (header === undefined || !header.startsWith('bytes=') || header.includes(',')) return undefined;
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header);
  const [, from = '', to = ''] = parts ?? [];
  if (from === '' && to === '') throw new AppError('RANGE_UNSATISFIABLE', { sizeBytes });
  const first = from === '' ? Math.max(0, sizeBytes - Number(to)) : Number(from);
  const last = from === '' || to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  const backwards = from !== '' && to !== '' && Number(from) > Number(to);
  if (backwards || first >= sizeBytes || first > last)
    throw new AppError('RANGE_UNSATISFIABLE', { sizeBytes });
  return { first, last };
}
