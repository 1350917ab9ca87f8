import type { ErrorTable } from './table.ts';

/** Refusals of the protection part. */
export const protectionErrors = {} as const satisfies ErrorTable;
