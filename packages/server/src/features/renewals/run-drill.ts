import type { HostId } from '@sekisho/core/ids.ts';
import { DRILL_RESULTS_MAX } from '@sekisho/core/limits.ts';
import { drillMoments } from '@sekisho/core/rules/renewal-load.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { DRILL_OUTCOMES, type DrillOutcome, type DrillResult } from '@sekisho/core/wire/renewals.ts';
import type { ServerContext } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { currentCertificates, setRenewAt } from '../certificates/renewal-rows.ts';
import { renewalFailures } from '../events/renewal-failures.ts';
import type { TaskHandle } from '../tasks/task-runner.ts';
import type { DrillHost } from './plan-drill.ts';

/** How often it is looked who has renewed. */
const LOOK_EVERY_MS = SECOND_MS / 2;
/** A host that is not there this long after its moment counts as offline. */
const OFFLINE_AFTER_MS = 10 * SECOND_MS;
const ROWS_PER_TRANSACTION_MAX = 250;

interface Awaited {
  readonly host: DrillHost;
  readonly momentMs: number;
}

interface Settled {
  readonly outcome: DrillOutcome;
  readonly code: string | null;
}

/**
 * T-09 Renews these hosts now, spread over a moment, and waits until each has settled: renewed, failed, offline, or silent for
 * `waitMs` after its moment. A cancelled drill takes back what it asked of the hosts that have not renewed.
 */
export async function runDrill(
  context: Pick<ServerContext, 'store' | 'clock' | 'fleet'>,
  hosts: readonly DrillHost[],
  waitMs: number,
  task: TaskHandle,
): Promise<DrillResult> {
  const { clock } = context;
  const beganMs = clock.nowMs();
  const moments = drillMoments(hosts.length, beganMs);
  const open = new Map<HostId, Awaited>(
    hosts.map((host, at) => [host.id, { host, momentMs: moments[at] ?? beganMs }]),
  );
  const settled = new Map<HostId, Settled>();
  task.progress(0, hosts.length);
  try {
    await tellMoments(
      context,
      [...open.values()].map(({ host, momentMs }) => ({ host, renewAtMs: momentMs })),
    );
    for (;;) {
      task.signal.throwIfAborted();
      await look(context, { open, settled, beganMs, waitMs });
      task.progress(settled.size, hosts.length);
      if (open.size === 0) break;
      await clock.sleep(LOOK_EVERY_MS, task.signal);
    }
  } catch (error) {
    const left = [...open.values()].map(({ host }) => ({ host, renewAtMs: host.certificate.renewAtMs }));
    if (task.signal.aborted) await tellMoments(context, left);
    throw error;
  }
  return resultOf(hosts, settled);
}

async function tellMoments(
  { store }: Pick<ServerContext, 'store'>,
  wishes: readonly { host: DrillHost; renewAtMs: number | null }[],
): Promise<void> {
  for (let from = 0; from < wishes.length; from += ROWS_PER_TRANSACTION_MAX)
    await store.transaction(async (tx) => {
      for (const { host, renewAtMs } of wishes.slice(from, from + ROWS_PER_TRANSACTION_MAX)) {
        await setRenewAt(tx, host.certificate.fingerprint, renewAtMs);
        await recordChange(tx, 'renewal', host.id);
      }
    });
}

async function look(
  context: Pick<ServerContext, 'store' | 'clock' | 'fleet'>,
  drill: { open: Map<HostId, Awaited>; settled: Map<HostId, Settled>; beganMs: number; waitMs: number },
): Promise<void> {
  const { clock, fleet, store } = context;
  const { open, settled, beganMs, waitMs } = drill;
  const nowMs = clock.nowMs();
  const asked = [...open.values()].filter(({ momentMs }) => momentMs <= nowMs).map(({ host }) => host.id);
  const current = await currentCertificates(store.db, asked, nowMs);
  const failures = await renewalFailures(store.db, asked, beganMs);
  for (const id of asked) {
    const waited = open.get(id);
    if (waited === undefined) continue;
    const outcome = outcomeOf();
    if (outcome === undefined) continue;
    open.delete(id);
    settled.set(id, outcome);

    function outcomeOf(): Settled | undefined {
      const { host, momentMs } = waited!;
      const newest = current.get(id);
      if (newest !== undefined && newest.fingerprint !== host.certificate.fingerprint)
        return { outcome: 'renewed', code: null };
      const code = failures.get(id);
      if (code !== undefined) return { outcome: 'failed', code };
      if (fleet.seen(id)?.online !== true)
        return nowMs > momentMs + OFFLINE_AFTER_MS ? { outcome: 'offline', code: null } : undefined;
      return nowMs > momentMs + waitMs ? { outcome: 'unanswered', code: null } : undefined;
    }
  }
}

function resultOf(hosts: readonly DrillHost[], settled: ReadonlyMap<HostId, Settled>): DrillResult {
  const counts = { renewed: 0, failed: 0, offline: 0, unanswered: 0 };
  const rows = hosts.flatMap(({ id, name }) => {
    const found = settled.get(id);
    if (found === undefined) return [];
    counts[found.outcome] += 1;
    return [{ id, name, ...found }];
  });
  const order = (outcome: DrillOutcome): number => -DRILL_OUTCOMES.indexOf(outcome);
  rows.sort((a, b) => order(a.outcome) - order(b.outcome));
  return {
    counts,
    hosts: rows.slice(0, DRILL_RESULTS_MAX),
    more: Math.max(0, rows.length - DRILL_RESULTS_MAX),
  };
}
