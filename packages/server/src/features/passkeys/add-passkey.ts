import { AppError } from '@sekisho/core/errors.ts';
import { PASSKEYS_PER_ADMINISTRATOR_MAX } from '@sekisho/core/limits.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { addPasskey as addRoute } from '@sekisho/core/wire/passkeys.ts';
import { generateRegistrationOptions, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { isUniqueViolation } from '../../store/store.ts';
import { readSession } from '../admin-sessions/read-session.ts';
import { requireStillOpen, type SessionRow } from '../admin-sessions/session-rows.ts';
import { findAdministrator, type AdministratorRow } from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import {
  openPending,
  requireUnspent,
  spendPending,
  startPending,
  type PendingSignIn,
} from '../sign-in/pending-sign-in.ts';
import {
  insertPasskey,
  passkeyIdOf,
  selectPasskey,
  selectPasskeysOf,
  type PasskeyRow,
} from './passkeys.store.ts';
import { relyingPartyOf } from './relying-party.ts';

/** A passkey is made or removed so soon after signing in alone: a session that was left open changes nobody's ways in. */
export const PASSKEY_SESSION_AGE_MAX_MS = 15 * MINUTE_MS;

const pendingBody = z.object({ challenge: z.string(), rpId: z.string(), origin: z.string() });

/**
 * What the browser asks its authenticator for: a discoverable credential that verifies its user. No attestation: which
 * make it is decides nothing.
 * @throws AppError SESSION_NEEDED, PASSKEY_SIGN_IN_AGAIN, PASSKEY_NEEDS_NAME, PASSKEYS_TOO_MANY
 */
export async function startPasskey(
  context: ServerContext,
  principal: Principal,
  request: FastifyRequest,
): Promise<{ pending: string; options: Record<string, unknown> }> {
  const { owner } = await requireFreshSession(context, principal, request);
  const party = relyingPartyOf(request);
  const known = await selectPasskeysOf(context.store.db, owner.id);
  requireRoom(known.length);
  const challenge = new Uint8Array(context.random.bytes(CHALLENGE_BYTES));
  const options = await generateRegistrationOptions({
    rpName: context.domain.name,
    rpID: party.id,
    userID: new TextEncoder().encode(owner.id),
    userName: owner.name,
    userDisplayName: owner.displayName,
    challenge,
    attestationType: 'none',
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [...ALGORITHMS],
  });
  const body = { challenge: options.challenge, rpId: party.id, origin: party.origin };
  const pending = startPending(context, { kind: 'passkey-add', administrator: owner, body });
  return { pending: pending.reveal(), options: { ...options } };
}

/**
 * Keeps the new passkey, once its answer is for this challenge, this origin and this server, and its user was verified.
 * @throws AppError SESSION_NEEDED, PASSKEY_SIGN_IN_AGAIN, SIGN_IN_STEP_EXPIRED, PASSKEY_REFUSED, PASSKEY_KNOWN,
 * PASSKEYS_TOO_MANY
 */
export async function addPasskey(
  context: ServerContext,
  body: z.output<typeof addRoute.body>,
  { principal, request }: { principal: Principal; request: FastifyRequest },
): Promise<PasskeyRow> {
  const { owner, session } = await requireFreshSession(context, principal, request);
  const begun = openPending(context, 'passkey-add', body.pending);
  await requireUnspent(context.store.db, begun);
  if (begun.administratorId !== owner.id) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const wanted = pendingBody.parse(begun.body);
  const { response } = body;
  const credential = await verifyRegistrationResponse({
    response: { ...response, response: { ...response.response }, clientExtensionResults: {} },
    expectedChallenge: wanted.challenge,
    expectedOrigin: wanted.origin,
    expectedRPID: wanted.rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: [...ALGORITHMS],
  }).then(
    ({ registrationInfo }) => registrationInfo?.credential,
    (error: unknown) => {
      throw new AppError('PASSKEY_REFUSED', {}, { cause: error });
    },
  );
  if (credential === undefined) throw new AppError('PASSKEY_REFUSED');
  const row: PasskeyRow = {
    id: passkeyIdOf(credential.id),
    credentialId: credential.id,
    administratorId: owner.id,
    name: body.name,
    publicKey: credential.publicKey,
    signCount: credential.counter,
    transports: response.response.transports,
    createdAtMs: context.clock.nowMs(),
    usedAtMs: null,
  };
  await keep(context, row, { begun, owner, principal, session });
  return row;
}

async function keep(
  context: ServerContext,
  row: PasskeyRow,
  made: {
    readonly begun: PendingSignIn;
    readonly owner: AdministratorRow;
    readonly principal: Principal;
    readonly session: SessionRow;
  },
): Promise<void> {
  const { begun, owner, principal, session } = made;
  const kept = context.store.transaction(async (tx) => {
    await requireStillOpen(tx, session);
    await spendPending(context, tx, begun);
    if ((await selectPasskey(tx, row.credentialId)) !== undefined) throw new AppError('PASSKEY_KNOWN');
    requireRoom((await selectPasskeysOf(tx, owner.id)).length);
    await insertPasskey(tx, row);
    await recordAudit(
      tx,
      {
        act: 'add-passkey',
        actor: principal.name,
        origin: principal.origin,
        subject: owner.id,
        outcome: 'done',
        detail: { name: owner.name, passkey: row.name, id: row.id },
      },
      row.createdAtMs,
    );
  });
  await kept.catch((error: unknown) => {
    if (isUniqueViolation(error)) throw new AppError('PASSKEY_KNOWN', {}, { cause: error });
    throw error;
  });
}

/**
 * The session, which was opened a moment ago, and whose it is: what changes how somebody signs in needs one. Refusals:
 * SESSION_NEEDED, PASSKEY_SIGN_IN_AGAIN.
 */
export async function requireFreshSession(
  context: ServerContext,
  principal: Principal,
  request: FastifyRequest,
): Promise<{ owner: AdministratorRow; session: SessionRow }> {
  if (principal.kind !== 'administrator') throw new AppError('SESSION_NEEDED');
  const session = await readSession(context, request);
  if (context.clock.nowMs() - session.createdAtMs > PASSKEY_SESSION_AGE_MAX_MS)
    throw new AppError('PASSKEY_SIGN_IN_AGAIN');
  const owner = await findAdministrator(context.store.db, session.administratorId);
  if (owner === undefined) throw new AppError('SESSION_NEEDED');
  return { owner, session };
}

function requireRoom(passkeys: number): void {
  if (passkeys >= PASSKEYS_PER_ADMINISTRATOR_MAX)
    throw new AppError('PASSKEYS_TOO_MANY', { limit: PASSKEYS_PER_ADMINISTRATOR_MAX });
}

const CHALLENGE_BYTES = 32;
/** EdDSA, ES256, RS256. @source RFC 9053 §2, RFC 8812 §2 */
const ALGORITHMS = [-8, -7, -257] as const;
