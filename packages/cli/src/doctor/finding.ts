import type { AppError } from '@sekisho/core/errors.ts';
import type { Words } from '@sekisho/core/words/en.ts';

export type FindingState = keyof Words['doctor']['states'];
export type CheckName = keyof Words['doctor']['checks'];
export type FindingCode = keyof Words['doctor']['findings'];
export type FindingParams = Readonly<Record<string, string | number>>;

/** One thing that was looked at. What a refusal of the program says is told in the refusal's own words. */
export type Finding = {
  readonly check: CheckName;
  readonly state: FindingState;
} & ({ readonly code: FindingCode; readonly params: FindingParams } | { readonly refusal: AppError });

/** Builds the findings of one check. */
export const findingsOf = (check: CheckName) => ({
  found: (state: FindingState, code: FindingCode, params: FindingParams = {}): Finding => ({
    check,
    state,
    code,
    params,
  }),
  refused: (refusal: AppError): Finding => ({ check, state: 'fault', refusal }),
});

/** The code of a system call's failure, or its text. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error
    ? 'code' in error && typeof error.code === 'string'
      ? error.code
      : error.message.slice(0, 200)
    : String(error);
