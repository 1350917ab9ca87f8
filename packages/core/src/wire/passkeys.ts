import { z } from 'zod';
import { PASSKEY_PART_LENGTH_MAX, PENDING_LENGTH_MAX } from '../limits.ts';
import { meView } from './administrators.ts';
import { displayName, epochMs, sha256Hex } from './scalars.ts';
import { route } from './route.ts';

const pending = z.string().min(1).max(PENDING_LENGTH_MAX);
/** Bytes as browsers write them (base64url). */
const bytes = z
  .string()
  .min(1)
  .max(PASSKEY_PART_LENGTH_MAX)
  .regex(/^[A-Za-z0-9_-]+$/);
const transports = z
  .array(
    z
      .string()
      .regex(/^[a-z-]{1,32}$/)
      .max(32),
  )
  .max(8);
/** What the browser's `navigator.credentials` takes, as JSON. @source WebAuthn Level 3 §5.1.9, §5.1.10 */
const options = z.record(z.string(), z.unknown());

export const passkeyView = z.object({
  /** SHA-256 of the credential's ID. */
  id: sha256Hex,
  name: z.string(),
  transports: z.array(z.string()),
  createdAtMs: epochMs,
  /** Null: never. */
  usedAtMs: epochMs.nullable(),
});
export type PasskeyView = z.infer<typeof passkeyView>;
const idParams = z.object({ id: sha256Hex });

/** One's own passkeys, the oldest first. */
export const listPasskeys = route({
  method: 'GET',
  path: '/v1/me/passkeys',
  right: 'signed-in',
  reply: z.object({ passkeys: z.array(passkeyView) }),
});
/** Begins the making of a passkey, in a session that was opened a moment ago. */
export const startPasskey = route({
  method: 'POST',
  path: '/v1/me/passkeys/options',
  right: 'signed-in',
  reply: z.object({ pending: z.string(), options }),
});
/** Ends it with what the browser's authenticator answered. @source WebAuthn Level 3 §5.2.1 */
export const addPasskey = route({
  method: 'POST',
  path: '/v1/me/passkeys',
  right: 'signed-in',
  body: z.object({
    pending,
    name: displayName,
    response: z.object({
      id: bytes,
      rawId: bytes,
      type: z.literal('public-key'),
      response: z.object({
        clientDataJSON: bytes,
        attestationObject: bytes,
        transports: transports.default([]),
      }),
    }),
  }),
  reply: passkeyView,
});
export const renamePasskey = route({
  method: 'PUT',
  path: '/v1/me/passkeys/:id',
  right: 'signed-in',
  params: idParams,
  body: z.object({ name: displayName }),
  reply: passkeyView,
});
export const removePasskey = route({
  method: 'DELETE',
  path: '/v1/me/passkeys/:id',
  right: 'signed-in',
  params: idParams,
  reply: passkeyView,
});

/** Begins a sign-in; the authenticator knows who it is, so nobody is named. */
export const startPasskeySignIn = route({
  method: 'POST',
  path: '/v1/sign-in/passkey/options',
  right: 'public',
  reply: z.object({ pending: z.string(), options }),
});
/** Opens the session. @source WebAuthn Level 3 §5.2.2 */
export const signInWithPasskey = route({
  method: 'POST',
  path: '/v1/sign-in/passkey',
  right: 'public',
  body: z.object({
    pending,
    response: z.object({
      id: bytes,
      rawId: bytes,
      type: z.literal('public-key'),
      response: z.object({
        clientDataJSON: bytes,
        authenticatorData: bytes,
        signature: bytes,
        userHandle: bytes.nullable().optional(),
      }),
    }),
  }),
  reply: meView,
});
