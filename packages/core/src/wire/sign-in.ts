import { z } from 'zod';
import { CODE_LENGTH_MAX, PASSWORD_LENGTH_MAX, PENDING_LENGTH_MAX } from '../limits.ts';
import { administratorName, LINK_PURPOSES, meView } from './administrators.ts';
import { displayName, epochMs } from './scalars.ts';
import { route } from './route.ts';

/** A password as it is typed; `rules/password` judges a new one. */
const password = z.string().min(1).max(PASSWORD_LENGTH_MAX);
/** Six digits; blanks between them are left out. */
const totpCode = z
  .string()
  .max(20)
  .transform((raw) => raw.replace(/\s/g, ''))
  .pipe(z.string().regex(/^\d{6}$/));
const linkCode = z.string().min(1).max(CODE_LENGTH_MAX);
const pending = z.string().min(1).max(PENDING_LENGTH_MAX);

/** What an authenticator app is set up with. Shown while it is set up, and never again. */
export const totpSetup = z.object({
  /** Base32, to type. */
  secret: z.string(),
  /** `otpauth://…`, to show as a QR code. */
  uri: z.string(),
});

/** First step: name and password. The second one is answered with `pending`. */
export const signIn = route({
  method: 'POST',
  path: '/v1/sign-in',
  right: 'public',
  body: z.object({ name: administratorName, password }),
  reply: z.discriminatedUnion('next', [
    z.object({ next: z.literal('totp'), pending: z.string(), expiresAtMs: epochMs }),
    /** This administrator has no second factor yet: the app is set up now, and its first code ends the sign-in. */
    z.object({ next: z.literal('set-up-totp'), pending: z.string(), expiresAtMs: epochMs, totp: totpSetup }),
  ]),
});
/** Second step: the code of the authenticator app. Opens the session. */
export const signInWithTotp = route({
  method: 'POST',
  path: '/v1/sign-in/totp',
  right: 'public',
  body: z.object({ pending, code: totpCode }),
  reply: meView,
});
/** Looks at a one-time link without using it up: whose it is, and a secret for the authenticator app. */
export const openLink = route({
  method: 'POST',
  path: '/v1/sign-in/link',
  right: 'public',
  body: z.object({ code: linkCode }),
  reply: z.object({
    purpose: z.enum(LINK_PURPOSES),
    /** Null: the first administrator chooses one. */
    name: z.string().nullable(),
    displayName: z.string().nullable(),
    expiresAtMs: epochMs,
    pending: z.string(),
    totp: totpSetup,
  }),
});
/** Uses the link up: sets password and second factor, makes the first administrator, opens the session. */
export const acceptLink = route({
  method: 'POST',
  path: '/v1/sign-in/link/accept',
  right: 'public',
  body: z.object({
    code: linkCode,
    pending,
    /** Of the first administrator alone. */
    name: administratorName.optional(),
    displayName: displayName.optional(),
    password,
    totp: totpCode,
  }),
  reply: meView,
});
/** Ends this session. */
export const signOut = route({
  method: 'POST',
  path: '/v1/sign-out',
  right: 'signed-in',
  reply: z.object({}),
});
/** Changes one's own password; every other session ends, and this one gets a new secret. */
export const changePassword = route({
  method: 'PUT',
  path: '/v1/me/password',
  right: 'signed-in',
  body: z.object({ password, newPassword: password }),
  reply: meView,
});
/** A new authenticator app: its first code goes to `confirmTotp`, and the old one works until then. */
export const changeTotp = route({
  method: 'POST',
  path: '/v1/me/totp',
  right: 'signed-in',
  body: z.object({ password }),
  reply: z.object({ pending: z.string(), expiresAtMs: epochMs, totp: totpSetup }),
});
export const confirmTotp = route({
  method: 'PUT',
  path: '/v1/me/totp',
  right: 'signed-in',
  body: z.object({ pending, code: totpCode }),
  reply: meView,
});
