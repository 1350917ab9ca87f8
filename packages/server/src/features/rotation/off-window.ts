import type { GroupId, ListId } from '@sekisho/core/ids.ts';
import { cyclesMs } from '@sekisho/core/rules/rotation.ts';
import { VERIFICATION_OFF_MAX_MS, type Verification } from '@sekisho/core/rules/verification.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { ownValues } from '@sekisho/core/wire/group-settings.ts';
import { epochMs, groupId, listId } from '@sekisho/core/wire/scalars.ts';
import { verificationSetting } from '@sekisho/core/wire/verification.ts';
import { z } from 'zod';
import type { FleetParts } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { highestSerial } from '../documents/highest-serial.ts';
import { fleetContextOf } from '../fleet/fleet-service.ts';
import { storeGroup } from '../groups/change-tree.ts';
import { readGroupTree, type GroupTree, type StoredGroup } from '../groups/group-tree.ts';
import { lockTree } from '../groups/group-rows.ts';
import { dropCopies, makePlainCopies } from '../server-lists/plain-copies.ts';

/** Waits of three cycles: before the update, after it, and both once more on the way back. */
const WAITS = 4;
/** For pauses and questions. When it is over too, agents verify again by themselves. */
const RESERVE_MS = DAY_MS;

/** What was changed for path 3, so that it can be taken back: kept with the update. */
export const offWindow = z.object({
  sinceMs: epochMs,
  untilMs: epochMs,
  copies: z.array(z.object({ from: listId, to: listId })),
  /** Groups that got values of their own; `before`: what they had, `set`: what they got. */
  groups: z.array(
    z.object({
      id: groupId,
      name: z.string(),
      before: ownValues.pick({ list: true, verification: true }),
      set: ownValues.pick({ list: true, verification: true }),
    }),
  ),
});
export type OffWindow = z.infer<typeof offWindow>;

/** What an administrator changed meanwhile, and what was therefore left as it is. */
export interface Departure {
  readonly group: string;
  readonly what: 'list' | 'verification' | 'deleted' | 'copied-list';
}

/**
 * F-31.3 Copies each list that a group has, with entries without TLS before the others, gives every group its copy, and switches verification
 * off; also for groups that don't inherit. Refusal: SERVER_LISTS_TOO_MANY.
 */
export async function openOffWindow(
  parts: FleetParts,
  tx: Tx,
  wish: { readonly id: string; readonly overlapMs: number; readonly nowMs: number },
): Promise<OffWindow> {
  const { nowMs } = wish;
  await lockTree(tx);
  const context = fleetContextOf(parts, parts.config.fleet);
  const before = await readGroupTree(tx);
  const used = new Set<ListId>([...before.groups()].flatMap((group) => before.listOf(group.id) ?? []));
  const copies = await makePlainCopies(parts, tx, used, { label: wish.id.slice(0, 8), nowMs });
  const longest = [...before.groups()].reduce(
    (most, { id }) => Math.max(most, before.settingsOf(id, context.settings).heartbeatSeconds.value),
    0,
  );
  const waitsMs = WAITS * cyclesMs(longest) + wish.overlapMs + RESERVE_MS;
  const untilMs = nowMs + Math.min(waitsMs, VERIFICATION_OFF_MAX_MS);
  const verification: Verification = { state: 'off', sinceMs: nowMs, untilMs };
  const groups: OffWindow['groups'] = [];
  let tree = before;
  for (const group of parentsFirst(before)) {
    const from = before.listOf(group.id);
    const list = copies.find((copy) => copy.from === from)?.to;
    const now = tree.settingsOf(group.id, context.settings);
    const isOff = now.verification.value.state === 'off' && now.verification.value.sinceMs === nowMs;
    if (list === undefined || (isOff && now.list.value === list)) continue;
    const set = { list, verification };
    groups.push({ id: group.id, name: group.name, before: ownOf(group), set });
    tree = await store(context, tx, tree, { ...group, values: { ...group.values, ...set } });
    await audit(tx, 'switch-verification-off', group, { before: ownOf(group), after: set }, nowMs);
  }
  return { sinceMs: nowMs, untilMs, copies, groups };
}

/**
 * F-31.3 Takes it back: verification on, the lists as they were. What an administrator changed in between stays as it is, and is told. The
 * copies go, unless somebody uses them.
 */
export async function closeOffWindow(parts: FleetParts, tx: Tx, window: OffWindow): Promise<Departure[]> {
  await lockTree(tx);
  const context = fleetContextOf(parts, parts.config.fleet);
  const departures: Departure[] = [];
  let tree = await readGroupTree(tx);
  for (const { id, name, before, set } of window.groups) {
    const group = tree.get(id);
    if (group === undefined) {
      departures.push({ group: name, what: 'deleted' });
      continue;
    }
    const values: Record<string, unknown> = { ...group.values };
    for (const setting of ['list', 'verification'] as const) {
      if (!isSame(group.values[setting], set[setting])) departures.push({ group: group.name, what: setting });
      else if (before[setting] === undefined) delete values[setting];
      else values[setting] = before[setting];
    }
    if (isSame(values, group.values)) continue;
    const after = ownValues.parse(values);
    tree = await store(context, tx, tree, { ...group, values: after });
    const { list, verification } = after;
    const detail = { before: ownOf(group), after: { list, verification } };
    await audit(tx, 'switch-verification-on', group, detail, parts.clock.nowMs());
  }
  // whoever was given a copy meanwhile gets what it was copied from
  const originals = new Map(window.copies.map(({ from, to }) => [to, from]));
  for (const group of [...tree.groups()]) {
    const from = group.values.list === undefined ? undefined : originals.get(group.values.list);
    if (from === undefined) continue;
    departures.push({ group: group.name, what: 'copied-list' });
    tree = await store(context, tx, tree, { ...group, values: { ...group.values, list: from } });
  }
  await dropCopies(
    tx,
    window.copies.map(({ to }) => to),
  );
  return departures;
}

/** From these serials on every policy and list says what groups say now; a host whose own is older echoes the newest of that. */
export async function echoOfGroups(
  parts: FleetParts,
  tx: Tx,
): Promise<{ policySerial: number; listSerial: number }> {
  const tree = await readGroupTree(tx);
  const groups = [...tree.groups()].map(({ id }) => id);
  const lists = [...new Set(groups.flatMap((id) => tree.listOf(id) ?? []))];
  return {
    policySerial: await highestSerial(tx, 'policy', groups),
    listSerial: await highestSerial(tx, 'list', lists),
  };
}

async function store(
  context: ReturnType<typeof fleetContextOf>,
  tx: Tx,
  tree: GroupTree,
  group: StoredGroup,
): Promise<GroupTree> {
  const stored = await storeGroup(context, tx, tree, group);
  return tree.with(stored.id, stored);
}

const audit = (
  tx: Tx,
  act: 'switch-verification-off' | 'switch-verification-on',
  { id, name }: StoredGroup,
  detail: Readonly<Record<string, unknown>>,
  nowMs: number,
): Promise<void> =>
  recordAudit(
    tx,
    {
      act,
      actor: 'system',
      origin: 'server',
      subject: id,
      outcome: 'done',
      detail: { name, ...detail },
    },
    nowMs,
  );

function parentsFirst(tree: GroupTree): StoredGroup[] {
  const depth = new Map<GroupId, number>();
  for (const { id } of tree.groups()) depth.set(id, tree.path(id).length);
  return [...tree.groups()].sort((a, b) => (depth.get(a.id) ?? 0) - (depth.get(b.id) ?? 0));
}

const ownOf = ({ values: { list, verification } }: StoredGroup): OffWindow['groups'][number]['before'] => ({
  ...(list === undefined ? {} : { list }),
  ...(verification === undefined ? {} : { verification: verificationSetting.parse(verification) }),
});

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
