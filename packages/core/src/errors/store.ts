import type { ErrorTable } from './table.ts';

/** Refusals of the store part. */
export const storeErrors = {} as const satisfies ErrorTable;
