import { AppError } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getRotation, listRotations, type RotationView } from '@sekisho/core/wire/rotations.ts';

const ID_DIGITS_MIN = 4;
const UPDATES_LOOKED_AT_MAX = 100;

/**
 * The update of an ID or its first digits; without one, the one that is under way, else the newest. Refusals: ROTATION_NONE, ID_AMBIGUOUS.
 */
export async function resolveRotation(call: Caller, given: string | undefined): Promise<RotationView> {
  const { rotations } = await call(listRotations, { query: { limit: UPDATES_LOOKED_AT_MAX } });
  const [found, ...more] =
    given === undefined
      ? rotations.slice(0, 1)
      : rotations.filter(({ id }) => id === given || (given.length >= ID_DIGITS_MIN && id.startsWith(given)));
  if (found === undefined) throw new AppError('ROTATION_NONE');
  if (more.length > 0)
    throw new AppError('ID_AMBIGUOUS', {
      given: given ?? '',
      ids: [found, ...more.slice(0, 4)].map(({ id }) => id).join(', '),
    });
  return call(getRotation, { params: { id: found.id } });
}
