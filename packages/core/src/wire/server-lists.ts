import { z } from 'zod';
import {
  ACCEPTED_KEYS_BY_HAND_MAX,
  PREVIEW_HOSTS_MAX,
  SERVER_LISTS_MAX,
  SERVERS_PER_LIST_MAX,
} from '../limits.ts';
import { listPayload } from './documents.ts';
import { route } from './route.ts';
import { count, displayName, domainId, epochMs, groupId, listId, serial, sha256Hex } from './scalars.ts';

/** F-10 A server as a list names it: priority 1 is asked first. */
export const listedServer = listPayload.shape.servers.element.extend({
  acceptedKeys: z.array(sha256Hex).max(ACCEPTED_KEYS_BY_HAND_MAX),
});
export type ListedServerEntry = z.infer<typeof listedServer>;

export const serverListView = z.object({
  id: listId,
  name: z.string(),
  /** The list that installations fill with their own addresses. */
  isDefault: z.boolean(),
  /** Goes up with every change by hand: another in between is a conflict. */
  revision: count,
  servers: z
    .array(
      listedServer.extend({
        /** The installation that keeps this entry up to date; null: written by hand. */
        instanceId: z.string().nullable(),
      }),
    )
    .max(SERVERS_PER_LIST_MAX),
  /** F-31 Keys that every HTTPS entry accepts besides: the TLS certificate is being changed, or is from outside. */
  pinnedKeys: z.array(sha256Hex).default([]),
  /** Groups that it is assigned to, without those that inherit it. */
  groups: z.array(z.object({ id: groupId, name: z.string() })),
  /** Hosts that it reaches, and those of them that hold its newest version. */
  hosts: count,
  holding: count,
  /** Of the newest signed version; zero: none was signed yet. */
  serial,
  createdAtMs: epochMs,
  createdBy: z.string(),
  changedAtMs: epochMs,
});
export type ServerListView = z.infer<typeof serverListView>;

/** What was found at an entry when this server dialled it: `http` and what was not dialled are `not-tried`. */
export const ENTRY_STATES = ['reachable', 'unreachable', 'refused', 'not-tried'] as const;

/** What a change of a list, or of who has it, would do. */
export const listEffect = z.object({
  /** Hosts whose list would be another one, or would say something else; the first of them by name. */
  hosts: count,
  named: z.array(z.string()).max(PREVIEW_HOSTS_MAX),
  /** Hosts that are connected at present to a server that the list does not name; the first of them by name. */
  elsewhere: z.object({ hosts: count, named: z.array(z.string()).max(PREVIEW_HOSTS_MAX) }),
  /** One for each entry of the list, in its order; `code`: what keeps agents away from it. */
  entries: z.array(
    z.object({
      server: z.string(),
      state: z.enum(ENTRY_STATES),
      code: z.string().nullable(),
      params: z.record(z.string(), z.union([z.string(), z.number()])),
    }),
  ),
  /** Codes of what an administrator should know; each has words. */
  warnings: z.array(
    z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
  ),
});
export type ListEffect = z.infer<typeof listEffect>;

const changed = z.object({ list: serverListView, effect: listEffect });
const params = z.object({ id: listId });
/** With `dryRun` nothing is changed, and the reply says what would be. */
const dryRun = z.boolean().default(false);
/** An administrator wants a list of which no server could be reached from here. */
const acceptUnreachable = z.boolean().default(false);
const servers = z.array(listedServer).min(1).max(SERVERS_PER_LIST_MAX);

export const listServerLists = route({
  method: 'GET',
  path: '/v1/server-lists',
  right: 'domain.read',
  reply: z.object({ lists: z.array(serverListView).max(SERVER_LISTS_MAX) }),
});
export const getServerList = route({
  method: 'GET',
  path: '/v1/server-lists/:id',
  right: 'domain.read',
  params,
  reply: serverListView,
});
/** F-11 Makes a list out of entries, or as a copy of another one. */
export const createServerList = route({
  method: 'POST',
  path: '/v1/server-lists',
  right: 'security.write',
  body: z
    .object({
      name: displayName,
      servers: servers.optional(),
      copyOf: listId.optional(),
      acceptUnreachable,
      dryRun,
    })
    .refine(({ servers: own, copyOf }) => (own === undefined) !== (copyOf === undefined), {
      path: ['servers'],
      message: 'servers or copyOf',
    }),
  reply: changed,
});
/** F-11 Another name, other entries, or both. Entries of installations keep belonging to them by address and port. */
export const replaceServerList = route({
  method: 'PUT',
  path: '/v1/server-lists/:id',
  right: 'security.write',
  params,
  body: z.object({
    /** The one that was edited. */
    revision: count,
    name: displayName.optional(),
    servers: servers.optional(),
    acceptUnreachable,
    dryRun,
  }),
  reply: changed,
});
/** F-11 Refused while a group has it, and for the list that installations fill. */
export const deleteServerList = route({
  method: 'DELETE',
  path: '/v1/server-lists/:id',
  right: 'security.write',
  params,
  reply: z.object({ deleted: listId }),
});
/** F-11 The group, and those below it that inherit, get this list. */
export const assignServerList = route({
  method: 'PUT',
  path: '/v1/server-lists/:id/groups/:group',
  right: 'security.write',
  params: z.object({ id: listId, group: groupId }),
  body: z.object({ acceptUnreachable, dryRun }),
  reply: changed,
});
/** F-11 The group has the list from above again. Refused at the root: it always has a list of its own. */
export const unassignServerList = route({
  method: 'DELETE',
  path: '/v1/server-lists/:id/groups/:group',
  right: 'security.write',
  params: z.object({ id: listId, group: groupId }),
  query: z.object({ dryRun: z.enum(['true', 'false']).default('false') }),
  reply: z.object({ effect: listEffect }),
});

/** F-11 A list as a file: people can read and edit it. */
export const serverListFile = z.strictObject({
  format: z.literal('sekisho-server-list'),
  version: z.literal(1),
  /** Where it was exported. */
  domain: domainId,
  name: displayName,
  servers,
});
export type ServerListFile = z.infer<typeof serverListFile>;
export const exportServerList = route({
  method: 'GET',
  path: '/v1/server-lists/:id/export',
  right: 'domain.read',
  params,
  reply: serverListFile,
});
/** F-11 A file becomes a new list, or the entries of one that is there. Checked field by field. */
export const importServerList = route({
  method: 'POST',
  path: '/v1/server-lists/import',
  right: 'security.write',
  body: z.object({
    /** The text of the file. */
    file: z.string().max(256 * 1024),
    /** Another name than the file's. */
    name: displayName.optional(),
    /** The list whose entries are replaced; without it a new one is made. */
    into: z.object({ id: listId, revision: count }).optional(),
    acceptUnreachable,
    dryRun,
  }),
  reply: changed,
});

/** F-13 What `agent repair` takes: the trust store and the list for an agent that finds or accepts no server any more. */
export const exportPackage = route({
  method: 'POST',
  path: '/v1/server-lists/:id/package',
  right: 'security.write',
  params,
  reply: z.object({
    /** The text of the file. */
    file: z.string(),
    caFingerprint: z.string(),
    generation: serial,
    listSerial: serial,
    servers: z.array(z.string()),
  }),
});
