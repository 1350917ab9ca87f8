import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { HOUR_MS, SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import type { Heartbeat } from '@sekisho/core/wire/agent.ts';
import type { PolicyPlan } from '@sekisho/core/wire/documents.ts';
import { findRestic } from '@sekisho/media/restic/find-restic.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { join } from 'node:path';
import { HEARTBEAT_DEFAULT_SECONDS, startHeart, type Heart } from './channel/heart.ts';
import type { AgentStatus } from './control/agent-status.ts';
import { listenOnControlSocket } from './control/control-socket.ts';
import { baseStatus, setupCommand } from './control/read-status.ts';
import { dataFolderAt, prepareDataFolder } from './data-folder.ts';
import { openDocumentStore, type KeptDocument } from './documents/document-store.ts';
import { startFetcher } from './documents/fetcher.ts';
import { HealthBoard } from './health.ts';
import { loadIdentity } from './identity/identity-store.ts';
import { startRenewalLoop, type RenewalLoop } from './identity/renewal-loop.ts';
import { createJobRunner, type JobRunner } from './jobs/job-runner.ts';
import { openLedger } from './jobs/ledger.ts';
import { plansOfHost, startPlanClock } from './jobs/plan-clock.ts';
import { sweepStaging } from './jobs/restore-staging.ts';
import { runBackup } from './jobs/run-backup.ts';
import { runBrowse } from './jobs/run-browse.ts';
import { runMaintain, runSeal } from './jobs/run-maintain.ts';
import { runRestore } from './jobs/run-restore.ts';
import { createMediaRole, MEDIA_PORT_DEFAULT } from './media/media-role.ts';
import { createServerConnection } from './net/server-connection.ts';
import type { TrustFacts } from './net/verify-peer.ts';
import type { MediaConnection } from './proxy/media-connection.ts';
import type { RepositoryContext } from './repositories/open-repository.ts';
import { createRepositoryPasswords } from './repositories/password-cache.ts';
import { openCrlStore } from './revocation/crl-store.ts';
import { loadSettings, saveSettings } from './settings.ts';
import { openSpool } from './spool/spool.ts';
import { AGENT_VERSION } from './version.ts';

export interface AgentOptions {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where the media server listens, if this host is one; 13002 on all addresses by default. */
  readonly mediaListen?: { readonly host: string; readonly port: number };
  /** Environment of restic and of plans' commands; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long a run bears a media server that can't be reached. */
  readonly mediaUnreachableMs?: number;
}

export interface RunningAgent {
  readonly hostId: HostId;
  readonly mediaPort: number | undefined;
  status(): AgentStatus;
  /** One heartbeat now, and what its answer asks to fetch; rejects when no server answered. */
  heartbeatNow(): Promise<void>;
  /** T-04, forced. */
  renewNow(): Promise<void>;
  stop(): Promise<void>;
}

/** A signature older than its CA is noticed this often. */
const CRL_LOOK_MS = HOUR_MS;

/**
 * Starts the agent of a data folder: channel and heartbeats, schedules, renewal, and the media server if the host is one. It
 * goes on without its server. Refusals: AGENT_NOT_SET_UP, AGENT_NOT_DEPLOYED, CERTIFICATE_EXPIRED, AGENT_ALREADY_RUNNING.
 */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const { clock, random, log } = options;
  const env = options.env ?? process.env;
  const folder = dataFolderAt(options.dataFolder);
  let settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: folder.root });
  if (settings.state.is !== 'deployed') {
    const command = setupCommand(folder, settings);
    log.error({ code: settings.state.code, command }, 'this host has no certificate: it cannot communicate');
    throw new AppError('AGENT_NOT_DEPLOYED', { command });
  }
  await prepareDataFolder(folder);
  const { hostId, domainId, serverId } = settings.state;
  let identity = await requireIdentity();
  const bootId = random.uuid();
  const health = new HealthBoard();

  /** The identity in use. Refusal: CERTIFICATE_EXPIRED, with the way back. */
  async function requireIdentity() {
    const found = await loadIdentity(folder);
    if (found === undefined) throw new AppError('AGENT_IDENTITY_UNREADABLE', { path: folder.identity });
    const { notAfterMs } = found.certificate;
    if (clock.nowMs() < notAfterMs) return found;
    throw new AppError('CERTIFICATE_EXPIRED', {
      notAfter: new Date(notAfterMs).toISOString(),
      command: setupCommand(folder, settings!, true),
    });
  }

  const documents = await openDocumentStore({
    folder: folder.documents,
    anchorsFile: folder.anchorsFile,
    domainId,
    clock,
    log,
  });
  health.set('document-damaged', documents.damaged.size > 0, [...documents.damaged].join(' '));
  const crls = await openCrlStore({
    folder: folder.crls,
    bundle: documents.held('bundle')?.payload,
    issuers: () => documents.intermediates,
    log,
  });
  const policy = () => documents.held('policy')?.payload;
  const assignment = () => documents.held('assignment')?.payload;
  const trust = (): TrustFacts => ({
    domainId,
    anchors: documents.anchors,
    intermediates: documents.intermediates,
    revocations: crls,
    staleCrl: policy()?.staleCrl ?? 'open',
    nowMs: clock.nowMs(),
  });
  const spool = await openSpool({ folder: folder.spool, log });
  const ledger = await openLedger({ folder: folder.jobs, nowMs: clock.nowMs(), log });
  await sweepStaging(folder);

  const told = new Set<string>();
  const server = createServerConnection({
    documents,
    bootstrap: { ...settings.server, serverId },
    identity: () => identity,
    trust,
    onRefused: (refused, error) => {
      // Once for each server and reason while the agent runs: a loop of failures is one event.
      const once = `${refused.key} ${error.code}`;
      if (told.has(once)) return;
      told.add(once);
      const detail = { server: refused.key, code: error.code };
      spool
        .put({ kind: 'event', spoolId: random.uuid(), event: 'peer-refused', atMs: clock.nowMs(), detail })
        .catch((failure: unknown) => {
          log.warn({ err: failure }, 'an event could not be kept');
        });
    },
    clock,
    random,
    log,
  });

  const media = createMediaRole({
    folder: settings.mediaFolder ?? folder.repositories,
    listen: options.mediaListen ?? { host: '::', port: MEDIA_PORT_DEFAULT },
    assignment,
    identity: () => identity,
    trust,
    spool,
    health,
    env,
    clock,
    random,
    log,
  });

  const passwords = createRepositoryPasswords({
    folder: join(folder.root, 'secrets'),
    server,
    identity: () => identity,
    log,
  });
  const live = new Set<MediaConnection>();
  const repositories: RepositoryContext = {
    policy,
    assignment,
    passwords,
    ledger,
    cacheFolder: folder.cache,
    env,
    unreachableMaxMs: options.mediaUnreachableMs,
    live,
    identity: () => identity,
    trust,
    clock,
    random,
    log,
  };
  const ownFolders = [folder.root, ...(settings.mediaFolder === null ? [] : [settings.mediaFolder])];
  const findPlan = (planId: PolicyPlan['planId']) =>
    plansOfHost(policy(), hostId).find((plan) => plan.planId === planId);

  /** P-16: nothing is backed up or restored with a certificate that has run out. */
  function requireCertificate(): void {
    const { notAfterMs } = identity.certificate;
    if (clock.nowMs() < notAfterMs) return;
    throw new AppError('CERTIFICATE_EXPIRED', {
      notAfter: new Date(notAfterMs).toISOString(),
      command: setupCommand(folder, settings!, true),
    });
  }

  // The runner reports progress to the heart, which is made from what the runner says: tied below.
  let heart: Heart | undefined;
  let renewal: RenewalLoop | undefined;
  const runner: JobRunner = createJobRunner({
    hostId,
    verifyOrder: (jws) => documents.verifyOrder(jws),
    findPlan,
    work: {
      backup(job, plan) {
        requireCertificate();
        return runBackup(
          { repositories, ownFolders, allowCommands: () => settings!.allowCommands, hostName: hostId },
          job,
          plan,
        );
      },
      act(job, act) {
        requireCertificate();
        switch (act.what) {
          case 'restore':
            return runRestore({ repositories, folder }, job, act);
          case 'browse':
            return runBrowse(repositories, job, act);
          case 'maintain':
            return runMaintain(media.server, server, job, act);
          case 'seal':
            return runSeal(media.server, act);
        }
      },
    },
    ledger,
    spool,
    onProgress: (jobId, progress) => heart?.channel.send({ type: 'progress', jobId, progress }),
    clock,
    log,
  });
  await runner.recover();

  const planClock = startPlanClock({ hostId, policy, ledger, runner, health, clock, log });

  function adopted(what: KeptDocument | 'crl'): void {
    if (what === 'policy') {
      planClock.look();
      heart?.policyChanged();
    }
    if (what === 'assignment' || what === 'bundle') reconcileMedia();
    if (what === 'crl' || what === 'bundle') checkPeers();
    heart?.beatSoon();
  }
  function reconcileMedia(): void {
    media.reconcile().catch((error: unknown) => {
      log.error({ err: error }, 'the media server could not be started');
    });
  }
  function checkPeers(): void {
    media.checkPeers();
    for (const connection of live) connection.checkAgain();
  }

  const fetcher = startFetcher({
    documents,
    crls,
    server,
    spool,
    health,
    onAdopted: adopted,
    onRenewalAsked: () => renewal?.ask(),
    clock,
    random,
    log,
  });

  const offer = (jws: string): void => {
    runner.offer(jws).catch((error: unknown) => {
      log.warn({ err: error }, 'an order was not taken');
    });
  };
  const heartbeat = (): Heartbeat => {
    const stale = crls.nextUpdateMs !== undefined && clock.nowMs() >= crls.nextUpdateMs;
    health.set('crl-stale', stale);
    health.set('spool-full', spool.size >= SPOOL_ALARM);
    return {
      sentAtMs: clock.nowMs(),
      bundleGeneration: documents.serial('bundle'),
      listSerial: documents.serial('list'),
      assignmentSerial: documents.serial('assignment'),
      policySerial: documents.serial('policy'),
      crlNumber: crls.number,
      certificates: [identity.certificate.fingerprint],
      version: AGENT_VERSION,
      bootId,
      health: health.codes,
      spooled: spool.size,
    };
  };
  heart = startHeart({
    server,
    spool,
    heartbeat,
    period: () => ({
      seconds: policy()?.heartbeatSeconds ?? HEARTBEAT_DEFAULT_SECONDS,
      mode: policy()?.mode ?? 'push',
    }),
    onReply: (reply) => {
      fetcher.request(reply.fetch);
      reply.offers.forEach(offer);
      for (const jobId of reply.cancels) runner.cancel(jobId);
    },
    onCome: (frame) => {
      if (frame.type === 'come') fetcher.request(frame.fetch);
      else if (frame.type === 'job.offer') offer(frame.order);
      else runner.cancel(frame.jobId);
    },
    health,
    clock,
    random,
    log,
  });
  const beating = heart;

  renewal = startRenewalLoop({
    folder,
    domainId,
    documents,
    server,
    identity: () => identity,
    wantsMedia: () => (assignment() === undefined ? settings!.media : assignment()!.media !== null),
    keyAlgorithm: settings.keyAlgorithm,
    onRenewed: async (next) => {
      identity = next;
      await passwords.identityChanged();
      server.identityChanged();
      beating.channel.reconnect();
      reconcileMedia();
      beating.beatSoon();
    },
    health,
    clock,
    log,
  });
  const renewing = renewal;

  const stopping = new AbortController();
  const refreshing = refreshCrls();
  async function refreshCrls(): Promise<void> {
    while (!stopping.signal.aborted) {
      fetcher.request(['crl']);
      const seconds = policy()?.crlRefreshSeconds ?? CRL_LOOK_MS / SECOND_MS;
      await clock.sleep(seconds * SECOND_MS * (0.9 + 0.2 * random.fraction()), stopping.signal);
    }
  }
  findRestic(env).catch((error: unknown) => {
    health.set('restic-missing', true, error instanceof AppError ? error.code : String(error));
  });

  function status(): AgentStatus {
    return {
      ...baseStatus(folder, settings!, identity),
      running: true,
      channel: policy()?.mode === 'pull' ? 'off' : beating.channel.isOpen ? 'open' : 'closed',
      lastContactMs: server.lastContactMs ?? null,
      lastError:
        server.lastError === undefined
          ? null
          : { code: server.lastError.code, params: { ...server.lastError.params } },
      serials: {
        bundle: documents.serial('bundle'),
        list: documents.serial('list'),
        assignment: documents.serial('assignment'),
        policy: documents.serial('policy'),
        crl: crls.number,
      },
      spooled: spool.size,
      jobs: [...runner.active],
      health: Object.entries(health.details).map(([code, detail]) => ({ code, detail })),
      media:
        (assignment()?.media ?? null) === null
          ? null
          : { port: media.server?.port ?? null, folder: settings!.mediaFolder ?? folder.repositories },
    };
  }

  async function heartbeatNow(): Promise<void> {
    await beating.beat();
    await fetcher.settled();
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await planClock.stop();
    await runner.stop();
    await renewing.stop();
    await beating.stop();
    await fetcher.stop();
    await refreshing;
    await media.stop();
    server.stop();
  }

  try {
    const control = await listenOnControlSocket(
      folder,
      {
        status,
        async setSettings({ allowCommands }) {
          const next = { ...settings!, allowCommands };
          await saveSettings(folder, next);
          settings = next;
          log.info({ allowCommands }, 'settings changed');
          return { allowCommands };
        },
        async renew() {
          const { certificate } = await renewing.renewNow();
          return { fingerprint: certificate.fingerprint, notAfterMs: certificate.notAfterMs };
        },
        async heartbeat() {
          await heartbeatNow();
          return { lastContactMs: server.lastContactMs ?? null };
        },
      },
      log,
    );
    await media.reconcile();
    return {
      hostId,
      get mediaPort() {
        return media.server?.port;
      },
      status,
      heartbeatNow,
      async renewNow() {
        await renewing.renewNow();
      },
      async stop() {
        await control.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** From so many waiting reports on, the agent calls itself in trouble. */
const SPOOL_ALARM = 9_000;
