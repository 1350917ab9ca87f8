import type { ErrorCode, ErrorParams } from '../errors.ts';
import type { SnapshotId } from '../ids.ts';
import { FORGET_PER_RUN_MAX, RETENTION_MINIMUM_AGE_MS } from '../limits.ts';

/** A recovery point that an order names but that stays, and why. */
export interface HeldBack {
  readonly snapshotId: SnapshotId;
  readonly code: ErrorCode;
  readonly params: ErrorParams;
}

export interface RemovalFacts {
  /** What the order asks to forget. */
  readonly wanted: readonly SnapshotId[];
  /** What the repository holds: snapshot → when the media server received it. Snapshot times inside are never believed. */
  readonly received: ReadonlyMap<SnapshotId, number>;
  readonly sealed: boolean;
}

/**
 * Which recovery points of an order may go now (P-02): forget is by ID, never before the minimum age counted from reception,
 * at most FORGET_PER_RUN_MAX a run (the oldest first), never from a sealed repository. Everything else is held back with its
 * reason; the next run may take it.
 */
export function decideRemoval(
  facts: RemovalFacts,
  nowMs: number,
): { remove: SnapshotId[]; heldBack: HeldBack[] } {
  const heldBack: HeldBack[] = [];
  const old: { snapshotId: SnapshotId; receivedAtMs: number }[] = [];
  for (const snapshotId of new Set(facts.wanted)) {
    const receivedAtMs = facts.received.get(snapshotId);
    if (facts.sealed) {
      heldBack.push({ snapshotId, code: 'REPOSITORY_SEALED', params: {} });
    } else if (receivedAtMs === undefined) {
      heldBack.push({ snapshotId, code: 'POINT_NOT_STORED', params: { id: snapshotId } });
    } else if (removableFromMs(receivedAtMs) > nowMs) {
      heldBack.push({
        snapshotId,
        code: 'POINT_TOO_YOUNG',
        params: {
          id: snapshotId,
          removableFrom: new Date(removableFromMs(receivedAtMs)).toISOString(),
          minimumDays: RETENTION_MINIMUM_AGE_MS / 86_400_000,
        },
      });
    } else {
      old.push({ snapshotId, receivedAtMs });
    }
  }
  old.sort((a, b) => a.receivedAtMs - b.receivedAtMs || (a.snapshotId < b.snapshotId ? -1 : 1));
  for (const { snapshotId } of old.slice(FORGET_PER_RUN_MAX)) {
    heldBack.push({
      snapshotId,
      code: 'REMOVALS_CAPPED',
      params: { id: snapshotId, limit: FORGET_PER_RUN_MAX },
    });
  }
  return { remove: old.slice(0, FORGET_PER_RUN_MAX).map((point) => point.snapshotId), heldBack };
}

/** The first moment at which a recovery point received then may be forgotten, by whatever order (P-02). */
export const removableFromMs = (receivedAtMs: number): number => receivedAtMs + RETENTION_MINIMUM_AGE_MS;
