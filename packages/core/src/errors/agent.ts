import type { ErrorTable } from './table.ts';

/** Refusals of the agent part. */
export const agentErrors = {} as const satisfies ErrorTable;
