import type { AdministratorId } from '@sekisho/core/ids.ts';
import { parseAdministratorId } from '@sekisho/core/ids.ts';
import type { Reach, Right } from '@sekisho/core/rules/rights.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { readGroupsBelow, type GroupsBelow } from '../groups/groups-below.ts';
import { rightsOfAdministrator } from './administrator-rights.ts';

/** What every request of an administrator asks for, in memory and moved on by the change feed. */
export interface Accounts {
  /**
   * What an administrator may do; undefined: disabled or unknown. `revision`, when the caller has just read it, makes sure
   * that nothing older is answered.
   */
  rightsOf(id: AdministratorId, revision?: number): Promise<ReadonlyMap<Right, Reach> | undefined>;
}

/** Administrators that are remembered; the one asked for first is forgotten first. */
export const ACCOUNTS_CACHED_MAX = 1_000;

interface Known {
  readonly revision: number | undefined;
  readonly rights: Promise<ReadonlyMap<Right, Reach> | undefined>;
}

/** Starts the cache; the feed runs already. */
export function startAccounts({ store, feed }: { store: Store; feed: ChangeFeed }): Accounts {
  const known = new Map<AdministratorId, Known>();
  let below: Promise<GroupsBelow> | undefined;

  const forgetAll = (): void => {
    known.clear();
    below = undefined;
  };
  feed.subscribe(
    ['administrator'],
    ({ key }) => {
      const id = parseAdministratorId(key);
      if (id !== undefined) known.delete(id);
    },
    forgetAll,
  );
  feed.subscribe(['group'], forgetAll, forgetAll);

  const read = async (id: AdministratorId): Promise<ReadonlyMap<Right, Reach> | undefined> => {
    below ??= readGroupsBelow(store.db);
    return rightsOfAdministrator(store.db, id, await below);
  };
  return {
    rightsOf(id, revision) {
      const held = known.get(id);
      if (held !== undefined && (revision === undefined || held.revision === revision)) return held.rights;
      const rights = read(id);
      known.delete(id);
      known.set(id, { revision, rights });
      if (known.size > ACCOUNTS_CACHED_MAX) {
        const oldest = known.keys().next();
        if (oldest.done !== true) known.delete(oldest.value);
      }
      // a failure is not remembered
      rights.catch(() => {
        if (known.get(id)?.rights === rights) known.delete(id);
        below = undefined;
      });
      return rights;
    },
  };
}
