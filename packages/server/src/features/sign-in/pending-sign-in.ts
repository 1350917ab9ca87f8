import { AppError } from '@sekisho/core/errors.ts';
import { parseAdministratorId, type AdministratorId } from '@sekisho/core/ids.ts';
import { PENDING_LENGTH_MAX } from '@sekisho/core/limits.ts';
import { DAY_MS, MINUTE_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hash } from 'node:crypto';
import { z } from 'zod';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { findAdministrator } from '../administrators/administrator-rows.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { openStep, SEALED_SALT_BYTES, sealStep } from './sealed-step.ts';

/** A sign-in is to be finished within this time. */
export const PENDING_VALID_MS = 10 * MINUTE_MS;
/** A spent step is remembered beyond its end: a clock that is set back does not make it good again. */
export const SPENT_KEPT_MS = DAY_MS;
const KEY_PURPOSE = 'pending-sign-ins';

/** `link`: the setting-up of a second factor for a one-time link; the others are named like their routes. */
export type PendingKind =
  'totp' | 'set-up-totp' | 'change-totp' | 'link' | 'oidc' | 'passkey' | 'passkey-add';
type Parts = { readonly clock: Clock; readonly keys: KeyStore };

/** A step that was begun, as whoever began it brought it back. */
export interface PendingSignIn {
  /** Null while nobody knows who it will be. */
  readonly administratorId: AdministratorId | null;
  /** To be parsed by the caller. */
  readonly body: unknown;
  /** The account as it was: any change of it (password, roles, state) ends what was begun. */
  readonly revision: number | null;
  readonly expiresAtMs: number;
  readonly stepSha256: string;
}

const sealed = z.object({
  administrator: z.string().nullable(),
  revision: z.int().nullable(),
  expiresAtMs: z.int(),
  body: z.unknown(),
});

/**
 * Begins a step: what it needs is sealed and given to the client, and nothing is kept here. So nobody crowds out what others
 * began, from however many addresses.
 */
export function startPending(
  { clock, keys, random }: Parts & { readonly random: Random },
  pending: {
    readonly kind: PendingKind;
    readonly administrator: { readonly id: AdministratorId; readonly revision: number } | null;
    readonly body: Readonly<Record<string, unknown>>;
  },
): Secret {
  const { administrator, body, kind } = pending;
  const content: z.input<typeof sealed> = {
    administrator: administrator?.id ?? null,
    revision: administrator?.revision ?? null,
    expiresAtMs: clock.nowMs() + PENDING_VALID_MS,
    body,
  };
  const salt = random.bytes(SEALED_SALT_BYTES);
  const text = sealStep(keys.derive(KEY_PURPOSE), salt, kind, JSON.stringify(content));
  if (text.length > PENDING_LENGTH_MAX) throw new RangeError('a step that is too large');
  return new Secret(text);
}

/** Looks at a step without spending it. Refusal: SIGN_IN_STEP_EXPIRED, for one that is unknown, too old or of another kind. */
export function openPending({ clock, keys }: Parts, kind: PendingKind, secret: string): PendingSignIn {
  const found = findPending({ clock, keys }, kind, secret);
  if (found === undefined) throw new AppError('SIGN_IN_STEP_EXPIRED');
  return found;
}

/** The same; undefined where that refuses. */
export function findPending(
  { clock, keys }: Parts,
  kind: PendingKind,
  secret: string,
): PendingSignIn | undefined {
  if (secret.length > PENDING_LENGTH_MAX) return undefined;
  const text = openStep(keys.derive(KEY_PURPOSE), kind, secret);
  if (text === undefined) return undefined;
  const { administrator, body, expiresAtMs, revision } = sealed.parse(JSON.parse(text));
  if (clock.nowMs() >= expiresAtMs) return undefined;
  const administratorId = administrator === null ? null : (parseAdministratorId(administrator) ?? null);
  return { administratorId, body, revision, expiresAtMs, stepSha256: hash('sha256', secret, 'hex') };
}

/**
 * Spends a step in the transaction of what it is for: it works once, and only as long as its account is as it was. Rolled back,
 * it may be tried again. To be called once its proof is known to be good: strangers write nothing here. Refusal:
 * SIGN_IN_STEP_EXPIRED.
 */
export async function spendPending(
  { clock }: Pick<Parts, 'clock'>,
  tx: Tx,
  one: PendingSignIn,
): Promise<void> {
  await requireUnspent(tx, one);
  if (one.administratorId !== null) {
    const owner = await findAdministrator(tx, one.administratorId);
    if (owner?.revision !== one.revision) throw new AppError('SIGN_IN_STEP_EXPIRED');
  }
  await tx.deleteFrom('spent_sign_in_steps').where('forget_at_ms', '<=', clock.nowMs()).execute();
  await tx
    .insertInto('spent_sign_in_steps')
    .values({ step_sha256: one.stepSha256, forget_at_ms: one.expiresAtMs + SPENT_KEPT_MS })
    .execute();
}

/** Refusal: SIGN_IN_STEP_EXPIRED, for a step that was carried out. */
export async function requireUnspent(db: DbOrTx, { stepSha256 }: PendingSignIn): Promise<void> {
  const row = await db
    .selectFrom('spent_sign_in_steps')
    .select('step_sha256')
    .where('step_sha256', '=', stepSha256)
    .executeTakeFirst();
  if (row !== undefined) throw new AppError('SIGN_IN_STEP_EXPIRED');
}
