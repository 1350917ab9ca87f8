import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import { CODE_LENGTH_MAX } from '@sekisho/core/limits.ts';
import { MINUTE_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hash } from 'node:crypto';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { storedId } from '../administrators/administrator-rows.ts';
import type { KeyStore } from '../keys/key-store.ts';

/** A sign-in is to be finished within this time. */
export const PENDING_VALID_MS = 10 * MINUTE_MS;
/** Of each kind; the oldest goes when one more comes, so that nobody fills the table by beginning sign-ins. */
export const PENDING_PER_KIND_MAX = 5_000;
const PENDING_BYTES = 32;

type Parts = { readonly clock: Clock; readonly random: Random; readonly keys: KeyStore };

/**
 * Keeps what the next step of a sign-in needs, sealed. The secret is given to the client; only its hash is stored.
 * `administratorId` is null while nobody knows who it will be.
 */
export async function startPending(
  { clock, random, keys }: Parts,
  tx: Tx,
  pending: {
    /** Which step comes next: `totp`, `oidc`, `passkey`. */
    readonly kind: string;
    readonly administratorId: AdministratorId | null;
    readonly body: Readonly<Record<string, unknown>>;
  },
): Promise<Secret> {
  const nowMs = clock.nowMs();
  const { kind, administratorId, body } = pending;
  await makeRoom(tx, kind, nowMs);
  const secret = Buffer.from(random.bytes(PENDING_BYTES)).toString('base64url');
  const secretSha256 = hash('sha256', secret, 'hex');
  await tx
    .insertInto('pending_sign_ins')
    .values({
      secret_sha256: secretSha256,
      kind,
      administrator_id: administratorId,
      body: keys.seal(Buffer.from(JSON.stringify(body), 'utf8'), contextOf(secretSha256)),
      created_at_ms: nowMs,
      expires_at_ms: nowMs + PENDING_VALID_MS,
    })
    .execute();
  return new Secret(secret);
}

/**
 * Takes the step out: it works once. Rolled back with its transaction, it may be tried again. The body is to be parsed by
 * the caller. Refusal: SIGN_IN_STEP_EXPIRED, for one that is unknown, used, too old or of another kind.
 */
export async function takePending(
  { clock, keys }: Omit<Parts, 'random'>,
  tx: Tx,
  kind: string,
  secret: string | Secret,
): Promise<{ readonly administratorId: AdministratorId | null; readonly body: unknown }> {
  const given = typeof secret === 'string' ? secret : secret.reveal();
  if (given.length > CODE_LENGTH_MAX) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const secretSha256 = hash('sha256', given, 'hex');
  const row = await tx
    .deleteFrom('pending_sign_ins')
    .where('secret_sha256', '=', secretSha256)
    .where('kind', '=', kind)
    .where('expires_at_ms', '>', clock.nowMs())
    .returning(['administrator_id', 'body'])
    .executeTakeFirst();
  if (row === undefined) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const body: unknown = JSON.parse(
    Buffer.from(keys.open(row.body, contextOf(secretSha256))).toString('utf8'),
  );
  return { administratorId: row.administrator_id === null ? null : storedId(row.administrator_id), body };
}

/** Whose step it is, without taking it; undefined: nobody's, or no longer there. */
export async function ownerOfPending(
  db: DbOrTx,
  kind: string,
  secret: string,
): Promise<AdministratorId | undefined> {
  const row = await db
    .selectFrom('pending_sign_ins')
    .select('administrator_id')
    .where('secret_sha256', '=', hash('sha256', secret, 'hex'))
    .where('kind', '=', kind)
    .executeTakeFirst();
  return row === undefined || row.administrator_id === null ? undefined : storedId(row.administrator_id);
}

/** No step that was begun may be finished any more: the password or the state of the account has changed. */
export async function dropPending(tx: Tx, administratorId: AdministratorId): Promise<void> {
  await tx.deleteFrom('pending_sign_ins').where('administrator_id', '=', administratorId).execute();
}

async function makeRoom(tx: Tx, kind: string, nowMs: number): Promise<void> {
  await tx.deleteFrom('pending_sign_ins').where('expires_at_ms', '<=', nowMs).execute();
  const over = await tx
    .selectFrom('pending_sign_ins')
    .select('secret_sha256')
    .where('kind', '=', kind)
    .orderBy('created_at_ms', 'desc')
    .offset(PENDING_PER_KIND_MAX - 1)
    .limit(OVER_ROWS_MAX)
    .execute();
  if (over.length === 0) return;
  await tx
    .deleteFrom('pending_sign_ins')
    .where(
      'secret_sha256',
      'in',
      over.map(({ secret_sha256 }) => secret_sha256),
    )
    .execute();
}

const OVER_ROWS_MAX = 100;
const contextOf = (secretSha256: string): string => `pending:${secretSha256}`;
