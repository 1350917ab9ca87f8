import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { PENDING_NAMES_MAX, PENDING_NAMES_PER_HOST_MAX } from '@sekisho/core/limits.ts';
import { decideName, type NameOutcome, type ReservedName } from '@sekisho/core/rules/naming.ts';
import { HOUR_MS } from '@sekisho/core/time.ts';
import { nextValue } from '../../store/counters.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit, recordRepeatedRefusal } from '../audit/record-audit.ts';
import { countOutbox, writeOutbox } from '../events/outbox.ts';
import { EVENTS_TOLD_PER_HOUR_MAX } from '../events/take-event.ts';
import { findHost } from '../hosts/host-rows.ts';
import { NAMES_COUNTER } from './name-index.ts';
import {
  mappingsOfHosts,
  mappingsOfNames,
  pendingOfNames,
  putMapping,
  putPending,
  removeMapping,
  removePending,
} from './name-rows.ts';

/** A host was met under a name that memory does not know as its own. */
export interface FoundName {
  readonly asker: { readonly hostId: HostId; readonly address: string };
  /** Canonical. */
  readonly name: string;
  readonly raw: string;
  readonly hostId: HostId;
  readonly isShown: boolean;
  readonly reserved: ReservedName | undefined;
  readonly mapAutomatically: boolean;
  /** What waits already. */
  readonly waiting: { readonly all: number; readonly ofAsker: number };
  readonly nowMs: number;
}

/**
 * T-31 Decides once more with what the store says, and writes what came of it: a mapping, or a name that waits. `full`: too many wait.
 * Refusal: PEER_CERTIFICATE_UNKNOWN for a host that is not there.
 */
export async function recordFound(tx: Tx, found: FoundName): Promise<NameOutcome | 'full'> {
  const { name, hostId, asker, nowMs } = found;
  const host = await findHost(tx, hostId);
  if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
  const mappings = await mappingsOfNames(tx, [name]);
  const known = (await pendingOfNames(tx, [name])).find((row) => row.hostId === hostId);
  const automatic = (await mappingsOfHosts(tx, [hostId])).filter(({ kind }) => kind === 'automatic');
  const outcome = decideName({
    raw: found.raw,
    hostId,
    askedBy: asker.hostId,
    isShown: found.isShown,
    mappings,
    reserved: found.reserved,
    rejected: known !== undefined && known.decidedAtMs !== null,
    mapAutomatically: found.mapAutomatically,
    automaticNames: automatic.length,
    nowMs,
  });
  const who = { actor: asker.hostId, origin: asker.address, subject: name } as const;
  if (outcome.outcome === 'map') {
    // an address that its host has left goes over
    for (const left of mappings) await removeMapping(tx, name, left.hostId);
    await putMapping(tx, { name, hostId, kind: 'automatic' }, nowMs);
    await removePending(tx, name, hostId);
    await recordChange(tx, mappings.length > 0 ? 'name' : 'name-found', name);
    if (mappings.length > 0) await nextValue(tx, NAMES_COUNTER);
    const from = mappings.map((row) => row.hostId);
    const detail = { hostId, hostName: host.name, kind: 'automatic', ...(from.length > 0 && { from }) };
    await recordAudit(tx, { act: 'map-name', ...who, outcome: 'done', detail }, nowMs);
  }
  if (outcome.outcome !== 'pend') return outcome;
  const isNew = known === undefined;
  const { waiting } = found;
  if (isNew && (waiting.all >= PENDING_NAMES_MAX || waiting.ofAsker >= PENDING_NAMES_PER_HOST_MAX))
    return 'full';
  const { reason, ownerId, code } = outcome;
  await putPending(tx, { name, hostId, reason, ownerId, askedBy: asker.hostId }, nowMs);
  await recordChange(tx, 'name-found', name);
  if (known?.state !== 'pending') {
    const detail = { code, reason, hostId, hostName: host.name, ownerId };
    await recordRepeatedRefusal(tx, { act: 'use-name', ...who, outcome: 'refused', detail }, nowMs);
    if ((await countOutbox(tx, asker.hostId, nowMs - HOUR_MS)) < EVENTS_TOLD_PER_HOUR_MAX)
      await writeOutbox(
        tx,
        {
          kind: 'name.pending',
          subject: asker.hostId,
          body: { name, hostId, hostName: host.name, reason, ownerId },
        },
        nowMs,
      );
  }
  return outcome;
}
