import { spreadRenewals } from '@sekisho/core/rules/renewal-load.ts';
import type { ServerContext } from '../../context.ts';
import type { Fence } from '../../loops/loop.ts';
import { recordChange } from '../../store/record-change.ts';
import { eachCurrentCertificate, setRenewAt, type CurrentCertificate } from '../certificates/renewal-rows.ts';
import { MANY_HOSTS } from './renewal-board.ts';

const MOVES_PER_TRANSACTION_MAX = 250;

/** T-09 Moves renewals off days that have too many of them, and tells the agents. Returns how many were moved. */
export async function spreadLoad(
  context: Pick<ServerContext, 'store' | 'clock' | 'domain' | 'log'>,
  fence: Fence,
): Promise<number> {
  const { clock, domain, log, store } = context;
  const nowMs = clock.nowMs();
  const coming: CurrentCertificate[] = [];
  for await (const page of eachCurrentCertificate(store.db, nowMs)) {
    for (const one of page) if (one.hostId !== domain.serverHostId) coming.push(one);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const byFingerprint = new Map(coming.map((one) => [one.fingerprint as string, one.fingerprint]));
  const moves = [...spreadRenewals(coming, nowMs)];
  for (let from = 0; from < moves.length; from += MOVES_PER_TRANSACTION_MAX) {
    const part = moves.slice(from, from + MOVES_PER_TRANSACTION_MAX);
    await store.transaction(async (tx) => {
      await fence(tx);
      for (const [text, renewAtMs] of part) {
        const fingerprint = byFingerprint.get(text);
        if (fingerprint !== undefined) await setRenewAt(tx, fingerprint, renewAtMs);
      }
      if (from + part.length === moves.length) await recordChange(tx, 'renewal', MANY_HOSTS);
    });
  }
  if (moves.length > 0)
    log.info({ moved: moves.length, certificates: coming.length }, 'renewals were spread');
  return moves.length;
}
