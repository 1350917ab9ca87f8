import { AppError } from '@sekisho/core/errors.ts';
import { tunnelTarget } from '@sekisho/core/rules/tunnel.ts';
import { decideAddressee, type DocumentAddressee } from '@sekisho/core/rules/verification.ts';
import { HOUR_MS, SECOND_MS } from '@sekisho/core/time.ts';
import { AGENT_CAPABILITIES, type Heartbeat, type RenewalInformation } from '@sekisho/core/wire/agent.ts';
import type { PolicyPlan } from '@sekisho/core/wire/documents.ts';
import { findRestic } from '@sekisho/media/restic/find-restic.ts';
import { join } from 'node:path';
import { HEARTBEAT_DEFAULT_SECONDS, startHeart, type Heart } from './channel/heart.ts';
import type { AgentStatus } from './control/agent-status.ts';
import type { ControlActs } from './control/control-socket.ts';
import { baseStatus, setupCommand } from './control/read-status.ts';
import type { DataFolder } from './data-folder.ts';
import { openDocumentStore, type KeptDocument, type RepairableStore } from './documents/document-store.ts';
import { startFetcher, type Fetcher } from './documents/fetcher.ts';
import { HealthBoard } from './health.ts';
import { loadIdentity } from './identity/identity-store.ts';
import { openRenewalInformation } from './identity/renewal-information.ts';
import { startRenewalLoop, type RenewalLoop } from './identity/renewal-loop.ts';
import { createJobRunner, type JobRunner } from './jobs/job-runner.ts';
import { judgeNode, systemNetwork } from './jobs/judge-node.ts';
import { openLedger } from './jobs/ledger.ts';
import { plansOfHost, startPlanClock } from './jobs/plan-clock.ts';
import { sweepStaging } from './jobs/restore-staging.ts';
import { runBackup } from './jobs/run-backup.ts';
import { runBrowse } from './jobs/run-browse.ts';
import { runMaintain, runSeal } from './jobs/run-maintain.ts';
import { runRestore } from './jobs/run-restore.ts';
import { askLegacyMedia, createLegacyGuests } from './media/legacy-guests.ts';
import { createMediaRole, MEDIA_PORT_DEFAULT } from './media/media-role.ts';
import { askPeer } from './names/ask-peer.ts';
import { openNames } from './names/open-names.ts';
import { followLinks } from './net/follow-links.ts';
import { openHomeServers } from './net/home-servers.ts';
import { relayName, type Relay } from './net/open-tunnel.ts';
import { watchRefusedServers } from './net/refused-servers.ts';
import { createServerConnection } from './net/server-connection.ts';
import type { TrustFacts } from './net/verify-peer.ts';
import type { MediaConnection } from './proxy/media-connection.ts';
import type { RepositoryContext } from './repositories/open-repository.ts';
import { repairResult } from './repair/repair-agent.ts';
import { createRepositoryPasswords } from './repositories/password-cache.ts';
import { openCrlStore } from './revocation/crl-store.ts';
import { refreshCrls } from './revocation/refresh-crls.ts';
import { createStaleWatch } from './revocation/stale-watch.ts';
import { loadSettings, saveSettings, type AgentConfig } from './settings.ts';
import type { AgentOptions } from './main.ts';
import { openSpool } from './spool/spool.ts';
import { openVerification } from './verification/verification-switch.ts';
import { AGENT_VERSION } from './version.ts';

/** A CRL is looked for this often while no policy says otherwise. */
const CRL_LOOK_MS = HOUR_MS;
/** An order waits at most this long for the newest policy. */
const REFRESH_MAX_MS = 10 * SECOND_MS;
/** From so many waiting reports on, the agent calls itself in trouble. */
const SPOOL_ALARM = 9_000;

export interface AgentParts extends ControlActs {
  readonly mediaPort: number | undefined;
  stop(): Promise<void>;
}

/** Makes the parts of a deployed agent, and ties them together: the only wiring. Refusal: CERTIFICATE_EXPIRED. */
export async function startParts(
  options: AgentOptions,
  folder: DataFolder,
  given: AgentConfig,
  state: Extract<AgentConfig['state'], { is: 'deployed' }>,
): Promise<AgentParts> {
  const { clock, random, log } = options;
  const env = options.env ?? process.env;
  const { hostId, domainId, serverId } = state;
  let settings = given;
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
      command: setupCommand(folder, settings, true),
    });
  }

  const documents: RepairableStore = await openDocumentStore({
    folder: folder.documents,
    anchorsFile: folder.anchorsFile,
    domainId,
    admit({ type, payload }, isVerified) {
      if (isVerified) return;
      const decision = decideAddressee({ ...payload, type } as DocumentAddressee, {
        hostId,
        assignment: documents.held('assignment')?.payload,
      });
      if (!decision.allow) throw new AppError(decision.code, decision.params);
    },
    clock,
    log,
  });
  tellDocuments();
  const crls = await openCrlStore({
    folder: folder.crls,
    bundle: () => documents.held('bundle')?.payload,
    issuers: () => [...documents.anchors, ...documents.intermediates],
    log,
  });
  const policy = () => documents.held('policy')?.payload;
  const assignment = () => documents.held('assignment')?.payload;
  const periodSeconds = () => policy()?.heartbeatSeconds ?? HEARTBEAT_DEFAULT_SECONDS;
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
  await sweepStaging(folder, log);

  let followVerification = (): void => undefined;
  const switched = await openVerification({
    file: folder.verificationFile,
    hostId,
    policy,
    assignment,
    onChanged(isOff) {
      health.set('verification-off', isOff);
      followVerification();
    },
    onRefused(why) {
      if (why === 'clock-set-back') return;
      const detail = { type: 'policy', code: 'VERIFICATION_END_TOO_FAR' };
      spool
        .put({
          kind: 'event',
          spoolId: random.uuid(),
          event: 'document-refused',
          atMs: clock.nowMs(),
          detail,
        })
        .catch((error: unknown) => {
          log.warn({ err: error }, 'an event could not be kept');
        });
    },
    clock,
    log,
  });

  const home = await openHomeServers({ file: folder.homeFile, log });
  const told = new Set<string>();
  const refusedServers = watchRefusedServers(health, clock);
  const server = createServerConnection({
    documents,
    bootstrap: { ...settings.server, serverId },
    identity: () => identity,
    trust,
    verification: switched,
    lookup: options.lookup,
    home,
    periodMs: () => periodSeconds() * SECOND_MS,
    onHome(isHome) {
      health.set('list-unreachable', isHome);
    },
    onVerified: ({ key }) => {
      refusedServers.reached(key);
    },
    onRefused: (refused, error) => {
      refusedServers.refused(refused, error);
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
    async followLinks(untrusted, dial) {
      const adoptedOne = await followLinks(untrusted, { documents, domainId, dial, clock, log });
      if (adoptedOne) adopted('bundle');
      return adoptedOne;
    },
    onHostRefused: ({ code }) => {
      if (code === 'CERTIFICATE_CA_RETIRED') renewal?.ask();
    },
    relays,
    onDirectAgain: () => {
      heart?.channel.reconnect();
      heart?.beatSoon();
    },
    clock,
    random,
    log,
  });

  /** T-60 The media servers of the signed policy, then those that the set-up named; never this host itself. */
  function relays(): Relay[] {
    // T-62: a legacy media server relays nothing, and while the setting is off nothing is sent to it (T-53)
    const named = (policy()?.mediaServers ?? []).flatMap(({ hostId: relay, endpoints, legacy }) =>
      legacy === true ? [] : endpoints.map((endpoint) => ({ hostId: relay, ...endpoint })),
    );
    const learned = (settings.relays ?? []).map((relay) => ({ ...relay, hostId: relay.hostId ?? undefined }));
    const all = new Map<string, Relay>();
    for (const relay of [...named, ...learned])
      if (relay.hostId !== hostId && !all.has(relayName(relay))) all.set(relayName(relay), relay);
    return [...all.values()];
  }

  const live = new Set<MediaConnection>();
  const names = await openNames({
    file: folder.namesFile,
    server,
    policy,
    media: () => media,
    live,
    crlNextUpdateMs: () => {
      const { crlUrls } = identity.certificate;
      const ends = documents.intermediates.flatMap(({ keyId }) => crls.freshness(keyId, crlUrls) ?? []);
      return ends.length === 0 ? undefined : Math.max(...ends.map(({ nextUpdateMs }) => nextUpdateMs));
    },
    clock,
    log,
  });
  const media = createMediaRole({
    folder: settings.mediaFolder ?? folder.repositories,
    listen: options.mediaListen ??
      endpointOf(settings.mediaListen) ?? { host: '::', port: MEDIA_PORT_DEFAULT },
    assignment,
    identity: () => identity,
    trust,
    names: () => names,
    tunnel: {
      servers: () => server.relayed(),
      async open(wanted, clientAddress, signal) {
        const entry = server.relayed().find(({ key }) => 'key' in wanted && wanted.key === key);
        if (entry === undefined)
          throw new AppError('TUNNEL_TARGET_REFUSED', { target: tunnelTarget(wanted.address, wanted.port) });
        return server.openRelay(entry, clientAddress, signal);
      },
    },
    guests: createLegacyGuests({ server, clock, log }),
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
  const repositories: RepositoryContext = {
    policy,
    assignment,
    passwords,
    ledger,
    cacheFolder: folder.cache,
    env,
    unreachableMaxMs: options.mediaUnreachableMs,
    live,
    names,
    askLegacy: (hostId, address) => askLegacyMedia(server, hostId, address),
    lookup: options.lookup,
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
      command: setupCommand(folder, settings, true),
    });
  }

  const renewalInformation = await openRenewalInformation({ file: folder.renewalFile, log });
  const takeRenewal = (said: RenewalInformation | null | undefined): void => {
    renewalInformation
      .take(said)
      .then((isNew) => {
        if (isNew) renewal?.look();
      })
      .catch((error: unknown) => {
        log.warn({ err: error }, 'when the server wants the certificate renewed could not be kept');
      });
  };

  // The runner reports progress to the heart, which is made from what the runner says: tied below.
  let heart: Heart | undefined;
  let fetcher: Fetcher | undefined;
  let renewal: RenewalLoop | undefined;
  const runner: JobRunner = createJobRunner({
    hostId,
    verifyOrder: (jws) => documents.verifyOrder(jws),
    findPlan,
    async refresh() {
      fetcher?.request(['assignment', 'policy']);
      const settled = new AbortController();
      await Promise.race([fetcher?.documentsSettled(), clock.sleep(REFRESH_MAX_MS, settled.signal)]);
      settled.abort();
    },
    work: {
      async backup(job, plan) {
        requireCertificate();
        if (plan.application !== null) {
          const decision = await judgeNode(options.network ?? systemNetwork, plan.application, clock);
          if (decision.node === 'undecided') throw new AppError(decision.code, decision.params);
          if (decision.node === 'inactive')
            return { state: 'skipped', code: decision.code, params: { ...decision.params } };
        }
        return runBackup(
          { repositories, ownFolders, allowCommands: () => settings.allowCommands, hostName: hostId },
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
    if (what === 'policy' || what === 'assignment') void switched.look();
    if (what === 'policy') {
      planClock.look();
      names.prepareMediaServers();
      heart?.policyChanged();
    }
    if (what === 'list' || what === 'bundle') refusedServers.forget();
    if (what === 'list') media.listChanged();
    if (what === 'assignment' || what === 'bundle') reconcileMedia();
    if (what === 'crl' || what === 'bundle') checkPeers();
    if (what === 'bundle') renewUnderNewCa();
    heart?.beatSoon();
  }
  /** F-38 The CA that issued our certificate has left: only one of the new CA opens doors now. */
  function renewUnderNewCa(): void {
    const { authorityKeyId } = identity.certificate;
    if (documents.intermediates.some(({ subjectKeyId }) => subjectKeyId === authorityKeyId)) return;
    renewal?.ask();
  }
  function tellDocuments(): void {
    health.set('document-damaged', documents.damaged.size > 0, [...documents.damaged].join(' '));
    health.set('repair-unfinished', documents.isRepairUnfinished);
  }
  /** F-13 Whom the agent trusts, and where it goes, is what a communication package says. */
  function repaired(): void {
    told.clear();
    server.startAnew();
    adopted('bundle');
    adopted('list');
    tellDocuments();
    fetching.request(['assignment', 'policy', 'crl']);
    beating.channel.reconnect();
  }
  /** F-13 The disk was full: looked at again before each heartbeat. */
  function finishRepair(): void {
    documents.finishRepair().then(
      () => {
        log.warn({ generation: documents.serial('bundle') }, 'a communication package was taken');
        repaired();
      },
      (error: unknown) => {
        log.error({ err: error }, 'a repair that was decided can not be carried out yet');
      },
    );
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

  const fetching = startFetcher({
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
  fetcher = fetching;

  const offer = (jws: string): void => {
    runner.offer(jws).catch((error: unknown) => {
      log.warn({ err: error }, 'an order was not taken');
    });
  };
  const watchStaleness = createStaleWatch({
    spool,
    health,
    staleCrl: () => policy()?.staleCrl ?? 'open',
    clock,
    random,
    log,
  });
  const heartbeat = (): Heartbeat => {
    watchStaleness(crls.nextUpdateMs);
    refusedServers.check();
    if (documents.isRepairUnfinished) finishRepair();
    health.set('spool-full', spool.size >= SPOOL_ALARM);
    return {
      sentAtMs: clock.nowMs(),
      bundleGeneration: documents.serial('bundle'),
      listSerial: documents.serial('list'),
      assignmentSerial: documents.serial('assignment'),
      policySerial: documents.serial('policy'),
      crlNumber: crls.number,
      heartbeatSeconds: periodSeconds(),
      certificates: [identity.certificate.fingerprint],
      version: AGENT_VERSION,
      bootId,
      health: health.codes,
      spooled: spool.size,
      capabilities: [...(options.capabilities ?? AGENT_CAPABILITIES)],
    };
  };
  heart = startHeart({
    server,
    spool,
    heartbeat,
    period: () => ({
      seconds: periodSeconds(),
      mode: policy()?.mode ?? 'push',
    }),
    onReply: (reply, said) => {
      names.reached();
      if (reply.names !== undefined) names.heard(reply.names);
      takeRenewal(reply.renewal);
      fetching.answered(reply.fetch, said);
      reply.offers.forEach(offer);
      for (const jobId of reply.cancels) runner.cancel(jobId);
    },
    onCome: (frame) => {
      if (switched.isOff) return; // of a channel that is just being closed
      if (frame.type === 'come') fetching.request(frame.fetch, frame.documents, frame.crlNumber);
      else if (frame.type === 'names') names.changed(frame.changed, frame);
      else if (frame.type === 'renewal') takeRenewal(frame.renewal);
      else if (frame.type === 'job.offer') offer(frame.order);
      else runner.cancel(frame.jobId);
    },
    health,
    clock,
    random,
    log,
  });
  const beating = heart;
  followVerification = () => {
    server.startAnew();
    beating.policyChanged();
  };

  renewal = startRenewalLoop({
    folder,
    domainId,
    documents,
    server,
    identity: () => identity,
    wantsMedia: () => (assignment() === undefined ? settings.media : assignment()?.media !== null),
    keyAlgorithm: settings.keyAlgorithm,
    onRenewed: async (next) => {
      const before = identity;
      identity = next;
      await passwords.identityChanged(before);
      server.identityChanged();
      beating.channel.reconnect();
      reconcileMedia();
      beating.beatSoon();
    },
    onFailed: (code) => {
      const detail = { code, fingerprint: identity.certificate.fingerprint };
      spool
        .put({ kind: 'event', spoolId: random.uuid(), event: 'renewal-failed', atMs: clock.nowMs(), detail })
        .catch((failure: unknown) => {
          log.warn({ err: failure }, 'an event could not be kept');
        });
    },
    renewAtMs: (fingerprint) => renewalInformation.renewAtMs(fingerprint),
    health,
    clock,
    log,
  });
  const renewing = renewal;
  if (documents.held('bundle') !== undefined) renewUnderNewCa();

  const stopping = new AbortController();
  const refreshing = refreshCrls({
    periodSeconds: () => policy()?.crlRefreshSeconds ?? CRL_LOOK_MS / SECOND_MS,
    fetch: () => {
      fetching.request(['crl']);
    },
    clock,
    random,
    signal: stopping.signal,
  });
  findRestic(env).catch((error: unknown) => {
    health.set('restic-missing', true, error instanceof AppError ? error.code : String(error));
  });

  function status(): AgentStatus {
    return {
      ...baseStatus(folder, settings, identity, renewalInformation),
      running: true,
      pid: process.pid,
      channel: policy()?.mode === 'pull' ? 'off' : beating.channel.isOpen ? 'open' : 'closed',
      relay: server.via === undefined ? null : relayName(server.via),
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
      verification:
        switched.untilMs === undefined ? { state: 'on' } : { state: 'off', untilMs: switched.untilMs },
      health: Object.entries(health.details).map(([code, detail]) => ({ code, detail })),
      refusedServers: refusedServers.all.map(({ server: name, error: { code, params } }) => ({
        server: name,
        code,
        params: { ...params },
      })),
      media:
        (assignment()?.media ?? null) === null
          ? null
          : { port: media.server?.port ?? null, folder: settings.mediaFolder ?? folder.repositories },
    };
  }

  async function stop(): Promise<void> {
    stopping.abort();
    await planClock.stop();
    await runner.stop();
    // What waits for an answer hears now that none comes: a server that hangs must not delay the stop.
    server.stop();
    await renewing.stop();
    await beating.stop();
    await fetching.stop();
    await refreshing;
    await media.stop();
    await names.stop();
    await home.settled();
    await switched.stop();
  }

  const acts: AgentParts = {
    get mediaPort() {
      return media.server?.port;
    },
    status,
    async setSettings({ allowCommands }) {
      // what environment and flags say stays out of the file
      await saveSettings(folder, { ...((await loadSettings(folder)) ?? settings), allowCommands });
      settings = { ...settings, allowCommands };
      log.info({ allowCommands }, 'settings changed');
      return { allowCommands };
    },
    async renew() {
      const { certificate } = await renewing.renewNow();
      return { fingerprint: certificate.fingerprint, notAfterMs: certificate.notAfterMs };
    },
    async heartbeat() {
      await beating.beat();
      await fetching.settled();
      return { lastContactMs: server.lastContactMs ?? null };
    },
    async repair({ package: text, caFingerprint }) {
      const found = await documents.repair(text, caFingerprint ?? undefined).finally(tellDocuments);
      log.warn(
        { generation: found.bundle.payload.serial, isNewCa: !found.isKnownRoot },
        'a communication package was taken',
      );
      repaired();
      return repairResult(found, { folder, settings, documents, identity, clock });
    },
    async reportPackage(code) {
      const event = { kind: 'event', event: 'document-refused', atMs: clock.nowMs() } as const;
      await spool.put({ ...event, spoolId: random.uuid(), detail: { type: 'package', code } });
      return { spooled: true };
    },
    ask: (target) => askPeer({ identity: () => identity, trust, names, lookup: options.lookup }, target),
    stop,
  };
  try {
    await media.reconcile();
    return acts;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `ADDRESS:PORT` of a setting that was checked. */
function endpointOf(raw: string | undefined): { host: string; port: number } | undefined {
  const [, host, port] = /^(.*):(\d+)$/.exec(raw ?? '') ?? [];
  return host === undefined ? undefined : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}
