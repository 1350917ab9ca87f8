import { addRenewals } from '@sekisho/core/rules/renewal-load.ts';
import type { ForecastView } from '@sekisho/core/wire/renewals.ts';
import type { ServerContext } from '../../context.ts';
import { eachCurrentCertificate } from '../certificates/renewal-rows.ts';

/** T-09 The renewals of the coming days: exact, since agents reckon by the same rule. */
export async function forecast(
  context: Pick<ServerContext, 'store' | 'clock' | 'domain'>,
  days: number,
): Promise<ForecastView> {
  const { clock, domain, store } = context;
  const nowMs = clock.nowMs();
  const load = new Array<number>(days).fill(0);
  let total = 0;
  for await (const page of eachCurrentCertificate(store.db, nowMs)) {
    const ofAgents = page.filter(({ hostId }) => hostId !== domain.serverHostId);
    total += ofAgents.length;
    addRenewals(load, ofAgents, nowMs);
    await breathe();
  }
  return { fromMs: nowMs, days: load, total };
}

/** SQLite answers at once: without this a large domain would hold everybody else up. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
