import { AppError } from '@sekisho/core/errors.ts';
import type { Emergency, RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { isUniqueViolation } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import { decidePath } from './decide-path.ts';
import { findDamage } from './find-damage.ts';
import type { RotationContext } from './rotation-context.ts';
import type { OutsideCertificate } from './rotation-change.ts';
import { record } from './rotation-machine.ts';
import { takeOverOf, takeOverRotation } from './take-over-rotation.ts';
import {
  findOpenRotation,
  findRotation,
  insertRotation,
  NO_ECHO,
  type RotationRow,
} from './rotation.store.ts';

export interface StartWish {
  readonly kind: RotationKind;
  readonly path: RotationPath | undefined;
  readonly emergency: Emergency | null;
  readonly outside: OutsideCertificate | null;
  readonly overlapSeconds: number;
}

/**
 * F-30 Makes the new key and certificate and enters the update; the duty goes on from there. An emergency takes an open update over (F-34).
 * Refusals: ROTATION_UNDER_WAY (it names who started the other one), ROTATION_PATH_UNFIT, KEY_DETACHED; ROTATION_KEY_DAMAGED, unless it is an
 * emergency.
 */
export async function startRotation(
  context: RotationContext,
  wish: StartWish,
  by: Pick<Principal, 'name' | 'origin'>,
): Promise<RotationRow> {
  const { parts } = context;
  const { store } = parts;
  const { path } = await decidePath(context, wish);
  const [damage] = wish.emergency === null ? await findDamage(parts) : [];
  if (damage !== undefined) throw new AppError('ROTATION_KEY_DAMAGED', damage.params);
  const id = await store
    .transaction((tx) => enter(context, tx, { ...wish, path }, by))
    .catch(async (error: unknown) => {
      // two at the same moment: the slot takes one
      if (isUniqueViolation(error)) refuseSecond(await findOpenRotation(store.db));
      throw error;
    });
  await parts.feed.catchUp();
  context.wake();
  const rotation = await findRotation(store.db, id);
  if (rotation === undefined) throw new Error('an update that was entered is not there');
  return rotation;
}

/** The ID of the update that is open now: a new one, or the one that became the emergency. */
async function enter(
  { parts, machine }: RotationContext,
  tx: Tx,
  wish: StartWish & { path: RotationPath },
  by: Pick<Principal, 'name' | 'origin'>,
): Promise<string> {
  const { clock, keys, random } = parts;
  const { kind, path, emergency, outside, overlapSeconds } = wish;
  const nowMs = clock.nowMs();
  const open = await findOpenRotation(tx);
  if (open !== undefined) {
    const becomes = takeOverOf(open, wish);
    if (becomes === undefined) refuseSecond(open);
    else if (await takeOverRotation(machine, { tx, rotation: open, nowMs }, { becomes, wish, by }))
      return open.id;
  }
  const id = random.uuid();
  const seen = { tx, keys: await keys.readIn(tx) };
  const prepared = await machine.changeFor(kind, path).prepare({ emergency, outside, nowMs, ...seen });
  const { fromKeyId, toKeyId, detail } = prepared;
  await prepared.record(tx);
  await insertRotation(tx, {
    id,
    kind,
    path,
    phase: 'prepared',
    direction: 'forward',
    emergency,
    fromKeyId,
    toKeyId,
    detail,
    echo: NO_ECHO,
    overlapMs: overlapSeconds * SECOND_MS,
    phaseSinceMs: nowMs,
    startedBy: by.name,
    startedAtMs: nowMs,
  });
  const rotation = await findRotation(tx, id);
  if (rotation === undefined) throw new Error('an update that was entered is not there');
  const said = { path, emergency, outside: outside !== null, fromKeyId, toKeyId };
  await record({ tx, rotation, nowMs }, 'start', by.name, said, by.origin);
  return id;
}

/** Refusal: ROTATION_UNDER_WAY. */
function refuseSecond(open: RotationRow | undefined): void {
  if (open === undefined) return;
  const { id, kind, startedBy: by } = open;
  throw new AppError('ROTATION_UNDER_WAY', { kind, by, id });
}
