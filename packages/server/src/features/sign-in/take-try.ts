import { AppError } from '@sekisho/core/errors.ts';
import { parseAdministratorId, type AdministratorId } from '@sekisho/core/ids.ts';
import {
  budgetsOf,
  countFailure,
  decideSignIn,
  SIGN_IN_BUDGETS,
  takeBack,
  type BudgetName,
  type Tally,
} from '@sekisho/core/rules/sign-in.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { hash } from 'node:crypto';
import type { ServerContext } from '../../context.ts';
import { addressKey } from '../../http/connections.ts';
import { LOCAL_ORIGIN } from '../../http/request-origin.ts';
import type { Tx } from '../../store/tables.ts';
import { hasSignedInFrom } from '../admin-sessions/session-rows.ts';
import {
  CODES_PREFIX,
  deleteTallies,
  FAILURE_ROWS_MAX,
  pruneTallies,
  readTallies,
  writeTally,
} from './failures.store.ts';
import type { Lane } from './password-hasher.ts';

type Parts = Pick<ServerContext, 'clock' | 'store'>;

/** Where somebody tries to sign in from, and as whom. */
export interface SignInTry {
  readonly lane: Lane;
  /** What the failures of this try are counted by; none on the server's own socket, which always works. */
  readonly counted: readonly { readonly budget: BudgetName; readonly subject: string }[];
}

/** Rows are counted and pruned after so many new ones of this process. */
const PRUNE_EVERY_TRIES = 200;
const FORGET_MAX_MS = Math.max(...Object.values(SIGN_IN_BUDGETS).map(({ forgetMs }) => forgetMs));

/** Says by what a try is counted. The same is read whether or not there is an administrator of that name. */
export async function describeTry(
  { store }: Parts,
  from: {
    /** As it was typed. */
    readonly name: string;
    readonly administratorId: AdministratorId | undefined;
    readonly origin: string;
    /** The browser's ID, when this administrator signed in there before. */
    readonly device: string | undefined;
  },
  step: 'password' | 'code',
): Promise<SignInTry> {
  const { origin, device, administratorId } = from;
  if (origin === LOCAL_ORIGIN) return { lane: 'known', counted: [] };
  const address = addressKey(origin);
  const knownAddress = await hasSignedInFrom(store.db, administratorId ?? NOBODY, origin);
  const source = { knownDevice: device !== undefined, knownAddress };
  const subjects: Readonly<Record<BudgetName, string>> = {
    // hashed: people type passwords where names belong
    pair: `p:${hash('sha256', `${from.name}\n${address}`, 'hex')}`,
    address: `a:${address}`,
    device: `d:${device ?? ''}`,
    codes: `${CODES_PREFIX}${administratorId ?? ''}`,
  };
  const counted = budgetsOf(source, step).map((budget) => ({ budget, subject: subjects[budget] }));
  return { lane: source.knownDevice || source.knownAddress ? 'known' : 'stranger', counted };
}

/** Refuses a try whose budgets are used up, without writing anything. Refusal: SIGN_IN_LIMITED. */
export async function checkTry({ clock, store }: Parts, one: SignInTry): Promise<void> {
  if (one.counted.length === 0) return;
  const subjects = one.counted.map(({ subject }) => subject);
  judge(one, await readTallies(store.db, subjects), clock.nowMs());
}

let triesSincePruning = 0;

/**
 * Counts the try as failed before anything is tried, so that a thousand at once are no more than one after the other; when
 * it turns out right, `giveBack` takes it out again. Refusal: SIGN_IN_LIMITED.
 */
export async function countTry({ clock, store }: Parts, one: SignInTry): Promise<void> {
  if (one.counted.length === 0) return;
  triesSincePruning += 1;
  const prune = triesSincePruning >= PRUNE_EVERY_TRIES;
  if (prune) triesSincePruning = 0;
  await store.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const subjects = one.counted.map(({ subject }) => subject);
    const tallies = await readTallies(tx, subjects);
    judge(one, tallies, nowMs);
    for (const { budget, subject } of one.counted)
      await writeTally(tx, subject, countFailure(budget, tallies.get(subject), nowMs));
    if (prune) await pruneTallies(tx, nowMs - FORGET_MAX_MS);
  });
}

/** The try was right. `done`: the sign-in is complete, and earlier mistakes of this browser or address are forgotten. */
export async function giveBack(tx: Tx, one: SignInTry, what: 'step' | 'done'): Promise<void> {
  const subjects = one.counted.map(({ subject }) => subject);
  if (subjects.length === 0) return;
  const tallies = await readTallies(tx, subjects);
  for (const { budget, subject } of one.counted) {
    const tally = tallies.get(subject);
    if (tally === undefined) continue;
    const own = budget === 'pair' || budget === 'device';
    const left = own && what === 'done' ? undefined : takeBack(tally);
    if (left === undefined) await deleteTallies(tx, [subject]);
    else await writeTally(tx, subject, left);
  }
}

function judge(one: SignInTry, tallies: ReadonlyMap<string, Tally>, nowMs: number): void {
  const decision = decideSignIn(
    one.counted.map(({ budget, subject }) => ({ budget, tally: tallies.get(subject) })),
    nowMs,
  );
  if (!decision.allow)
    throw new AppError('SIGN_IN_LIMITED', { retrySeconds: Math.ceil(decision.retryAfterMs / SECOND_MS) });
}

/** Nobody has this ID: no random UUID is it. */
const NOBODY = (() => {
  const id = parseAdministratorId('00000000-0000-0000-0000-000000000000');
  if (id === undefined) throw new Error('the nil UUID does not parse');
  return id;
})();

export { FAILURE_ROWS_MAX };
