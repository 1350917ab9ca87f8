import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { SpoolItem } from '@sekisho/core/wire/agent.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit, recordRepeatedRefusal } from '../audit/record-audit.ts';
import { takeEvent } from '../events/take-event.ts';
import { takeOfferAnswer } from '../jobs/take-offer-answer.ts';
import { takeReport } from '../jobs/take-report.ts';
import { takeSnapshot } from '../points/take-snapshot.ts';
import type { FleetContext } from './fleet-context.ts';

/**
 * P-12 Takes what an agent had on its disk: all items in one transaction, acknowledged only after the commit (invariant 7).
 * Each is idempotent by its own ID, so what was not acknowledged may come again. An item that is refused (another host's
 * job, a repository that is kept elsewhere) is audited and acknowledged too: it would be refused for ever. When the batch
 * cannot be written, each item is tried by itself, so that one bad row does not hold up the others.
 */
export async function takeSpool(
  context: FleetContext,
  hostId: HostId,
  items: readonly SpoolItem[],
  acknowledge: (spoolIds: string[]) => void | Promise<void>,
): Promise<void> {
  const taken = await takeItems(context, hostId, items);
  crashPoint('job-result.committed');
  if (taken.length > 0) await acknowledge(taken);
  crashPoint('job-result.acknowledged');
}

async function takeItems(
  context: FleetContext,
  hostId: HostId,
  items: readonly SpoolItem[],
): Promise<string[]> {
  try {
    await takeBatch(context, hostId, items);
    return items.map((item) => item.spoolId);
  } catch (error) {
    context.log.warn({ err: error, hostId, items: items.length }, 'spooled items are taken one by one');
  }
  const taken: string[] = [];
  for (const item of items) {
    try {
      await takeBatch(context, hostId, [item]);
      taken.push(item.spoolId);
    } catch (error) {
      context.log.error(
        { err: error, hostId, kind: item.kind, spoolId: item.spoolId },
        'spooled item not taken',
      );
    }
  }
  return taken;
}

const takeBatch = (context: FleetContext, hostId: HostId, items: readonly SpoolItem[]): Promise<void> =>
  context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    for (const item of items) await takeOne(context, tx, hostId, item, nowMs);
    crashPoint('job-result.before-commit');
  });

async function takeOne(
  context: FleetContext,
  tx: Tx,
  hostId: HostId,
  item: SpoolItem,
  nowMs: number,
): Promise<void> {
  try {
    await dispatch(tx, hostId, item, nowMs);
  } catch (error) {
    if (!(error instanceof AppError) || !REFUSALS.has(error.code)) throw error;
    context.log.warn(
      { hostId, kind: item.kind, code: error.code, params: error.params },
      'spooled item refused',
    );
    await recordRepeatedRefusal(
      tx,
      {
        act: `report-${item.kind}`,
        actor: hostId,
        origin: 'agent',
        subject: hostId,
        outcome: 'refused',
        detail: { code: error.code, ...error.params },
      },
      nowMs,
    );
  }
}

function dispatch(tx: Tx, hostId: HostId, item: SpoolItem, nowMs: number): Promise<unknown> {
  switch (item.kind) {
    case 'job':
      return takeReport(tx, hostId, item.report, nowMs);
    case 'offer':
      return takeOfferAnswer(tx, hostId, item, nowMs);
    case 'snapshot':
      return takeSnapshot(tx, hostId, item, nowMs);
    case 'event':
      return takeHostEvent(tx, hostId, item, nowMs);
  }
}

async function takeHostEvent(
  tx: Tx,
  hostId: HostId,
  item: Extract<SpoolItem, { kind: 'event' }>,
  nowMs: number,
): Promise<void> {
  const isNew = await takeEvent(tx, hostId, item, nowMs);
  if (!isNew || item.event !== 'agent-uninstalled') return;
  // T-19: its certificate stays valid until somebody revokes it, so whoever reads the log must see this
  const entry = { act: 'uninstall-agent', actor: hostId, origin: 'agent', subject: hostId } as const;
  await recordAudit(tx, { ...entry, outcome: 'done', detail: item.detail }, nowMs);
}

/** Refusals of the content; everything else is a fault of ours, and the item is kept by its agent. */
const REFUSALS: ReadonlySet<string> = new Set([
  'JOB_UNEXPLAINED',
  'JOB_NOT_OF_HOST',
  'REPOSITORY_NOT_OF_PEER',
]);
