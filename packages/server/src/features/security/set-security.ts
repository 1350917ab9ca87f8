import type { Principal } from '@sekisho/core/rules/rights.ts';
import { securitySettings, type SecuritySettings } from '@sekisho/core/wire/trust.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { contentTag, requireUnchanged, type Precondition } from '../../http/entity-tag.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import { lastChangeOf } from '../audit/last-change-of.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { SECURITY_CHANGE_KEY } from './security-cache.ts';
import { readSecurity, writeSecurity } from './security.store.ts';

/** Changes the given settings and keeps the others; the audit row has both states. */
export async function setSecurity(
  parts: { store: Store; clock: Clock },
  change: { readonly [Key in keyof SecuritySettings]?: SecuritySettings[Key] | undefined },
  principal: Principal,
  precondition?: Precondition,
): Promise<SecuritySettings> {
  const nowMs = parts.clock.nowMs();
  return parts.store.transaction(async (tx) => {
    const before = await readSecurity(tx);
    await requireUnchanged(precondition, contentTag(before), () =>
      lastChangeOf(tx, 'security', ['set-security']),
    );
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const after = securitySettings.parse({ ...before, ...Object.fromEntries(given) });
    await writeSecurity(tx, after, nowMs);
    await recordAudit(
      tx,
      {
        act: 'set-security',
        actor: principal.name,
        origin: principal.origin,
        subject: 'security',
        outcome: 'done',
        detail: { before, after },
      },
      nowMs,
    );
    await recordChange(tx, 'settings', SECURITY_CHANGE_KEY);
    return after;
  });
}
