import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { HOST_NAMES_MAX } from '@sekisho/core/limits.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import type { ConflictWay } from '@sekisho/core/wire/names.ts';
import type { ServerContext } from '../../context.ts';
import { contentTag, requireUnchanged, type EntityTag, type Precondition } from '../../http/entity-tag.ts';
import { nextValue } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { isNodeOf } from '../clusters/cluster-rows.ts';
import { requireHost } from '../groups/within-reach.ts';
import { findHost, type HostRow } from '../hosts/host-rows.ts';
import { NAMES_COUNTER } from './name-index.ts';
import {
  mappingsOfHosts,
  mappingsOfNames,
  markRejected,
  pendingOfNames,
  putMapping,
  removeMapping,
  removePending,
  type MappingRow,
} from './name-rows.ts';

/** What an administrator decides about. */
export interface NameDecisionWish {
  /** As written. */
  readonly name: string;
  readonly hostId: HostId;
  /** For a name that another host has. */
  readonly how?: ConflictWay | null | undefined;
  readonly precondition?: Precondition | undefined;
}

type Parts = Pick<ServerContext, 'store' | 'clock' | 'feed' | 'names'>;

/** The acts that change who goes by a name. */
const ACTS = [
  'map-name',
  'approve-name',
  'reject-name',
  'delete-name',
  'yield-name',
] as const satisfies AuditAct[];

/**
 * T-32 Maps a name to a host by an administrator's word. Its certificate gets the name by a renewal (T-03).
 * Refusals: HOST_NAME_INVALID, HOST_NAME_RESERVED, NAME_OF_SERVER, NAME_OF_OTHER_HOST, NAME_IS_PRIMARY, HOST_NAMES_TOO_MANY, NOT_FOUND,
 * PRECONDITION_FAILED.
 */
export const addMapping = (parts: Parts, wish: NameDecisionWish, principal: Principal): Promise<string> =>
  decide(parts, wish, principal, (tx, target) => mapTo(tx, parts, target, 'map-name'));

/** T-32 Approves what is pending. Refusals: those of `addMapping`, NAME_NOT_PENDING, NAME_ALREADY_REJECTED. */
export const approveName = (parts: Parts, wish: NameDecisionWish, principal: Principal): Promise<string> =>
  decide(parts, wish, principal, async (tx, target) => {
    await requirePending(tx, target);
    await mapTo(tx, parts, target, 'approve-name');
  });

/** T-32 Rejects what is pending: it stays refused. Refusals: NAME_NOT_PENDING, NAME_ALREADY_REJECTED, NOT_FOUND, PRECONDITION_FAILED. */
export const rejectName = (parts: Parts, wish: NameDecisionWish, principal: Principal): Promise<string> =>
  decide(parts, wish, principal, async (tx, target) => {
    const { name, host, nowMs } = target;
    const { reason, ownerId } = await requirePending(tx, target);
    await markRejected(tx, { name, hostId: host.id }, principal.name, nowMs);
    await recordChange(tx, 'name-found', name);
    await audit(tx, target, 'reject-name', { reason, ownerId });
  });

/** T-32 Takes a name from a host. Refusals: NAME_IS_PRIMARY, NOT_FOUND, PRECONDITION_FAILED. */
export const deleteMapping = (parts: Parts, wish: NameDecisionWish, principal: Principal): Promise<string> =>
  decide(parts, wish, principal, async (tx, target) => {
    const { name, host } = target;
    const mine = (await mappingsOfNames(tx, [name])).find(({ hostId }) => hostId === host.id);
    if (mine === undefined) throw new AppError('NOT_FOUND', { what: 'mapping', id: name });
    if (mine.kind === 'primary') throw new AppError('NAME_IS_PRIMARY', { name, owner: host.name });
    await removeMapping(tx, name, host.id);
    await changed(tx, name, [host.id]);
    await audit(tx, target, 'delete-name', { kind: mine.kind });
  });

/** The tag of everything that is decided about a name. */
export async function nameTag(db: DbOrTx, name: string): Promise<EntityTag> {
  const mappings = (await mappingsOfNames(db, [name])).map(({ hostId, kind }) => [hostId, kind]);
  const pending = (await pendingOfNames(db, [name])).map((row) => [row.hostId, row.state, row.decidedAtMs]);
  return contentTag([mappings, pending]);
}

/** Says that it was decided who goes by a name: agents ask again, and hosts get certificates that fit. */
export async function changed(tx: Tx, name: string, hostIds: readonly HostId[]): Promise<void> {
  await nextValue(tx, NAMES_COUNTER);
  await recordChange(tx, 'name', name);
  for (const id of new Set(hostIds)) await recordChange(tx, 'host', id);
}

/** What a decision is about, looked up. */
interface Target {
  readonly name: string;
  readonly host: HostRow;
  readonly how: ConflictWay | null;
  readonly principal: Principal;
  readonly nowMs: number;
}

/** In one transaction, with everybody's last word in view; returns the canonical name. */
async function decide(
  parts: Parts,
  wish: NameDecisionWish,
  principal: Principal,
  work: (tx: Tx, target: Target) => Promise<void>,
): Promise<string> {
  const judged = judgeName(wish.name);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  const { name } = judged;
  await parts.store.transaction(async (tx) => {
    const reach = reachOf(principal, 'host.write');
    await requireHost(tx, reach, wish.hostId);
    const host = await findHost(tx, wish.hostId);
    if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: wish.hostId });
    // a name is decided about only by who may decide about everybody who has it
    for (const { hostId } of await mappingsOfNames(tx, [name])) await requireHost(tx, reach, hostId);
    await requireUnchanged(wish.precondition, await nameTag(tx, name), () => lastChangeOf(tx, name, ACTS));
    await work(tx, { name, host, how: wish.how ?? null, principal, nowMs: parts.clock.nowMs() });
  });
  await parts.feed.catchUp();
  return name;
}

async function requirePending(tx: Tx, { name, host }: Target) {
  const row = (await pendingOfNames(tx, [name])).find(({ hostId }) => hostId === host.id);
  if (row === undefined) throw new AppError('NAME_NOT_PENDING', { name, host: host.name });
  if (row.state === 'rejected')
    throw new AppError('NAME_ALREADY_REJECTED', {
      name,
      host: host.name,
      by: row.decidedBy ?? '?',
      at: row.decidedAtMs === null ? '?' : new Date(row.decidedAtMs).toISOString(),
    });
  return row;
}

async function mapTo(
  tx: Tx,
  { names }: Parts,
  target: Target,
  act: 'map-name' | 'approve-name',
): Promise<void> {
  const { name, host, how, nowMs } = target;
  const reserved = names.reservedFor(name);
  if (reserved?.for === 'management-server' && !reserved.hostIds.includes(host.id))
    // T-20 the nodes of the cluster that it runs on carry its virtual name
    if (!(await isNodeOf(tx, name, host.name))) throw new AppError('NAME_OF_SERVER', { name });
  const mappings = await mappingsOfNames(tx, [name]);
  const others = mappings.filter(({ hostId }) => hostId !== host.id);
  const mine = mappings.find(({ hostId }) => hostId === host.id);
  await requireWay(tx, target, others);
  const kind = others.length > 0 && how === 'share' ? 'shared' : 'approved';
  await requireRoom(tx, target, mine);
  for (const other of others)
    if (how === 'move') await removeMapping(tx, name, other.hostId);
    else if (other.kind !== 'shared')
      await putMapping(tx, { name, hostId: other.hostId, kind: 'shared' }, nowMs);
  await removePending(tx, name, host.id);
  if (mine === undefined || (mine.kind !== 'primary' && mine.kind !== kind))
    await putMapping(tx, { name, hostId: host.id, kind }, nowMs);
  await changed(tx, name, [host.id, ...others.map(({ hostId }) => hostId)]);
  const before = mappings.map((row) => ({ hostId: row.hostId, kind: row.kind }));
  await audit(tx, target, act, { how, before, after: kind });
}

/** Somebody else has the name: it must be said what is to happen, and a primary name stays where it is. */
async function requireWay(tx: Tx, { name, host, how }: Target, others: readonly MappingRow[]): Promise<void> {
  const primary = others.find(({ kind }) => kind === 'primary');
  const [first] = others;
  const owner = primary ?? first;
  if (owner === undefined) return;
  const ownerName = (await findHost(tx, owner.hostId))?.name ?? owner.hostId;
  if (primary !== undefined || host.name === name)
    throw new AppError('NAME_IS_PRIMARY', { name, owner: primary === undefined ? host.name : ownerName });
  if (how === null) throw new AppError('NAME_OF_OTHER_HOST', { name, owner: ownerName });
}

/** A certificate holds so many names. */
async function requireRoom(tx: Tx, { host }: Target, mine: MappingRow | undefined): Promise<void> {
  if (mine !== undefined && mine.kind !== 'automatic') return;
  const granted = (await mappingsOfHosts(tx, [host.id])).filter(({ kind }) => kind !== 'automatic');
  if (granted.length >= HOST_NAMES_MAX) throw new AppError('HOST_NAMES_TOO_MANY', { limit: HOST_NAMES_MAX });
}

const audit = (
  tx: Tx,
  { name, host, principal, nowMs }: Target,
  act: AuditAct,
  detail: Record<string, unknown>,
): Promise<void> =>
  recordAudit(
    tx,
    {
      act,
      actor: principal.name,
      origin: principal.origin,
      subject: name,
      outcome: 'done',
      detail: { hostId: host.id, hostName: host.name, ...detail },
    },
    nowMs,
  );
