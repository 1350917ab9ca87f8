import { parseSnapshotId, type SnapshotId } from '@sekisho/core/ids.ts';
import { join } from 'node:path';
import { z } from 'zod';
import { AppendLog } from './append-log.ts';

const line = z.object({
  act: z.enum(['received', 'told', 'removed', 'recovered']),
  id: z.string(),
  atMs: z.int(),
});

interface Reception {
  receivedAtMs: number;
  told: boolean;
  removedAtMs: number | undefined;
}

/**
 * When each snapshot of a repository was received, on this machine's own disk (P-02). The first reception counts; one that
 * was removed and is uploaded again counts from then. Written before the upload is acknowledged.
 */
export class ReceptionJournal {
  readonly #log: AppendLog;
  readonly #receptions: Map<SnapshotId, Reception>;

  private constructor(log: AppendLog, receptions: Map<SnapshotId, Reception>) {
    this.#log = log;
    this.#receptions = receptions;
  }

  /** Opens the journal; entries of snapshots that were removed before `forgetBeforeMs` are dropped. */
  static async open(metaFolder: string, forgetBeforeMs: number): Promise<ReceptionJournal> {
    const receptions = new Map<SnapshotId, Reception>();
    const { log } = await AppendLog.open(join(metaFolder, 'receptions.jsonl'), (lines) => {
      for (const text of lines) applyLine(receptions, text);
      for (const [id, reception] of receptions) {
        if (reception.removedAtMs !== undefined && reception.removedAtMs < forgetBeforeMs)
          receptions.delete(id);
      }
      const compacted = [...receptions].flatMap(([id, reception]) => linesOf(id, reception));
      return compacted.length * 2 < lines.length ? compacted : lines;
    });
    return new ReceptionJournal(log, receptions);
  }

  /** Reception times of what is in the repository now. */
  received(): Map<SnapshotId, number> {
    const present = new Map<SnapshotId, number>();
    for (const [id, reception] of this.#receptions) {
      if (reception.removedAtMs === undefined) present.set(id, reception.receivedAtMs);
    }
    return present;
  }

  /** True when it was here and was removed, as far as the journal goes back. */
  wasRemoved(id: SnapshotId): boolean {
    return this.#receptions.get(id)?.removedAtMs !== undefined;
  }

  /** Records a reception; true when it is new. */
  async receive(id: SnapshotId, nowMs: number): Promise<boolean> {
    const known = this.#receptions.get(id);
    if (known !== undefined && known.removedAtMs === undefined) return false;
    await this.#log.append({ act: 'received', id, atMs: nowMs });
    this.#receptions.set(id, { receivedAtMs: nowMs, told: false, removedAtMs: undefined });
    return true;
  }

  /** The server's side has it durably. */
  async markTold(id: SnapshotId, nowMs: number): Promise<void> {
    const known = this.#receptions.get(id);
    if (known === undefined || known.told) return;
    await this.#log.append({ act: 'told', id, atMs: nowMs });
    known.told = true;
  }

  async markRemoved(id: SnapshotId, nowMs: number): Promise<void> {
    const known = this.#receptions.get(id);
    if (known === undefined || known.removedAtMs !== undefined) return;
    await this.#log.append({ act: 'removed', id, atMs: nowMs });
    known.removedAtMs = nowMs;
  }

  /** Back from the trash, with its old reception time; without an entry it counts as received now. */
  async markRecovered(id: SnapshotId, nowMs: number): Promise<void> {
    const known = this.#receptions.get(id);
    if (known === undefined) {
      await this.receive(id, nowMs);
      return;
    }
    if (known.removedAtMs === undefined) return;
    await this.#log.append({ act: 'recovered', id, atMs: nowMs });
    known.removedAtMs = undefined;
    known.told = false;
  }

  /** Present snapshots that the server may not know of yet. */
  untold(): { snapshotId: SnapshotId; receivedAtMs: number }[] {
    return [...this.#receptions]
      .filter(([, reception]) => !reception.told && reception.removedAtMs === undefined)
      .map(([snapshotId, reception]) => ({ snapshotId, receivedAtMs: reception.receivedAtMs }));
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

function applyLine(receptions: Map<SnapshotId, Reception>, text: string): void {
  const parsed = line.safeParse(parseJson(text));
  if (!parsed.success) return;
  const { act, atMs } = parsed.data;
  const id = parseSnapshotId(parsed.data.id);
  if (id === undefined) return;
  const known = receptions.get(id);
  switch (act) {
    case 'received':
      receptions.set(id, { receivedAtMs: atMs, told: false, removedAtMs: undefined });
      break;
    case 'told':
      if (known !== undefined) known.told = true;
      break;
    case 'removed':
      if (known !== undefined) known.removedAtMs = atMs;
      break;
    case 'recovered':
      if (known !== undefined) {
        known.removedAtMs = undefined;
        known.told = false;
      }
      break;
  }
}

function linesOf(id: SnapshotId, reception: Reception): string[] {
  const acts = [JSON.stringify({ act: 'received', id, atMs: reception.receivedAtMs })];
  if (reception.told) acts.push(JSON.stringify({ act: 'told', id, atMs: reception.receivedAtMs }));
  if (reception.removedAtMs !== undefined)
    acts.push(JSON.stringify({ act: 'removed', id, atMs: reception.removedAtMs }));
  return acts;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
