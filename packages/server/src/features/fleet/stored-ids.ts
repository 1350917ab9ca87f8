import { AppError } from '@sekisho/core/errors.ts';
import {
  parseGroupId,
  parseHostId,
  parseJobId,
  parseListId,
  parsePlanId,
  parseRepositoryName,
  parseSnapshotId,
} from '@sekisho/core/ids.ts';

/** IDs as our own database holds them: one that does not parse is damage, and stops the request. */
const stored =
  <Id extends string>(parse: (raw: string) => Id | undefined) =>
  (raw: string): Id => {
    const id = parse(raw);
    if (id === undefined)
      throw new AppError('INTERNAL', {}, { cause: new Error(`damaged ID in the database: ${raw}`) });
    return id;
  };

export const storedHostId = stored(parseHostId);
export const storedGroupId = stored(parseGroupId);
export const storedListId = stored(parseListId);
export const storedPlanId = stored(parsePlanId);
export const storedJobId = stored(parseJobId);
export const storedSnapshotId = stored(parseSnapshotId);
export const storedRepositoryName = stored(parseRepositoryName);
