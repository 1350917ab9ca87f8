import { z } from 'zod';
import { ADMINISTRATOR_NAME_LENGTH_MAX, GRANTS_PER_ADMINISTRATOR_MAX, PAGE_ROWS_MAX } from '../limits.ts';
import { RIGHTS, ROLES } from '../rules/rights.ts';
import { administratorId, count, displayName, epochMs, groupId, signInId } from './scalars.ts';
import { route } from './route.ts';

/** What an administrator signs in with: lower-case letters, digits and `. _ - @`; capitals are taken as small ones. */
export const administratorName = z
  .string()
  .min(1)
  .max(ADMINISTRATOR_NAME_LENGTH_MAX)
  .transform((raw) => raw.trim().toLowerCase());

/** A role in the whole domain (null), or in one group and all below it. */
export const grantView = z.object({ role: z.enum(ROLES), group: groupId.nullable() });
export type GrantView = z.infer<typeof grantView>;
const grants = z.array(grantView).max(GRANTS_PER_ADMINISTRATOR_MAX);

/** `invited`: nobody has used the invitation yet, so there is nothing to sign in with. */
export const ADMINISTRATOR_STATES = ['active', 'invited', 'disabled'] as const;

/** An administrator's account (S-04). */
export const administratorView = z.object({
  id: administratorId,
  name: z.string(),
  displayName: z.string(),
  state: z.enum(ADMINISTRATOR_STATES),
  grants: z.array(grantView),
  password: z.boolean(),
  totp: z.boolean(),
  /** The identity at the OpenID provider that signs in as this administrator. */
  oidc: z.object({ issuer: z.string(), subject: z.string() }).nullable(),
  createdAtMs: epochMs,
  createdBy: z.string(),
  disabledAtMs: epochMs.nullable(),
  /** To the minute, of the sessions that are remembered; null: never. */
  usedAtMs: epochMs.nullable(),
  /** Goes up with every change; `ETag` and `If-Match` say the same. */
  revision: count,
});
export type AdministratorView = z.infer<typeof administratorView>;

export const LINK_PURPOSES = ['first', 'invitation', 'reset'] as const;
/** A link that works once. Its code is shown here and never again. */
export const linkView = z.object({
  purpose: z.enum(LINK_PURPOSES),
  link: z.string(),
  code: z.string(),
  expiresAtMs: epochMs,
});
export type LinkView = z.infer<typeof linkView>;

const idParams = z.object({ id: administratorId });

export const listAdministrators = route({
  method: 'GET',
  path: '/v1/administrators',
  right: 'administrator.read',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ administrators: z.array(administratorView), next: z.string().nullable() }),
});
export const getAdministrator = route({
  method: 'GET',
  path: '/v1/administrators/:id',
  right: 'administrator.read',
  params: idParams,
  reply: administratorView,
});
/** Creates the account and the invitation with which its owner sets password and second factor. */
export const createAdministrator = route({
  method: 'POST',
  path: '/v1/administrators',
  right: 'administrator.write',
  body: z.object({ name: administratorName, displayName, grants }),
  reply: z.object({ administrator: administratorView, link: linkView }),
});
/** Puts these roles in place of the ones there are. Every session of the administrator ends. */
export const setGrants = route({
  method: 'PUT',
  path: '/v1/administrators/:id/grants',
  right: 'administrator.write',
  params: idParams,
  body: z.object({ grants }),
  reply: administratorView,
});
/** Ends every session and refuses new ones; nothing of the account is lost. */
export const disableAdministrator = route({
  method: 'POST',
  path: '/v1/administrators/:id/disable',
  right: 'administrator.write',
  params: idParams,
  reply: administratorView,
});
export const enableAdministrator = route({
  method: 'POST',
  path: '/v1/administrators/:id/enable',
  right: 'administrator.write',
  params: idParams,
  reply: administratorView,
});
/**
 * A link with which the owner sets a new password and second factor. Password, sessions and passkeys work until the link is used;
 * API keys, whose use nobody sees, end at once unless they are to be kept, and those made since then end with its use.
 */
export const resetAdministrator = route({
  method: 'POST',
  path: '/v1/administrators/:id/reset',
  right: 'administrator.write',
  params: idParams,
  body: z.object({ keepApiKeys: z.boolean().default(false) }),
  reply: linkView.extend({ revokedApiKeys: count }),
});
/** The link for the first administrator, on the server's own socket alone; an earlier one stops working. */
export const makeFirstLink = route({
  method: 'POST',
  path: '/v1/administrators/first',
  right: 'administrator.write',
  reply: linkView,
});

export const SIGN_IN_METHODS = ['password', 'oidc', 'passkey', 'link'] as const;

/** A session of an administrator: one browser, one sign-in. */
export const adminSessionView = z.object({
  id: signInId,
  administrator: z.object({ id: administratorId, name: z.string() }),
  method: z.enum(SIGN_IN_METHODS),
  /** The address it was opened from. */
  origin: z.string(),
  userAgent: z.string(),
  createdAtMs: epochMs,
  /** To the minute. */
  usedAtMs: epochMs,
  /** It ends then, or earlier when nobody uses it. */
  expiresAtMs: epochMs,
  /** The session that asks. */
  current: z.boolean(),
});
export type AdminSessionView = z.infer<typeof adminSessionView>;

/** Open sessions, the newest first: one's own, or those of everybody (right `administrator.read`). */
export const listSessions = route({
  method: 'GET',
  path: '/v1/sessions',
  right: 'signed-in',
  query: z.object({
    of: z.enum(['me', 'all']).default('me'),
    administrator: administratorId.optional(),
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ sessions: z.array(adminSessionView), next: z.string().nullable() }),
});
/** Ends a session at once: one's own, or with the right `administrator.write` anybody's. */
export const endSession = route({
  method: 'DELETE',
  path: '/v1/sessions/:id',
  right: 'signed-in',
  params: z.object({ id: signInId }),
  reply: adminSessionView,
});

/** Who asks, and what they may do. */
export const meView = z.object({
  kind: z.enum(['local', 'administrator', 'api-key']),
  name: z.string(),
  /** Null for the local socket, which is nobody's. */
  administrator: administratorView.nullable(),
  rights: z.array(z.object({ right: z.enum(RIGHTS), groups: z.array(groupId).nullable() })),
});
export type MeView = z.infer<typeof meView>;
export const getMe = route({ method: 'GET', path: '/v1/me', right: 'signed-in', reply: meView });
