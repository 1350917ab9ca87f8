import { z } from 'zod';
import {
  LEGACY_GRANT_SECONDS_MAX,
  LEGACY_KEY_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PAGE_ROWS_MAX,
} from '../limits.ts';
import { LEGACY_KINDS } from './legacy-kinds.ts';
import { address, count, epochMs, hostId, port, repositoryName, sha256Hex } from './scalars.ts';
import { route } from './route.ts';

export const legacyKind = z.enum(LEGACY_KINDS);

/** A host that may talk without a certificate while the setting is on (T-50). */
export const legacyHostView = z.object({
  hostId,
  name: z.string(),
  kind: legacyKind,
  /** The one address that it may come from; null: any. */
  address: z.string().nullable(),
  /** Of a media server: where it is reached. */
  endpoint: z.object({ address, port }).nullable(),
  /** Whether it would be let in now, and by which refusal not. */
  refusedBy: z.string().nullable(),
  version: z.string().nullable(),
  lastSeenAtMs: epochMs.nullable(),
  addedAtMs: epochMs,
  addedBy: z.string(),
  grants: z.array(z.object({ repository: repositoryName, expiresAtMs: epochMs })),
});
export type LegacyHostView = z.infer<typeof legacyHostView>;

const idParams = z.object({ id: hostId });

export const listLegacyHosts = route({
  method: 'GET',
  path: '/v1/legacy-hosts',
  right: 'host.read',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({
    insecureCommunication: z.boolean(),
    hosts: z.array(legacyHostView),
    next: z.string().nullable(),
  }),
});
/** Lets a host in without a certificate; again for one that is in: a new key, and what else is given. */
export const addLegacyHost = route({
  method: 'POST',
  path: '/v1/legacy-hosts',
  right: 'host.write',
  body: z.object({
    name: address,
    kind: legacyKind.default('client'),
    address: address.nullable().default(null),
    endpoint: z.object({ address, port }).nullable().default(null),
  }),
  /** The key is shown here and never again; null for a media server, which we dial. */
  reply: legacyHostView.extend({ key: z.string().nullable() }),
});
/** From this moment it is refused; its recovery points stay. */
export const removeLegacyHost = route({
  method: 'DELETE',
  path: '/v1/legacy-hosts/:id',
  right: 'host.write',
  params: idParams,
  reply: z.object({ removed: z.string() }),
});
/** T-50 For some time the host may read one of its repositories over the plain protocol; zero seconds take it back. */
export const grantLegacyRead = route({
  method: 'PUT',
  path: '/v1/legacy-hosts/:id/grant',
  right: 'host.write',
  params: idParams,
  body: z.object({
    /** Null: its newest. */
    repository: repositoryName.nullable().default(null),
    seconds: z.int().min(0).max(LEGACY_GRANT_SECONDS_MAX),
  }),
  reply: legacyHostView,
});

/** T-50 What a media server asks about a legacy client, or an agent about a legacy media server, before anything is taken or sent. */
export const askLegacy = route({
  method: 'POST',
  path: '/v1/agent/legacy',
  right: 'peer',
  body: z.discriminatedUnion('as', [
    z.object({
      as: z.literal('client'),
      name: z.string().max(NAME_LENGTH_MAX),
      /** SHA-256 of the key that was shown. */
      keySha256: sha256Hex,
      /** Where it comes from. */
      address: z.string().max(64),
    }),
    z.object({ as: z.literal('media'), hostId, address: z.string().max(NAME_LENGTH_MAX) }),
  ]),
  reply: z.object({
    allow: z.boolean(),
    code: z.string().max(64).optional(),
    params: z.record(z.string().max(64), z.union([z.string().max(4096), z.number()])).optional(),
    hostId: hostId.optional(),
    /** Repositories of this host on the media server that asks; a sealed one is left out. */
    repositories: z
      .array(z.object({ repository: repositoryName, readUntilMs: epochMs.nullable() }))
      .max(64)
      .optional(),
    cacheSeconds: count,
  }),
});
/** T-18 The password that a legacy host kept for itself, at its upgrade; null: it is lost, and a new repository is made. */
export const depositRepositoryPassword = route({
  method: 'POST',
  path: '/v1/agent/repository-password/deposit',
  right: 'peer',
  body: z.object({ password: z.string().min(1).max(1_024).nullable() }),
  /** Those that go on. */
  reply: z.object({ repositories: z.array(repositoryName) }),
});
export type AskLegacyReply = z.output<(typeof askLegacy)['reply']>;
export type AskLegacyBody = z.output<(typeof askLegacy)['body']>;

/** The key as HTTP password. */
export const legacyKey = z.string().min(1).max(LEGACY_KEY_LENGTH_MAX);
