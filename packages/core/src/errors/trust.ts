import type { ErrorTable } from './table.ts';

/** Refusals of the trust part. */
export const trustErrors = {} as const satisfies ErrorTable;
