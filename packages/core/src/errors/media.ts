import type { ErrorTable } from './table.ts';

/** Refusals of the media part. */
export const mediaErrors = {} as const satisfies ErrorTable;
