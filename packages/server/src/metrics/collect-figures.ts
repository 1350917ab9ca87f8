import { isIssuerOver } from '@sekisho/core/rules/revocation.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { statfs } from 'node:fs/promises';
import type { ServerContext } from '../context.ts';
import type { CrlCache } from '../features/revocation/crl-cache.ts';
import type { Readiness } from '../health/readiness.ts';
import { SERVER_VERSION } from '../version.ts';
import type { ServerMetrics } from './server-metrics.ts';
import { DAYS_LEFT, readStoredFigures, type StoredFigures } from './stored-figures.ts';

/** Figures of the database are asked for again after this, in the background of a reading. */
export const FIGURES_FRESH_MS = MINUTE_MS;

/** Fills the gauges at each reading: from memory, and from figures of the database that are at most about a minute old. */
export function collectFigures(
  context: ServerContext,
  metrics: ServerMetrics,
  parts: {
    crls: CrlCache;
    readiness: Readiness;
    dataFolder: string;
    newestBackupMs: () => Promise<number | undefined>;
  },
): void {
  const { clock, log, store, config, workerId } = context;
  const databasePath = config.database.startsWith('sqlite:')
    ? config.database.slice('sqlite:'.length)
    : undefined;
  let figures: StoredFigures | undefined;
  let backupMs: number | undefined;
  let askedAtMs: number | undefined;
  const ask = async (): Promise<void> => {
    askedAtMs = clock.monotonicMs();
    figures = await readStoredFigures(store, { nowMs: clock.nowMs(), workerId, databasePath });
    backupMs = await parts.newestBackupMs();
  };
  metrics.set('sekisho_build_info', { version: SERVER_VERSION, database: store.dialect }, 1);
  let counted = context.fleet.figures();
  metrics.onCollect(async () => {
    const failed = (error: unknown): void => {
      log.warn({ err: error }, 'figures for metrics could not be read');
    };
    if (figures === undefined) await ask().catch(failed);
    else if (askedAtMs === undefined || clock.monotonicMs() - askedAtMs > FIGURES_FRESH_MS)
      ask().catch(failed);
    counted = collectFleet(context, metrics, counted);
    collectTrust(context, metrics, parts.crls);
    if (figures !== undefined) collectStored(metrics, figures);
    metrics.set('sekisho_ready', {}, (await parts.readiness.judge()).ready ? 1 : 0);
    metrics.set('sekisho_feed_lag_seconds', {}, context.feed.lagMs / SECOND_MS);
    metrics.set(
      'sekisho_database_backup_age_seconds',
      {},
      backupMs === undefined ? -1 : (clock.nowMs() - backupMs) / SECOND_MS,
    );
    const disk = await statfs(parts.dataFolder);
    metrics.set('sekisho_disk_free_bytes', {}, disk.bavail * disk.bsize);
    metrics.set('sekisho_disk_bytes', {}, disk.blocks * disk.bsize);
  });
}

type Counted = ReturnType<ServerContext['fleet']['figures']>;

/** Plain counts of the hot path become counters here, by what was added since the last reading. */
function collectFleet(
  { fleet, connections }: ServerContext,
  metrics: ServerMetrics,
  before: Counted,
): Counted {
  const now = fleet.figures();
  metrics.set('sekisho_channel_sessions', {}, now.sessions);
  metrics.set('sekisho_hosts', {}, now.hosts);
  metrics.set('sekisho_connections_unverified', {}, connections.unverifiedCount);
  metrics.add('sekisho_channels_opened_total', {}, now.opened - before.opened);
  metrics.add('sekisho_heartbeats_total', {}, now.heartbeats - before.heartbeats);
  for (const [kind, count] of Object.entries(now.frames))
    metrics.add('sekisho_channel_frames_total', { kind }, count - (before.frames[kind] ?? 0));
  return now;
}

function collectTrust({ keys, clock }: ServerContext, metrics: ServerMetrics, crls: CrlCache): void {
  const nowMs = clock.nowMs();
  for (const issuer of ['root', 'issuing'] as const) {
    const lists = keys
      .authorities()
      .filter((authority) => authority.role === issuer && !isIssuerOver(authority, nowMs))
      .flatMap(({ certificate }) => crls.ofIssuer(certificate.keyId));
    if (lists.length === 0) continue;
    const oldestMs = Math.min(...lists.map((crl) => crl.thisUpdateMs));
    metrics.set('sekisho_crl_number', { issuer }, Math.max(...lists.map((crl) => crl.number)));
    metrics.set('sekisho_crl_age_seconds', { issuer }, (nowMs - oldestMs) / SECOND_MS);
  }
  const daysLeft = (keys.certificateOf('server-tls').notAfterMs - nowMs) / DAY_MS;
  metrics.set('sekisho_server_certificate_days_left', {}, Math.floor(daysLeft));
}

function collectStored(metrics: ServerMetrics, figures: StoredFigures): void {
  for (const bucket of DAYS_LEFT)
    metrics.set('sekisho_certificates', { days_left: bucket }, figures.certificates[bucket]);
  metrics.clear('sekisho_jobs');
  for (const [state, count] of figures.jobs) metrics.set('sekisho_jobs', { state }, count);
  metrics.clear('sekisho_tasks');
  for (const [state, count] of figures.tasks) metrics.set('sekisho_tasks', { state }, count);
  metrics.clear('sekisho_lease_held');
  for (const duty of figures.leases) metrics.set('sekisho_lease_held', { duty }, 1);
  metrics.set('sekisho_outbox_rows', {}, figures.outboxRows);
  metrics.set('sekisho_audit_rows', {}, figures.auditRows);
  metrics.set('sekisho_audit_tree_size', {}, figures.auditTreeSize);
  metrics.set('sekisho_database_bytes', {}, figures.databaseBytes);
}
