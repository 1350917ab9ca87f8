import { parseAdministratorId, parseGroupId, type AdministratorId, type GroupId } from '@sekisho/core/ids.ts';
import { rightsOf, type Grant, type Principal } from '@sekisho/core/rules/rights.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { insertAdministrator } from '@sekisho/server/features/administrators/administrator-rows.ts';
import { readGroupsBelow } from '@sekisho/server/features/groups/groups-below.ts';
import type { Store } from '@sekisho/server/store/store.ts';

/** A group under another one; null: a root of its own. */
export async function addGroup(
  store: Store,
  name: string,
  parentId: GroupId | null,
  nowMs = 0,
): Promise<GroupId> {
  const id = parseGroupId(systemRandom.uuid())!;
  await store.db
    .insertInto('groups')
    .values({
      id,
      parent_id: parentId,
      name,
      settings: '{}',
      locked: '[]',
      own_since_ms: null,
      revision: 1,
      created_at_ms: nowMs,
      changed_at_ms: nowMs,
    })
    .execute();
  return id;
}

/** An account with roles and no way to sign in. */
export async function addAdministrator(
  store: Store,
  name: string,
  grants: readonly Grant[],
  nowMs = 0,
): Promise<AdministratorId> {
  const id = parseAdministratorId(systemRandom.uuid())!;
  await store.transaction(async (tx) => {
    await insertAdministrator(tx, {
      id,
      name,
      displayName: name,
      passwordHash: null,
      totpSealed: null,
      totpStep: null,
      oidc: null,
      createdAtMs: nowMs,
      createdBy: 'test',
      disabledAtMs: null,
      revision: 1,
    });
    for (const { role, groupId } of grants)
      await tx
        .insertInto('administrator_grants')
        .values({ administrator_id: id, role, group_id: groupId ?? '' })
        .execute();
  });
  return id;
}

/** That administrator, signed in. */
export async function principalOf(
  store: Store,
  administratorId: AdministratorId,
  grants: readonly Grant[],
): Promise<Principal> {
  const rights = rightsOf(grants, await readGroupsBelow(store.db));
  return { kind: 'administrator', administratorId, name: 'signed-in', origin: '192.0.2.9', rights };
}
