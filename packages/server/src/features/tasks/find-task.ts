import type { TaskId } from '@sekisho/core/ids.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { selectTask, type StoredTask } from './tasks.store.ts';

/** A task, or undefined; for other features. */
export const findTask = (db: DbOrTx, id: TaskId): Promise<StoredTask | undefined> => selectTask(db, id);
