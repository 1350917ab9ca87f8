import { contentTag, requireUnchanged, type EntityTag, type Precondition } from '../../http/entity-tag.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import type { HostRow } from './host-rows.ts';

/** The tag of what administrators decide of a host: its media role and its reissue. */
export const hostTag = (row: HostRow): EntityTag =>
  contentTag([row.mediaSinceMs, row.mediaText, row.reissueUntilMs]);

/** Refusal: PRECONDITION_FAILED. */
export const requireUnchangedHost = (
  db: DbOrTx,
  row: HostRow,
  precondition: Precondition | undefined,
): Promise<void> =>
  requireUnchanged(precondition, hostTag(row), () =>
    lastChangeOf(db, row.id, ['set-media', 'allow-reissue']),
  );
