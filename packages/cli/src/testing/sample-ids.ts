import { AppError } from '@sekisho/core/errors.ts';

/** IDs of the sample domain, easy to tell apart by eye. */
export const WEB = '11111111-1111-4111-8111-111111111111';
export const STORE = '22222222-2222-4222-8222-222222222222';
export const PLAN = '44444444-4444-4444-8444-444444444444';
export const FINGERPRINT = '0123456789abcdef'.repeat(4);
export const POINT = '9c2f41d0'.padEnd(64, '7');
export const OLDER_POINT = '9c0e55aa'.padEnd(64, '3');
export const REPOSITORY = `${WEB}.1`;

/** Refuses what a server would not find. */
export const found = <Item>(item: Item | undefined, what: string, id: string): Item => {
  if (item === undefined) throw new AppError('NOT_FOUND', { what, id });
  return item;
};
/** The root of all groups. */
export const GROUP = '33333333-3333-4333-8333-333333333333';
