import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { signInWithPasskey as signInRoute } from '@sekisho/core/wire/passkeys.ts';
import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import { openSession } from '../admin-sessions/open-session.ts';
import { findAdministrator } from '../administrators/administrator-rows.ts';
import { noteRefusal } from '../sign-in/note-refusal.ts';
import { startPending, takePending } from '../sign-in/pending-sign-in.ts';
import { markPasskeyUsed, selectPasskey, type PasskeyRow } from './passkeys.store.ts';
import { relyingPartyOf } from './relying-party.ts';

const PENDING_KIND = 'passkey';
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
  const pending = await context.store.transaction((tx) =>
    startPending(context, tx, { kind: PENDING_KIND, administratorId: null, body }),
  );
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
  const passkey = await selectPasskey(context.store.db, body.response.id);
  try {
    await useChallenge(context, body, passkey);
    if (passkey === undefined) throw new AppError('PASSKEY_REFUSED');
    const { administratorId } = passkey;
    await openSession(context, { administratorId, method: 'passkey', request, reply });
    return administratorId;
  } catch (error) {
    if (error instanceof AppError) {
      const { db } = context.store;
      const administrator = passkey && (await findAdministrator(db, passkey.administratorId));
      await noteRefusal(context, error, { administrator, origin: originOf(request) });
    }
    throw error;
  }
}

/** @source WebAuthn Level 3 §7.2, the counter: step 22 and §6.1.1 */
async function useChallenge(
  context: ServerContext,
  { pending, response }: z.output<typeof signInRoute.body>,
  passkey: PasskeyRow | undefined,
): Promise<void> {
  const taken = await context.store.transaction((tx) => takePending(context, tx, PENDING_KIND, pending));
  if (passkey === undefined) throw new AppError('PASSKEY_REFUSED');
  const wanted = pendingBody.parse(taken.body);
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
  const used = await context.store.transaction((tx) =>
    markPasskeyUsed(tx, passkey, newCounter, context.clock.nowMs()),
  );
  if (!used) throw new AppError('PASSKEY_COPIED');
}

const handleOf = (passkey: PasskeyRow): string =>
  Buffer.from(passkey.administratorId, 'utf8').toString('base64url');
