import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import {
  EMERGENCIES,
  ROTATION_KINDS,
  ROTATION_PATHS,
  ROTATION_PHASES,
  type RotationState,
} from '@sekisho/core/rules/rotation.ts';
import { z } from 'zod';
import { nextValue } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** What a host echoes in heartbeats once it has taken what a step made; zero: nothing of that kind. */
export interface Echo {
  readonly bundleGeneration: number;
  readonly listSerial: number;
  readonly policySerial: number;
}
export const NO_ECHO: Echo = { bundleGeneration: 0, listSerial: 0, policySerial: 0 };

/** A certificate update as it is stored. */
export interface RotationRow extends RotationState {
  readonly id: string;
  readonly num: number;
  readonly open: boolean;
  /** What is given up; on the way back that is the new one. */
  readonly fromKeyId: string;
  readonly toKeyId: string;
  readonly detail: Readonly<Record<string, unknown>>;
  /** What the gate of this phase waits for. */
  readonly echo: Echo;
  readonly accepted: readonly HostId[];
  /** When a server process looked at it last: further looks tell from it how long nobody served. */
  readonly watchedAtMs: number;
  /** Why the last step could not be done: a code of ERRORS. */
  readonly problem: {
    readonly code: string;
    readonly params: Readonly<Record<string, string | number>>;
  } | null;
  readonly startedBy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

/** What a server process is to show, and what it has confirmed. */
export interface RotationServerRow {
  readonly instanceId: string;
  readonly orderedKeyId: string | null;
  readonly orderedAtMs: number | null;
  readonly shownKeyId: string | null;
  readonly shownAtMs: number | null;
}

export interface RotationStepRow {
  readonly seq: number;
  readonly step: string;
  readonly actor: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** Updates that are kept: a domain has a handful in a year. */
export const ROTATIONS_LISTED_MAX = 500;
export const ROTATION_STEPS_LISTED_MAX = 500;
const OPEN = 'open';

const echoText = z.object({ bundleGeneration: z.number(), listSerial: z.number(), policySerial: z.number() });
const detailText = z.record(z.string(), z.unknown());
const acceptedText = z.array(z.string());
const problemText = z.object({
  code: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number()])),
});
const shape = z.object({
  kind: z.enum(ROTATION_KINDS),
  path: z.enum(ROTATION_PATHS),
  phase: z.enum(ROTATION_PHASES),
  direction: z.enum(['forward', 'back']),
  emergency: z.enum(EMERGENCIES).nullable(),
});

const COLUMNS = [
  'id',
  'num',
  'open_slot',
  'kind',
  'path',
  'phase',
  'direction',
  'emergency',
  'from_key_id',
  'to_key_id',
  'detail',
  'echo',
  'accepted',
  'problem',
  'overlap_ms',
  'paused_at_ms',
  'phase_since_ms',
  'unserved_ms',
  'watched_at_ms',
  'started_by',
  'started_at_ms',
  'ended_at_ms',
] as const;

const select = (db: DbOrTx) => db.selectFrom('rotations').select(COLUMNS);

/** The update that is under way, if any. */
export async function findOpenRotation(db: DbOrTx): Promise<RotationRow | undefined> {
  const row = await select(db).where('open_slot', '=', OPEN).executeTakeFirst();
  return row === undefined ? undefined : rotationOf(row);
}

export async function findRotation(db: DbOrTx, id: string): Promise<RotationRow | undefined> {
  const row = await select(db).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : rotationOf(row);
}

/** The newest first. */
export async function listRotations(
  db: DbOrTx,
  page: { limit: number; beforeNum: number | undefined },
): Promise<RotationRow[]> {
  const query = select(db).orderBy('num', 'desc').limit(Math.min(page.limit, ROTATIONS_LISTED_MAX));
  const { beforeNum } = page;
  const rows = await (beforeNum === undefined ? query : query.where('num', '<', beforeNum)).execute();
  return rows.map(rotationOf);
}

/** Enters a new update; the unique slot lets no second one in. */
export async function insertRotation(
  tx: Tx,
  row: Omit<
    RotationRow,
    'num' | 'open' | 'endedAtMs' | 'problem' | 'accepted' | 'pausedAtMs' | 'unservedMs' | 'watchedAtMs'
  >,
): Promise<void> {
  await tx
    .insertInto('rotations')
    .values({
      id: row.id,
      num: await nextValue(tx, 'rotation'),
      open_slot: OPEN,
      kind: row.kind,
      path: row.path,
      phase: row.phase,
      direction: row.direction,
      emergency: row.emergency,
      from_key_id: row.fromKeyId,
      to_key_id: row.toKeyId,
      detail: JSON.stringify(row.detail),
      echo: JSON.stringify(row.echo),
      accepted: '[]',
      problem: null,
      overlap_ms: row.overlapMs,
      paused_at_ms: null,
      phase_since_ms: row.phaseSinceMs,
      unserved_ms: 0,
      watched_at_ms: row.startedAtMs,
      started_by: row.startedBy,
      started_at_ms: row.startedAtMs,
      ended_at_ms: null,
    })
    .execute();
  await recordChange(tx, 'rotation', row.id);
}

export type RotationPatch = Partial<
  Pick<
    RotationRow,
    | 'phase'
    | 'direction'
    | 'fromKeyId'
    | 'toKeyId'
    | 'echo'
    | 'accepted'
    | 'problem'
    | 'pausedAtMs'
    | 'phaseSinceMs'
    | 'unservedMs'
    | 'detail'
    | 'emergency'
    | 'endedAtMs'
  >
>;

/** Changes an update; one that has ended gives its slot back. */
export async function updateRotation(tx: Tx, id: string, patch: RotationPatch): Promise<void> {
  const json = (value: unknown): string | undefined =>
    value === undefined ? undefined : JSON.stringify(value);
  const { problem } = patch;
  await tx
    .updateTable('rotations')
    .set({
      phase: patch.phase,
      direction: patch.direction,
      emergency: patch.emergency,
      from_key_id: patch.fromKeyId,
      to_key_id: patch.toKeyId,
      detail: json(patch.detail),
      echo: json(patch.echo),
      accepted: json(patch.accepted),
      problem: problem === null ? null : json(problem),
      paused_at_ms: patch.pausedAtMs,
      phase_since_ms: patch.phaseSinceMs,
      unserved_ms: patch.unservedMs,
      ...(typeof patch.endedAtMs === 'number' ? { ended_at_ms: patch.endedAtMs, open_slot: null } : {}),
    })
    .where('id', '=', id)
    .execute();
  await recordChange(tx, 'rotation', id);
}

/** Notes a look at an update. Nobody is told: only the duty asks for it. */
export async function watchRotation(
  tx: Tx,
  id: string,
  look: Pick<RotationRow, 'unservedMs' | 'watchedAtMs'>,
): Promise<void> {
  await tx
    .updateTable('rotations')
    .set({ unserved_ms: look.unservedMs, watched_at_ms: look.watchedAtMs })
    .where('id', '=', id)
    .execute();
}

/** The clock of the machine was set: what was written by it goes with it. */
export async function moveRotation(tx: Tx, rotationId: string, byMs: number): Promise<void> {
  await tx
    .updateTable('rotations')
    .set((row) => ({ phase_since_ms: row('phase_since_ms', '+', byMs) }))
    .where('id', '=', rotationId)
    .execute();
  await tx
    .updateTable('rotation_servers')
    .set((row) => ({ ordered_at_ms: row('ordered_at_ms', '+', byMs) }))
    .where('rotation_id', '=', rotationId)
    .where('ordered_at_ms', 'is not', null)
    .execute();
}

export async function listRotationServers(db: DbOrTx, rotationId: string): Promise<RotationServerRow[]> {
  const rows = await db
    .selectFrom('rotation_servers')
    .select(['instance_id', 'ordered_key_id', 'ordered_at_ms', 'shown_key_id', 'shown_at_ms'])
    .where('rotation_id', '=', rotationId)
    .orderBy('instance_id')
    .execute();
  return rows.map((row) => ({
    instanceId: row.instance_id,
    orderedKeyId: row.ordered_key_id,
    orderedAtMs: row.ordered_at_ms,
    shownKeyId: row.shown_key_id,
    shownAtMs: row.shown_at_ms,
  }));
}

/** Tells a server process what it is to show. */
export async function orderServer(
  tx: Tx,
  order: { rotationId: string; instanceId: string; keyId: string; nowMs: number },
): Promise<void> {
  const ordered = { ordered_key_id: order.keyId, ordered_at_ms: order.nowMs };
  await tx
    .insertInto('rotation_servers')
    .values({
      rotation_id: order.rotationId,
      instance_id: order.instanceId,
      ...ordered,
      shown_key_id: null,
      shown_at_ms: null,
    })
    .onConflict((conflict) => conflict.columns(['rotation_id', 'instance_id']).doUpdateSet(ordered))
    .execute();
}

/** A server process says what it shows. */
export async function confirmServer(
  tx: Tx,
  shown: { rotationId: string; instanceId: string; keyId: string; nowMs: number },
): Promise<void> {
  const confirmed = { shown_key_id: shown.keyId, shown_at_ms: shown.nowMs };
  await tx
    .insertInto('rotation_servers')
    .values({
      rotation_id: shown.rotationId,
      instance_id: shown.instanceId,
      ordered_key_id: null,
      ordered_at_ms: null,
      ...confirmed,
    })
    .onConflict((conflict) => conflict.columns(['rotation_id', 'instance_id']).doUpdateSet(confirmed))
    .execute();
  await recordChange(tx, 'rotation', shown.rotationId);
}

/** Writes what was done; `seq` counts within the update. */
export async function insertStep(
  tx: Tx,
  step: {
    rotationId: string;
    step: string;
    actor: string;
    detail: Readonly<Record<string, unknown>>;
    nowMs: number;
  },
): Promise<void> {
  const { last } = await tx
    .selectFrom('rotation_steps')
    .select((eb) => eb.fn.max('seq').as('last'))
    .where('rotation_id', '=', step.rotationId)
    .executeTakeFirstOrThrow();
  await tx
    .insertInto('rotation_steps')
    .values({
      rotation_id: step.rotationId,
      seq: Number(last ?? 0) + 1,
      step: step.step,
      actor: step.actor,
      detail: JSON.stringify(step.detail),
      at_ms: step.nowMs,
    })
    .execute();
}

/** In order, the oldest first. */
export async function listSteps(db: DbOrTx, rotationId: string): Promise<RotationStepRow[]> {
  const rows = await db
    .selectFrom('rotation_steps')
    .select(['seq', 'step', 'actor', 'detail', 'at_ms'])
    .where('rotation_id', '=', rotationId)
    .orderBy('seq')
    .limit(ROTATION_STEPS_LISTED_MAX)
    .execute();
  return rows.map((row) => ({
    seq: row.seq,
    step: row.step,
    actor: row.actor,
    detail: detailText.parse(JSON.parse(row.detail)),
    atMs: row.at_ms,
  }));
}

type SelectedRotation = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function rotationOf(row: SelectedRotation): RotationRow {
  return {
    ...shape.parse(row),
    id: row.id,
    num: row.num,
    open: row.open_slot !== null,
    fromKeyId: row.from_key_id,
    toKeyId: row.to_key_id,
    detail: detailText.parse(JSON.parse(row.detail)),
    echo: echoText.parse(JSON.parse(row.echo)),
    accepted: acceptedText.parse(JSON.parse(row.accepted)).flatMap((id) => parseHostId(id) ?? []),
    problem: row.problem === null ? null : problemText.parse(JSON.parse(row.problem)),
    overlapMs: row.overlap_ms,
    pausedAtMs: row.paused_at_ms,
    phaseSinceMs: row.phase_since_ms,
    unservedMs: row.unserved_ms,
    watchedAtMs: row.watched_at_ms,
    startedBy: row.started_by,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}
