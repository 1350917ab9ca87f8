import { canonicalJson } from '@sekisho/core/canonical-json.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../../context.ts';
import { parseDatabaseAddress } from '../../store/database-address.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { SERVER_VERSION } from '../../version.ts';
import { changesOf } from './changes-of.ts';
import { recordAudit, type AuditEntry } from './record-audit.ts';

/** A clock that stands so far before the newest row was set back. */
export const CLOCK_BACK_MS = MINUTE_MS;

type Known = Pick<ServerContext, 'clock' | 'config' | 'store' | 'workerId'>;

/** Records that a server process begins, what of its configuration changed since its last start, and a clock set back. */
export async function recordServerStart(context: Known): Promise<void> {
  const { clock, config, store, workerId } = context;
  await store.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const newest = await tx
      .selectFrom('audit')
      .select('at_ms')
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    const entry = by(config.instanceId);
    await recordAudit(
      tx,
      {
        ...entry,
        act: 'start-server',
        detail: { version: SERVER_VERSION, workerId, database: store.label },
      },
      nowMs,
    );
    if (newest !== undefined && newest.at_ms > nowMs + CLOCK_BACK_MS)
      await recordAudit(
        tx,
        { ...entry, act: 'change-clock', detail: { beforeMs: newest.at_ms, afterMs: nowMs } },
        nowMs,
      );
    await recordConfig(tx, context, entry, nowMs);
  });
}

/** Records that a server process ends in good order: a start without one before it followed a crash. */
export async function recordServerStop({ clock, config, store, workerId }: Known): Promise<void> {
  await store.transaction((tx) =>
    recordAudit(tx, { ...by(config.instanceId), act: 'stop-server', detail: { workerId } }, clock.nowMs()),
  );
}

/** Records that the wall clock was moved while the server ran. */
export async function recordClockJump(
  { config, store }: Pick<Known, 'config' | 'store'>,
  jump: { beforeMs: number; afterMs: number },
): Promise<void> {
  await store.transaction((tx) =>
    recordAudit(tx, { ...by(config.instanceId), act: 'change-clock', detail: jump }, jump.afterMs),
  );
}

const by = (instanceId: string): Omit<AuditEntry, 'act' | 'detail'> => ({
  actor: 'system',
  origin: 'server',
  subject: instanceId,
  outcome: 'done',
});

const CONFIG_KEY_PREFIX = 'seen-config.';

/** The configuration of an installation is a file that anybody with root writes: what a start finds changed is recorded. */
async function recordConfig(
  tx: Tx,
  { config }: Known,
  entry: Omit<AuditEntry, 'act' | 'detail'>,
  nowMs: number,
): Promise<void> {
  const key = `${CONFIG_KEY_PREFIX}${config.instanceId}`;
  const row = await tx.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst();
  const database = parseDatabaseAddress(config.database).label;
  const after: Record<string, unknown> = { ...config, database, programVersion: SERVER_VERSION };
  const value = canonicalJson(after);
  if (row?.value === value) return;
  const values = { value, changed_at_ms: nowMs };
  await tx
    .insertInto('settings')
    .values({ key, ...values })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(values))
    .execute();
  if (row === undefined) return; // the first start: nothing was there to be changed
  // what a group has that no group sets stands in the configuration: policies follow
  await recordChange(tx, 'settings', key);
  const before = JSON.parse(row.value) as Record<string, unknown>;
  await recordAudit(tx, { ...entry, act: 'change-configuration', detail: changesOf(before, after) }, nowMs);
}
