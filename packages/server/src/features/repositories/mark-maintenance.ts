import type { RepositoryName } from '@sekisho/core/ids.ts';
import type { Tx } from '../../store/tables.ts';
import { markMaintained } from './repositories.store.ts';

/** The media server finished maintenance of this repository. */
export const markMaintenance = (tx: Tx, name: RepositoryName, nowMs: number): Promise<void> =>
  markMaintained(tx, name, nowMs);
