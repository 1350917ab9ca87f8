import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';

/** Failed tries that have something in common. */
export interface Tally {
  readonly failures: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** Tries that are free, the wait after that (it doubles with every failure, up to a limit), and when all is forgotten. */
export interface Budget {
  readonly freeTries: number;
  readonly firstWaitMs: number;
  readonly waitMaxMs: number;
  /** Since the last failure. */
  readonly forgetMs: number;
}

/**
 * What failures are counted by. A name alone is never among them, so that nobody locks out somebody else:
 * `pair` a name tried from one address; `address` all names from one address (an IPv4 address, the /64 of IPv6);
 * `device` a browser in which this administrator signed in before; `codes` six-digit codes after the right password, from
 * where its owner never signed in: who gets that far knows the password, and six digits are few.
 */
export const SIGN_IN_BUDGETS = {
  pair: { freeTries: 5, firstWaitMs: 30 * SECOND_MS, waitMaxMs: 15 * MINUTE_MS, forgetMs: 2 * HOUR_MS },
  address: { freeTries: 30, firstWaitMs: 30 * SECOND_MS, waitMaxMs: 15 * MINUTE_MS, forgetMs: 2 * HOUR_MS },
  device: { freeTries: 10, firstWaitMs: 30 * SECOND_MS, waitMaxMs: 5 * MINUTE_MS, forgetMs: 2 * HOUR_MS },
  codes: { freeTries: 20, firstWaitMs: MINUTE_MS, waitMaxMs: HOUR_MS, forgetMs: 4 * HOUR_MS },
} as const satisfies Readonly<Record<string, Budget>>;
export type BudgetName = keyof typeof SIGN_IN_BUDGETS;

/** Where a try comes from, as this server knows it. */
export interface SignInSource {
  /** The browser holds the cookie of an earlier sign-in of this very administrator. */
  readonly knownDevice: boolean;
  /** This administrator signed in from this address before. */
  readonly knownAddress: boolean;
}

/** The budgets that a try is counted in and judged by. */
export function budgetsOf(source: SignInSource, step: 'password' | 'code'): readonly BudgetName[] {
  // what others try, from the same address too, takes nothing from these two
  if (source.knownDevice) return ['device'];
  if (source.knownAddress) return ['pair'];
  return step === 'code' ? ['pair', 'address', 'codes'] : ['pair', 'address'];
}

export type SignInDecision =
  { readonly allow: true } | { readonly allow: false; readonly retryAfterMs: number };

/** May this be tried now? All of its budgets must have room. */
export function decideSignIn(
  tallies: readonly { readonly budget: BudgetName; readonly tally: Tally | undefined }[],
  nowMs: number,
): SignInDecision {
  const retryAfterMs = Math.max(0, ...tallies.map(({ budget, tally }) => waitLeftMs(budget, tally, nowMs)));
  return retryAfterMs === 0 ? { allow: true } : { allow: false, retryAfterMs };
}

/** The tally with one more failure. */
export function countFailure(budget: BudgetName, tally: Tally | undefined, nowMs: number): Tally {
  if (tally === undefined || isForgotten(budget, tally, nowMs))
    return { failures: 1, firstAtMs: nowMs, lastAtMs: nowMs };
  return { failures: tally.failures + 1, firstAtMs: tally.firstAtMs, lastAtMs: nowMs };
}

/** The tally without the failure that a try was counted as before it turned out right; undefined: nothing is left. */
export function takeBack(tally: Tally): Tally | undefined {
  return tally.failures <= 1 ? undefined : { ...tally, failures: tally.failures - 1 };
}

/** Is it as if nothing had been tried? */
export const isForgotten = (budget: BudgetName, tally: Tally, nowMs: number): boolean =>
  nowMs - tally.lastAtMs >= SIGN_IN_BUDGETS[budget].forgetMs;

/** How long after the last failure the next try must wait. */
export function waitAfterMs(budget: BudgetName, failures: number): number {
  const { freeTries, firstWaitMs, waitMaxMs } = SIGN_IN_BUDGETS[budget];
  if (failures < freeTries) return 0;
  return Math.min(firstWaitMs * 2 ** Math.min(failures - freeTries, DOUBLINGS_MAX), waitMaxMs);
}

/** 2^30 times the first wait is beyond every limit. */
const DOUBLINGS_MAX = 30;

function waitLeftMs(budget: BudgetName, tally: Tally | undefined, nowMs: number): number {
  if (tally === undefined || isForgotten(budget, tally, nowMs)) return 0;
  const waitMs = waitAfterMs(budget, tally.failures);
  // a clock that was set back does not make the wait longer
  return Math.min(waitMs, Math.max(0, tally.lastAtMs + waitMs - nowMs));
}
