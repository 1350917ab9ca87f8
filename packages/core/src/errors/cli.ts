import type { ErrorTable } from './table.ts';

/** Refusals of the cli part. */
export const cliErrors = {} as const satisfies ErrorTable;
