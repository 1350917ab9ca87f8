import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { signInWithPasskey as signInRoute } from '@sekisho/core/wire/passkeys.ts';
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import { handSession, openSession, type OpenedSession } from '../admin-sessions/open-session.ts';
import { findAdministrator } from '../administrators/administrator-rows.ts';
import { notingRefusal } from '../sign-in/note-refusal.ts';
import { openPending, requireUnspent, spendPending, startPending } from '../sign-in/pending-sign-in.ts';
import { markPasskeyUsed, selectPasskey, type PasskeyRow } from './passkeys.store.ts';
import { relyingPartyOf } from './relying-party.ts';

const pendingBody = z.object({ challenge: z.string(), rpId: z.string(), origin: z.string() });
const CHALLENGE_BYTES = 32;

/** A challenge for whatever passkey the browser has for this server. @throws AppError PASSKEY_NEEDS_NAME */
export async function startPasskeySignIn(
  context: ServerContext,
  request: FastifyRequest,
): Promise<{ pending: string; options: Record<string, unknown> }> {
  const party = relyingPartyOf(request);
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    challenge: new Uint8Array(context.random.bytes(CHALLENGE_BYTES)),
    userVerification: 'required',
  });
  const body = { challenge: options.challenge, rpId: party.id, origin: party.origin };
  const pending = startPending(context, { kind: 'passkey', administrator: null, body });
  return { pending: pending.reveal(), options: { ...options } };
}

/**
 * Opens a session for the owner of the passkey that answered. A passkey whose counter did not go up was copied, and is
 * refused. @throws AppError SIGN_IN_STEP_EXPIRED, PASSKEY_REFUSED, PASSKEY_COPIED, ADMINISTRATOR_DISABLED
 */
export async function signInWithPasskey(
  context: ServerContext,
  body: z.output<typeof signInRoute.body>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<AdministratorId> {
  const { db } = context.store;
  const passkey = await selectPasskey(db, body.response.id);
  const administrator = passkey && (await findAdministrator(db, passkey.administratorId));
  const opened = await notingRefusal(context, { administrator, origin: originOf(request) }, () =>
    useChallenge(context, body, passkey, request),
  );
  return handSession(context, opened, { request, reply });
}

/** @source WebAuthn Level 3 §7.2, the counter: step 22 and §6.1.1 */
async function useChallenge(
  context: ServerContext,
  { pending, response }: z.output<typeof signInRoute.body>,
  passkey: PasskeyRow | undefined,
  request: FastifyRequest,
): Promise<OpenedSession> {
  const begun = openPending(context, 'passkey', pending);
  await requireUnspent(context.store.db, begun);
  if (passkey === undefined) throw new AppError('PASSKEY_REFUSED');
  const wanted = pendingBody.parse(begun.body);
  const { userHandle, ...answer } = response.response;
  if (userHandle !== null && userHandle !== undefined && userHandle !== handleOf(passkey))
    throw new AppError('PASSKEY_REFUSED');
  const verified = await verifyAuthenticationResponse({
    response: { ...response, response: answer, clientExtensionResults: {} },
    expectedChallenge: wanted.challenge,
    expectedOrigin: wanted.origin,
    expectedRPID: wanted.rpId,
    requireUserVerification: true,
    // the counter is judged below, once the signature is known to be good
    credential: { id: passkey.credentialId, publicKey: passkey.publicKey, counter: 0 },
  }).catch((error: unknown) => {
    throw new AppError('PASSKEY_REFUSED', {}, { cause: error });
  });
  if (!verified.verified) throw new AppError('PASSKEY_REFUSED');
  const { newCounter } = verified.authenticationInfo;
  const counts = newCounter > 0 || passkey.signCount > 0; // zero for ever: an authenticator that does not count
  if (counts && newCounter <= passkey.signCount) throw new AppError('PASSKEY_COPIED');
  return context.store.transaction(async (tx) => {
    await spendPending(context, tx, begun);
    if (!(await markPasskeyUsed(tx, passkey, newCounter, context.clock.nowMs())))
      throw new AppError('PASSKEY_COPIED');
    const { administratorId } = passkey;
    return openSession(context, tx, { administratorId, method: 'passkey', request });
  });
}

const handleOf = (passkey: PasskeyRow): string =>
  Buffer.from(passkey.administratorId, 'utf8').toString('base64url');
