import { AppError } from '@sekisho/core/errors.ts';
import type { Emergency, RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { isUniqueViolation } from '../../store/store.ts';
import { decidePath } from './decide-path.ts';
import type { RotationContext } from './rotation-context.ts';
import type { OutsideCertificate } from './rotation-change.ts';
import { record } from './rotation-machine.ts';
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
 * F-30 Makes the new key and certificate and enters the update; the duty goes on from there. Refusals: ROTATION_UNDER_WAY (it names who
 * started the other one), ROTATION_PATH_UNFIT, KEY_DETACHED.
 */
export async function startRotation(
  context: RotationContext,
  wish: StartWish,
  by: Pick<Principal, 'name' | 'origin'>,
): Promise<RotationRow> {
  const { parts, machine } = context;
  const { clock, random, store } = parts;
  refuseSecond(await findOpenRotation(store.db));
  const { path } = await decidePath(context, wish);
  const change = machine.changeFor(wish.kind, path);
  const prepared = await change.prepare({ ...wish, nowMs: clock.nowMs() });
  const id = random.uuid();
  try {
    await store.transaction(async (tx) => {
      refuseSecond(await findOpenRotation(tx));
      const nowMs = clock.nowMs();
      const { fromKeyId, toKeyId, detail } = prepared;
      const row = {
        id,
        kind: wish.kind,
        path,
        phase: 'prepared',
        direction: 'forward',
        emergency: wish.emergency,
        fromKeyId,
        toKeyId,
        detail,
        echo: NO_ECHO,
        overlapMs: wish.overlapSeconds * 1_000,
        phaseSinceMs: nowMs,
        startedBy: by.name,
        startedAtMs: nowMs,
      } as const;
      await prepared.record(tx);
      await insertRotation(tx, row);
      const rotation = await findRotation(tx, id);
      if (rotation === undefined) throw new Error('an update that was entered is not there');
      const said = { path, emergency: wish.emergency, outside: wish.outside !== null, fromKeyId, toKeyId };
      await record({ tx, rotation, nowMs }, 'start', by.name, said, by.origin);
    });
  } catch (error) {
    // two at the same moment: the slot takes one
    if (isUniqueViolation(error)) refuseSecond(await findOpenRotation(store.db));
    throw error;
  }
  await parts.feed.catchUp();
  context.wake();
  const rotation = await findRotation(store.db, id);
  if (rotation === undefined) throw new Error('an update that was entered is not there');
  return rotation;
}

function refuseSecond(open: RotationRow | undefined): void {
  if (open === undefined) return;
  const { id, kind, startedBy: by } = open;
  throw new AppError('ROTATION_UNDER_WAY', { kind, by, id });
}
