import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import { gainedRight, reaches, reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import { SETTING_KEYS, type SettingName } from '@sekisho/core/wire/group-settings.ts';
import { requireUnchanged, revisionTag, type Precondition } from '../../http/entity-tag.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { rightsOfAdministrator } from '../administrators/administrator-rights.ts';
import { writeOutbox } from '../events/outbox.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { refreshPolicies } from '../fleet/refresh-policies.ts';
import { listStoredPlans, coversGroup } from '../plans/read-plans.ts';
import type { GroupTree, StoredGroup } from './group-tree.ts';
import { updateGroup } from './group-rows.ts';

/** A group within the reach of who changes it. @throws AppError NOT_FOUND, also for one outside: nobody can tell which */
export function requireGroup(tree: GroupTree, principal: Principal, id: GroupId): StoredGroup {
  const group = tree.get(id);
  if (group === undefined || !reaches(reachOf(principal, 'group.write'), id))
    throw new AppError('NOT_FOUND', { what: 'group', id });
  return group;
}

/** The right in the group above: who has none there does not decide where a group stands. @throws AppError GROUP_IS_ROOT, GROUP_BELONGS_ABOVE */
export function requireParent({ parentId, name }: StoredGroup, principal: Principal): GroupId {
  if (parentId === null) throw new AppError('GROUP_IS_ROOT', { name });
  if (!reaches(reachOf(principal, 'group.write'), parentId))
    throw new AppError('GROUP_BELONGS_ABOVE', { name });
  return parentId;
}

/**
 * S-04 Nobody gains a right over hosts by moving them to where he holds more: the groups that decide who may do what would decide nothing.
 * Of a key its owner counts. @throws AppError RIGHT_MISSING
 */
export async function requireNoGain(tx: Tx, principal: Principal, from: GroupId, to: GroupId): Promise<void> {
  const { kind, administratorId } = principal;
  const rights =
    kind === 'api-key' && administratorId !== null
      ? ((await rightsOfAdministrator(tx, administratorId)) ?? principal.rights)
      : principal.rights;
  const right = gainedRight(rights, from, to);
  if (right !== undefined) throw new AppError('RIGHT_MISSING', { right });
}

/** @throws AppError SETTING_LOCKED when a group above locked the setting for this one */
export function requireUnlocked(tree: GroupTree, id: GroupId, setting: SettingName): void {
  const [own, ...above] = tree.path(id);
  const locker = above.findLast(({ locked }) => locked.includes(setting));
  if (locker !== undefined)
    throw new AppError('SETTING_LOCKED', {
      name: own?.name ?? '',
      setting: SETTING_KEYS[setting],
      by: locker.name,
    });
}

/** Refusal: PRECONDITION_FAILED, with who changed the group. */
export const requireUnchangedGroup = (
  tx: Tx,
  group: StoredGroup,
  precondition: Precondition | undefined,
): Promise<void> =>
  requireUnchanged(precondition, revisionTag(group.revision), () =>
    lastChangeOf(tx, group.id, [
      'create-group',
      'rename-group',
      'move-group',
      'change-group',
      'assign-server-list',
      'unassign-server-list',
      'switch-verification-off',
      'switch-verification-on',
    ]),
  );

/**
 * F-01 Writes a group that changed, and all that follows for it and those below: their policies in the same transaction, lists that would be
 * refused as older; repositories and assignments of their hosts come after it (`followChanges`).
 */
export async function storeGroup(
  context: FleetContext,
  tx: Tx,
  before: GroupTree,
  group: StoredGroup,
): Promise<StoredGroup> {
  const stored = { ...group, revision: group.revision + 1, changedAtMs: context.clock.nowMs() };
  const after = before.with(group.id, stored);
  await updateGroup(tx, stored);
  await tellVerification(context, tx, { before, after, group: stored });
  await tellChange(context, tx, before, after, after.below(group.id));
  return stored;
}

/** F-20 An event when agents of a group stop verifying the server, or begin again. */
async function tellVerification(
  { clock, settings }: FleetContext,
  tx: Tx,
  { before, after, group }: { before: GroupTree; after: GroupTree; group: StoredGroup },
): Promise<void> {
  const from = before.settingsOf(group.id, settings).verification.value;
  const to = after.settingsOf(group.id, settings).verification.value;
  if (from.state === to.state) return;
  const body = { name: group.name, untilMs: to.state === 'off' ? to.untilMs : null };
  await writeOutbox(tx, { kind: `verification.${to.state}`, subject: group.id, body }, clock.nowMs());
}

/** What a change of the tree brings to these groups. */
export async function tellChange(
  context: FleetContext,
  tx: Tx,
  before: GroupTree,
  after: GroupTree,
  groups: ReadonlySet<GroupId>,
): Promise<void> {
  const plans = await listStoredPlans(tx);
  const exchanged = new Map<string, [from: string, to: string]>();
  for (const id of groups) {
    await recordChange(tx, 'group', id);
    const [from, to] = [before.listOf(id), after.listOf(id)];
    if (from !== undefined && to !== undefined && from !== to) {
      await recordChange(tx, 'group', `${id}/list`);
      exchanged.set(`${from} ${to}`, [from, to]);
    }
    const hasMore = plans.some(({ spec }) => coversGroup(spec, after, id) && !coversGroup(spec, before, id));
    if (hasMore) await recordChange(tx, 'group', `${id}/plans`);
  }
  const { documents } = context;
  for (const [from, to] of exchanged.values()) {
    const held = documents.latestSerial('list', from) ?? 0;
    // the same serial with other content would be a fork
    if ((documents.latestSerial('list', to) ?? 0) <= held) await documents.makeAgain(tx, 'list', to);
  }
  await refreshPolicies(context, tx, groups);
}

/** What is done to groups. */
export type GroupAct = Extract<
  AuditAct,
  | 'create-group'
  | 'rename-group'
  | 'move-group'
  | 'change-group'
  | 'delete-group'
  | 'assign-server-list'
  | 'unassign-server-list'
  | 'switch-verification-off'
  | 'switch-verification-on'
>;

export const auditGroup = (
  context: FleetContext,
  tx: Tx,
  principal: Principal,
  act: GroupAct,
  group: StoredGroup,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> =>
  recordAudit(
    tx,
    {
      act,
      actor: principal.name,
      origin: principal.origin,
      subject: group.id,
      outcome: 'done',
      detail: { name: group.name, ...detail },
    },
    context.clock.nowMs(),
  );
