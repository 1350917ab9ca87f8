import type { DomainId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import type { DocumentService } from '../documents/document-service.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { ensureAuditKey, type AuditKey } from './audit-key.ts';
import { extendTree, newestCheckpoint, writtenRows, type AuditFinding } from './extend-tree.ts';
import { takeOverMerges } from './merge-refusals.ts';
import { recordAudit } from './record-audit.ts';

/** What a duty's transactions begin with: it throws when the duty is another's now. */
type Fence = (tx: Tx) => Promise<void>;

/** The hash tree of the audit log, and what is merged before it gets there. */
export interface AuditService {
  readonly key: AuditKey;
  /** Is there something for `tend` to do? Reads only. */
  isDue(): Promise<boolean>;
  /** Writes merged refusals whose window is over (`all`: every one), takes new rows into the tree, signs the head. */
  tend(fence: Fence, which?: 'over' | 'all'): Promise<void>;
}

/** Gives the log its key, and what tends it. Refusals: those of `ensureAuditKey`. */
export async function openAudit(parts: {
  store: Store;
  clock: Clock;
  log: Log;
  keys: KeyStore;
  domainId: DomainId;
  make: DocumentService['make'];
}): Promise<AuditService> {
  const { store, clock, log } = parts;
  const key = await ensureAuditKey(parts);
  const reported = new Set<string>();
  return {
    key,
    async isDue() {
      const size = (await newestCheckpoint(store.db))?.size ?? 0;
      if ((await writtenRows(store.db)) !== size) return true;
      const over = await store.db
        .selectFrom('audit_merges')
        .select('merge_key')
        .where('closes_at_ms', '<=', clock.nowMs())
        .limit(1)
        .executeTakeFirst();
      return over !== undefined;
    },
    async tend(fence, which = 'over') {
      await closeMerges(store, clock, fence, which);
      for (;;) {
        const done = await store.transaction(async (tx) => {
          await fence(tx);
          return extendTree(tx, key, clock.nowMs());
        });
        crashPoint('audit-tree.committed');
        reportFindings(log, done.findings, reported);
        const { checkpoint } = done;
        // whoever keeps the program's log elsewhere keeps the checkpoints there too
        if (checkpoint !== undefined)
          log.info({ size: checkpoint.size, checkpoint: checkpoint.note }, 'audit checkpoint signed');
        if (!done.more) return;
      }
    },
  };
}

async function closeMerges(store: Store, clock: Clock, fence: Fence, which: 'over' | 'all'): Promise<void> {
  for (;;) {
    const more = await store.transaction(async (tx) => {
      await fence(tx);
      const nowMs = clock.nowMs();
      const taken = await takeOverMerges(tx, nowMs, which);
      for (const entry of taken.entries) await recordAudit(tx, entry, nowMs);
      crashPoint('audit-merge.before-commit');
      return taken.more;
    });
    if (!more) return;
  }
}

/** Said once a process: a tree that was changed stays so until somebody acts. */
function reportFindings(log: Log, findings: readonly AuditFinding[], reported: Set<string>): void {
  for (const finding of findings) {
    const name = `${finding.what}/${finding.seq}`;
    if (reported.has(name)) continue;
    reported.add(name);
    log.error(finding, 'the audit log was tampered with');
  }
}
