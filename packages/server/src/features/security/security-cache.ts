import type { SecuritySettings } from '@sekisho/core/wire/trust.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { readSecurity } from './security.store.ts';

/** Key of the change feed's row when the security settings changed. */
export const SECURITY_CHANGE_KEY = 'security';

/** The security settings in memory, moved on by the change feed. */
export interface SecurityCache {
  current(): SecuritySettings;
}

/** Fills the cache; the feed runs already. */
export async function startSecurityCache(store: Store, feed: ChangeFeed): Promise<SecurityCache> {
  const fill = async (): Promise<void> => {
    settings = await readSecurity(store.db);
  };
  feed.subscribe(['settings'], ({ key }) => (key === SECURITY_CHANGE_KEY ? fill() : undefined), fill);
  let settings = await readSecurity(store.db);
  return { current: () => settings };
}
