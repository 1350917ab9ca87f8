import { AppError } from '@sekisho/core/errors.ts';
import { parseApiKeyId, type AdministratorId, type GroupId } from '@sekisho/core/ids.ts';
import { API_KEYS_PER_ADMINISTRATOR_MAX } from '@sekisho/core/limits.ts';
import { reaches, type Principal, type Reach, type Right } from '@sekisho/core/rules/rights.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { createApiKey as createApiKeyRoute } from '@sekisho/core/wire/api-keys.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { rightsOfAdministrator } from '../administrators/administrator-rights.ts';
import { findAdministrator, findAdministratorByName } from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { readGroupsBelow } from '../groups/groups-below.ts';
import { countActiveKeys, insertKey, type ApiKeyRow } from './api-keys.store.ts';
import { RIGHTS_OF_NO_KEY } from './api-key-state.ts';
import { keyHash, makeKeyText } from './key-text.ts';

interface Owner {
  readonly id: AdministratorId;
  readonly name: string;
  readonly rights: ReadonlyMap<Right, Reach>;
}

/**
 * Makes a key; its secret is in the answer and nowhere else. Everybody makes keys for themselves; on the server's own
 * socket, where nobody is signed in, for an administrator who is named. The key reaches no further than its owner may.
 * @throws AppError API_KEY_MAY_NOT, API_KEY_OWNER_NEEDED, API_KEY_OWNER_OTHER, API_KEY_SCOPE_NEVER,
 * API_KEY_SCOPE_TOO_WIDE, API_KEYS_TOO_MANY, NOT_FOUND (owner, group)
 */
export async function createApiKey(
  context: Pick<ServerContext, 'store' | 'clock' | 'random'>,
  wish: z.output<typeof createApiKeyRoute.body>,
  principal: Principal,
): Promise<{ key: ApiKeyRow; secret: Secret }> {
  if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  const secret = makeKeyText(context.random);
  const id = parseApiKeyId(context.random.uuid());
  if (id === undefined) throw new Error('the random source draws no UUIDs');
  const key = await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const owner = await ownerOf(tx, wish.owner, principal);
    const scopes = [...new Set(wish.scopes)];
    await requireScopes(tx, owner, scopes, wish.group);
    if ((await countActiveKeys(tx, owner.id, nowMs)) >= API_KEYS_PER_ADMINISTRATOR_MAX)
      throw new AppError('API_KEYS_TOO_MANY', { owner: owner.name, limit: API_KEYS_PER_ADMINISTRATOR_MAX });
    const row: ApiKeyRow = {
      id,
      name: wish.name,
      administratorId: owner.id,
      owner: owner.name,
      scopes,
      groupId: wish.group,
      createdAtMs: nowMs,
      createdBy: principal.name,
      expiresAtMs: nowMs + wish.validSeconds * SECOND_MS,
      usedAtMs: null,
      revokedAtMs: null,
    };
    await insertKey(tx, row, keyHash(secret));
    const audit = {
      act: 'create-api-key',
      actor: principal.name,
      origin: principal.origin,
      subject: id,
      outcome: 'done',
      detail: {
        name: row.name,
        owner: owner.name,
        scopes,
        group: row.groupId,
        expiresAtMs: row.expiresAtMs,
      },
    } as const;
    await recordAudit(tx, audit, nowMs);
    await recordChange(tx, 'administrator', owner.id);
    return row;
  });
  return { key, secret };
}

async function ownerOf(tx: Tx, named: string | undefined, principal: Principal): Promise<Owner> {
  if (principal.administratorId === null) {
    if (named === undefined) throw new AppError('API_KEY_OWNER_NEEDED');
    return findOwner(tx, { name: named.toLowerCase() });
  }
  const owner = await findOwner(tx, { id: principal.administratorId });
  if (named !== undefined && named.toLowerCase() !== owner.name)
    throw new AppError('API_KEY_OWNER_OTHER', { owner: named });
  return owner;
}

/** By ID or by name; one who is disabled gets no keys. */
async function findOwner(tx: Tx, by: { id: AdministratorId } | { name: string }): Promise<Owner> {
  const row = 'id' in by ? await findAdministrator(tx, by.id) : await findAdministratorByName(tx, by.name);
  const rights = row === undefined ? undefined : await rightsOfAdministrator(tx, row.id);
  if (row === undefined || rights === undefined)
    throw new AppError('NOT_FOUND', { what: 'administrator', id: 'id' in by ? by.id : by.name });
  return { id: row.id, name: row.name, rights };
}

async function requireScopes(
  tx: Tx,
  owner: Owner,
  scopes: readonly Right[],
  group: GroupId | null,
): Promise<void> {
  const groupIsThere = group === null || (await readGroupsBelow(tx))(group).size > 0;
  // a group that the owner reaches with nothing is, to them, not there
  const seen = group === null || [...owner.rights.values()].some((reach) => reaches(reach, group));
  if (!groupIsThere || !seen) throw new AppError('NOT_FOUND', { what: 'group', id: group });
  for (const right of scopes) {
    if (RIGHTS_OF_NO_KEY.has(right)) throw new AppError('API_KEY_SCOPE_NEVER', { right });
    const held = owner.rights.get(right);
    const holds =
      held !== undefined && (group === null ? held === 'domain' || held.size > 0 : reaches(held, group));
    if (!holds) throw new AppError('API_KEY_SCOPE_TOO_WIDE', { right, owner: owner.name });
  }
}
