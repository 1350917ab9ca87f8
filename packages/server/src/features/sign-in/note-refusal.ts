import type { AppError } from '@sekisho/core/errors.ts';
import type { ServerContext } from '../../context.ts';
import { addressKey } from '../../http/connections.ts';
import type { Store } from '../../store/store.ts';
import type { AdministratorRow } from '../administrators/administrator-rows.ts';
import { RefusalsKept } from '../api-keys/refusals-kept.ts';
import { recordRepeatedRefusal } from '../audit/record-audit.ts';

/** What somebody nobody knows is called: what they typed may be a password. */
export const UNKNOWN_NAME = 'unknown';

/** Strangers cannot keep the writer of the audit log busy: the rest is in the program's own log. */
const kept = new WeakMap<Store, RefusalsKept>();

/** Writes a refused sign-in into the audit log, where repeated ones are merged. */
export async function noteRefusal(
  context: Pick<ServerContext, 'clock' | 'log' | 'store'>,
  refusal: AppError,
  who: { readonly administrator: AdministratorRow | undefined; readonly origin: string },
): Promise<void> {
  const { clock, log, store } = context;
  const { administrator, origin } = who;
  log.warn({ administratorId: administrator?.id, code: refusal.code, origin }, 'sign-in refused');
  const nowMs = clock.nowMs();
  const rows = kept.get(store) ?? new RefusalsKept();
  kept.set(store, rows);
  // by its network: one sender with many addresses takes no place from the tries of others
  if (!rows.take(`${administrator?.id ?? UNKNOWN_NAME} ${addressKey(origin)}`, nowMs)) return;
  await store.transaction((tx) =>
    recordRepeatedRefusal(
      tx,
      {
        act: 'sign-in',
        actor: administrator?.name ?? UNKNOWN_NAME,
        origin,
        subject: administrator?.id ?? UNKNOWN_NAME,
        outcome: 'refused',
        detail: {
          code: refusal.code,
          ...(administrator === undefined ? {} : { name: administrator.name }),
        },
      },
      nowMs,
    ),
  );
}
