import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import { canonicalPassword } from '@sekisho/core/rules/password.ts';
import type { signIn } from '@sekisho/core/wire/sign-in.ts';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { knownDevice } from '../admin-sessions/device-cookie.ts';
import {
  findAdministrator,
  findAdministratorByName,
  updateAdministrator,
  type AdministratorRow,
} from '../administrators/administrator-rows.ts';
import { notingRefusal } from './note-refusal.ts';
import { PENDING_VALID_MS, startPending } from './pending-sign-in.ts';
import { checkTry, countTry, describeTry, giveBack, type SignInTry } from './take-try.ts';
import { newTotpSecret, totpSetupOf } from './totp.ts';

/**
 * The first step of a sign-in. Nobody learns whether the name or the password was wrong: both take the same way and time.
 * Refusals: SIGN_IN_REFUSED, SIGN_IN_LIMITED, SIGN_IN_BUSY, ADMINISTRATOR_DISABLED (after the right password alone).
 */
export async function signInWithPassword(
  context: ServerContext,
  { name, password }: z.output<typeof signIn.body>,
  request: FastifyRequest,
): Promise<z.input<typeof signIn.reply>> {
  const { clock, domain, random, store } = context;
  const found = await findAdministratorByName(store.db, name);
  const provedHash = await provePassword(context, { name, administrator: found, password, request });
  if (found === undefined) throw new Error('nobody has proved a password');
  const administrator = await notingRefusal(
    context,
    { administrator: found, origin: originOf(request) },
    () => requireProved(store.db, found.id, provedHash),
  );
  const expiresAtMs = clock.nowMs() + PENDING_VALID_MS;
  if (administrator.totpSealed !== null) {
    const pending = startPending(context, { kind: 'totp', administrator, body: {} });
    return { next: 'totp', pending: pending.reveal(), expiresAtMs };
  }
  const secret = newTotpSecret(random);
  const pending = startPending(context, { kind: 'set-up-totp', administrator, body: { secret } });
  const totp = totpSetupOf(secret, domain.name, administrator.name);
  return { next: 'set-up-totp', pending: pending.reveal(), expiresAtMs, totp };
}

/**
 * Is the password that was proved still the one of the account? It may have been replaced while the try waited for its turn:
 * then whoever knows the old one comes too late. The account as it is now. Refusals: SIGN_IN_REFUSED, ADMINISTRATOR_DISABLED;
 * the caller notes them.
 */
export async function requireProved(
  db: DbOrTx,
  id: AdministratorId,
  provedHash: string,
): Promise<AdministratorRow> {
  const now = await findAdministrator(db, id);
  if (now?.passwordHash !== provedHash) throw new AppError('SIGN_IN_REFUSED');
  if (now.disabledAtMs !== null) throw new AppError('ADMINISTRATOR_DISABLED');
  return now;
}

/**
 * Checks a password within the budgets of whoever tries, and renews a hash of another cost. Returns the hash that was proved,
 * for `requireProved`.
 * Refusals: SIGN_IN_REFUSED, SIGN_IN_LIMITED, SIGN_IN_BUSY, ADMINISTRATOR_DISABLED.
 */
export async function provePassword(
  context: ServerContext,
  given: {
    readonly name: string;
    readonly administrator: AdministratorRow | undefined;
    readonly password: string;
    readonly request: FastifyRequest;
  },
): Promise<string> {
  const { administrator, name, request } = given;
  const origin = originOf(request);
  const device = knownDevice(context, administrator?.id, request);
  return notingRefusal(context, { administrator, origin }, async () => {
    const from = { name, administratorId: administrator?.id, origin, device };
    const one = await describeTry(context, from, 'password');
    await checkTry(context, one);
    const provedHash = await context.passwords.inLane(one.lane, () => tryPassword(context, given, one));
    if (administrator?.disabledAtMs != null) throw new AppError('ADMINISTRATOR_DISABLED');
    return provedHash;
  });
}

async function tryPassword(
  context: ServerContext,
  given: { readonly administrator: AdministratorRow | undefined; readonly password: string },
  one: SignInTry,
): Promise<string> {
  const { administrator } = given;
  await countTry(context, one);
  const stored = administrator?.passwordHash ?? null;
  const { right, renewed } = await context.passwords.verify(canonicalPassword(given.password), stored);
  if (!right || administrator === undefined || stored === null) throw new AppError('SIGN_IN_REFUSED');
  return context.store.transaction(async (tx) => {
    await giveBack(tx, one, 'step');
    if (renewed === undefined) return stored;
    // unless somebody set another one in the meantime
    const now = await findAdministratorByName(tx, administrator.name);
    if (now?.passwordHash !== stored) return stored;
    await updateAdministrator(tx, administrator.id, { passwordHash: renewed });
    return renewed;
  });
}
