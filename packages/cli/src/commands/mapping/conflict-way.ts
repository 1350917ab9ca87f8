import { AppError } from '@sekisho/core/errors.ts';
import type { ConflictWay } from '@sekisho/core/wire/names.ts';

/** What `--move` and `--share` say of a name that another host has. Refusal: USAGE_ONE_OF_NEEDED when both are given. */
export function conflictWay(
  flags: { readonly move: boolean; readonly share: boolean },
  usage: string,
): ConflictWay | null {
  if (flags.move && flags.share)
    throw new AppError('USAGE_ONE_OF_NEEDED', { options: '--move, --share', usage });
  if (flags.move) return 'move';
  return flags.share ? 'share' : null;
}
