import { z } from 'zod';
import {
  API_KEY_SCOPES_MAX,
  API_KEY_VALID_SECONDS_MAX,
  API_KEY_VALID_SECONDS_MIN,
  PAGE_ROWS_MAX,
} from '../limits.ts';
import { RIGHTS } from '../rules/rights.ts';
import { administratorId, apiKeyId, displayName, epochMs, groupId } from './scalars.ts';
import { route } from './route.ts';

export const API_KEY_STATES = ['active', 'expired', 'revoked'] as const;

/** An API key without its secret, which nobody can read again. */
export const apiKeyView = z.object({
  id: apiKeyId,
  name: z.string(),
  owner: z.object({ id: administratorId, name: z.string() }),
  /** What it may do, as long as its owner may do it too. */
  scopes: z.array(z.enum(RIGHTS)),
  /** Null: as far as the rights of its owner go. */
  group: groupId.nullable(),
  state: z.enum(API_KEY_STATES),
  createdAtMs: epochMs,
  createdBy: z.string(),
  expiresAtMs: epochMs,
  /** To the minute; null: never. */
  usedAtMs: epochMs.nullable(),
  revokedAtMs: epochMs.nullable(),
});
export type ApiKeyView = z.infer<typeof apiKeyView>;

const idParams = z.object({ id: apiKeyId });

export const createApiKey = route({
  method: 'POST',
  path: '/v1/api-keys',
  right: 'signed-in',
  body: z.object({
    name: displayName,
    scopes: z.array(z.enum(RIGHTS)).min(1).max(API_KEY_SCOPES_MAX),
    /** The key reaches this group and those below it, and nothing else. */
    group: groupId.nullable().default(null),
    validSeconds: z.int().min(API_KEY_VALID_SECONDS_MIN).max(API_KEY_VALID_SECONDS_MAX),
    /** The name of the administrator whose key it is; on the server's own socket alone, where nobody is signed in. */
    owner: z.string().min(1).max(100).optional(),
  }),
  /** The secret is shown here and never again. */
  reply: apiKeyView.extend({ key: z.string() }),
});
/** One's own keys; with the right `administrator.read` those of everybody. The newest first. */
export const listApiKeys = route({
  method: 'GET',
  path: '/v1/api-keys',
  right: 'signed-in',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ keys: z.array(apiKeyView), next: z.string().nullable() }),
});
export const getApiKey = route({
  method: 'GET',
  path: '/v1/api-keys/:id',
  right: 'signed-in',
  params: idParams,
  reply: apiKeyView,
});
/** Ends a key at once: one's own; with the right `administrator.write` anybody's. */
export const revokeApiKey = route({
  method: 'DELETE',
  path: '/v1/api-keys/:id',
  right: 'signed-in',
  params: idParams,
  reply: apiKeyView,
});
