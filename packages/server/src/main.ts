import { ADMIN_BODY_BYTES_MAX, AGENT_BODY_BYTES_MAX, HEADER_BYTES_MAX } from '@sekisho/core/limits.ts';
import { isGiven } from '@sekisho/core/settings/resolve-settings.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { listenForMetrics } from '@sekisho/platform/metrics-listener.ts';
import { listen } from '@sekisho/platform/ports.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { FastifyInstance } from 'fastify';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { resolve as resolvePath } from 'node:path';
import { loadConfigWithOrigins, type ServerConfig, type ServerFlags, WITHOUT_EFFECT } from './config.ts';
import type { FleetParts, ServerContext, ServerPorts } from './context.ts';
import { adminSessionRoutes } from './features/admin-sessions/admin-sessions.routes.ts';
import { startAccounts } from './features/administrators/accounts.ts';
import { administratorRoutes } from './features/administrators/administrators.routes.ts';
import { certificateRoutes } from './features/certificates/certificates.routes.ts';
import { apiKeyRoutes } from './features/api-keys/api-keys.routes.ts';
import { auditRoutes, checkpointPage } from './features/audit/audit.routes.ts';
import { AUDIT_ROWS_PURPOSE } from './features/audit/audit-key.ts';
import { openAudit } from './features/audit/audit-service.ts';
import { noteMissingRights, RefusalBook } from './features/audit/refusal-book.ts';
import { recordServerStart, recordServerStop } from './features/audit/server-life.ts';
import { startDocuments } from './features/documents/document-service.ts';
import { documentRoutes, publicBundleRoute } from './features/documents/documents.routes.ts';
import { domainRoutes } from './features/domain/domain.routes.ts';
import { crlPages, publicPages } from './features/domain/public-pages.ts';
import { oidcRoutes } from './features/oidc/oidc.routes.ts';
import { agentPackageRoutes, packageRoutes } from './features/packages/packages.routes.ts';
import { passkeyRoutes } from './features/passkeys/passkeys.routes.ts';
import { publishTrust } from './features/domain/publish-trust.ts';
import { readDomainFacts } from './features/domain/read-domain.ts';
import { EventStreams } from './features/events-stream/event-streams.ts';
import { eventRoutes } from './features/events-stream/events.routes.ts';
import { estRoutes } from './features/est/est.routes.ts';
import { startFleet, type RunningFleet } from './features/fleet/fleet-service.ts';
import { hostRoutes } from './features/hosts/hosts.routes.ts';
import { rememberConfiguredHosts } from './features/hosts/known-hosts.ts';
import { admitRelay, followRelays, relayRoutes } from './features/hosts/relays.ts';
import { manualRoutes } from './features/issuance/sign-by-hand.ts';
import { resolveForward } from './features/issuance/forward-records.ts';
import { keyRoutes } from './features/keys/keys.routes.ts';
import { readKek } from './features/keys/kek.ts';
import { renewOcspSigners } from './features/keys/ocsp-signer.ts';
import { followKeys, loadKeys } from './features/keys/key-store.ts';
import { LegacyDesk } from './features/legacy/legacy-desk.ts';
import { legacyQuestionRoutes, legacyRoutes } from './features/legacy/legacy.routes.ts';
import { plainLegacyRoutes } from './features/legacy/plain.routes.ts';
import { NameDesk } from './features/names/name-desk.ts';
import { nameRoutes, peerRoutes } from './features/names/names.routes.ts';
import { RenewalBoard } from './features/renewals/renewal-board.ts';
import { renewalRoutes } from './features/renewals/renewals.routes.ts';
import { RekeyPacer } from './features/rotation/rekey-pacer.ts';
import { RotationBoard } from './features/rotation/rotation-board.ts';
import { rotationChanges } from './features/rotation/rotation-changes.ts';
import type { RotationContext } from './features/rotation/rotation-context.ts';
import { RotationMachine } from './features/rotation/rotation-machine.ts';
import { ShownKeys } from './features/rotation/shown-key.ts';
import { rotationRoutes } from './features/rotation/rotation.routes.ts';
import { CertificateRegistry } from './features/revocation/certificate-registry.ts';
import { startCrlCache, type CrlCache } from './features/revocation/crl-cache.ts';
import { CrlShards } from './features/revocation/crl-shards.ts';
import { CrlSigner } from './features/revocation/crl-signer.ts';
import { OcspResponder } from './features/revocation/ocsp-responder.ts';
import { serveOcsp } from './features/revocation/ocsp-http.ts';
import { revocationRoutes } from './features/revocation/revocations.routes.ts';
import { SpreadBoard } from './features/revocation/spread-board.ts';
import { securityRoutes } from './features/security/security.routes.ts';
import { startSecurityCache } from './features/security/security-cache.ts';
import { TaskRunner } from './features/tasks/task-runner.ts';
import { taskRoutes } from './features/tasks/tasks.routes.ts';
import { linkPages } from './features/sign-in/link-pages.ts';
import { PasswordHasher, type PasswordCost } from './features/sign-in/password-hasher.ts';
import { signInRoutes } from './features/sign-in/sign-in.routes.ts';
import { tokenRoutes } from './features/tokens/tokens.routes.ts';
import { healthPages } from './health/health-pages.ts';
import { drain, refuseWhileDraining, RequestsUnderWay } from './health/drain.ts';
import { Readiness } from './health/readiness.ts';
import { listenOnAdminSocket } from './http/admin-socket.ts';
import {
  answerUnready,
  createAgentListener,
  HANDSHAKE_TIMEOUT_MS,
  HEADERS_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
} from './http/agent-listener.ts';
import { guardAdministration, setSecurityHeaders } from './http/administrator-guards.ts';
import { createApp, type Identify } from './http/app.ts';
import { documentationRoutes, errorPages } from './http/documentation.routes.ts';
import { createConfirmPeer } from './http/confirm-peer.ts';
import { createAdministratorIdentify } from './http/identify-administrator.ts';
import { answerClientErrors } from './http/client-error.ts';
import { PeerConnections } from './http/connections.ts';
import { CURSOR_KEY_PURPOSE } from './http/cursor.ts';
import { Idempotency, IDEMPOTENCY_PRUNE_EVERY_MS } from './http/idempotency.ts';
import { identifyLocal } from './http/local-principal.ts';
import { PeerReader } from './http/peer.ts';
import { startLoop } from './loops/loop.ts';
import { startAuditLoop } from './loops/audit-loop.ts';
import { startRotationLoop } from './loops/rotation-loop.ts';
import { startTrustLoop } from './loops/trust-loop.ts';
import { newestBackupMs } from './features/database/backup-files.ts';
import { clusterRoutes } from './features/clusters/clusters.routes.ts';
import { plainAgentRoutes } from './features/verification/plain-agents.ts';
import { SignedRequests } from './features/verification/signed-requests.ts';
import { serverListRoutes } from './features/server-lists/server-lists.routes.ts';
import { databaseRoutes } from './features/database/database.routes.ts';
import { backupsFolderOf } from './features/database/read-database.ts';
import { startBackupLoop } from './loops/backup-loop.ts';
import { observeRequests } from './http/observe-requests.ts';
import { collectFigures } from './metrics/collect-figures.ts';
import { metricsPages } from './metrics/metrics-pages.ts';
import { ServerMetrics } from './metrics/server-metrics.ts';
import { ChangeFeed } from './store/change-feed.ts';
import { openStore } from './store/open-store.ts';
import { runWorker } from './store/run-worker.ts';
import { WORKER_BLIND_MS_MAX } from './store/workers.ts';

export { hasAdministrator } from './features/administrators/administrator-rows.ts';
export { initServer, type InitOptions, type InitResult } from './features/domain/init-server.ts';
export type { ActiveNode } from './features/domain/active-node.ts';
export { joinServer } from './features/domain/join-server.ts';

export interface StartOptions extends ServerFlags {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly overrides?: {
    /** Addresses of a name's forward records. */
    readonly resolve?: (name: string) => Promise<readonly string[]>;
    /** What a password hash costs. */
    readonly passwordCost?: PasswordCost;
  };
}

/** A management server that serves. */
export interface RunningServer {
  readonly ports: ServerPorts;
  readonly socketPath: string;
  readonly context: ServerContext;
  /** Certificate updates (F-30). */
  readonly rotations: RotationContext;
  /** Swaps the TLS certificate of both TLS ports in the running process (F-39). */
  replaceTls(tls: { key: string; cert: string }): void;
  /** Graceful: no new work, open sockets end, everything on disk. */
  stop(): Promise<void>;
}

/**
 * Starts a management server on an initialised data folder. Refusals: SERVER_NOT_INITIALISED, CONFIG_INVALID, KEK_…,
 * DATABASE_…, SECRET_UNREADABLE, PORT_TAKEN (it names the flag).
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const stopping = new Undo(options.log);
  try {
    return await assemble(options, stopping);
  } catch (error) {
    await stopping.run();
    throw error;
  }
}

async function assemble(options: StartOptions, stopping: Undo): Promise<RunningServer> {
  const { clock, random, log } = options;
  const environment = options.environment ?? process.env;
  const dataFolder = resolvePath(options.dataFolder);
  const { config, settings } = await loadConfigWithOrigins(dataFolder, options, environment);
  if (isGiven(settings, 'log.level')) log.level = config.log.level;
  const kek = await readKek(dataFolder, environment);
  const metrics = new ServerMetrics();
  const store = await openStore({
    database: config.database,
    dataFolder,
    clock,
    log,
    onTransaction: (milliseconds, committed) => {
      metrics.add('sekisho_store_transactions_total', { outcome: committed ? 'committed' : 'failed' });
      metrics.observe('sekisho_store_transaction_seconds', {}, milliseconds / 1_000);
    },
  });
  stopping.add(() => store.close());
  const keys = await loadKeys(store.db, kek);
  store.setAuditKey(new Secret(keys.derive(AUDIT_ROWS_PURPOSE)));
  const domain = await readDomainFacts(store.db, keys);

  const connections = new PeerConnections();
  const watching: { streams?: EventStreams } = {};
  const feed = new ChangeFeed({
    store,
    clock,
    log,
    onStale: () => {
      connections.cutAll();
      watching.streams?.endAll('stale');
    },
  });
  await feed.start();
  stopping.add(() => feed.stop());
  const workerId = random.uuid();
  const worker = await runWorker({
    store,
    feed,
    workerId,
    instanceId: config.instanceId,
    clock,
    log,
    onRemoved: () => connections.cutAll(),
  });
  stopping.add(() => worker.stop());

  const registry = new CertificateRegistry({ store, clock });
  await registry.start(feed);
  const security = await startSecurityCache(store, feed);
  followKeys(keys, { store, feed });
  const accounts = startAccounts({ store, feed });
  const passwords = new PasswordHasher({ random, cost: options.overrides?.passwordCost });
  const documents = await startDocuments({ store, feed, clock, domainId: domain.id, keys });
  const audit = await openAudit({ store, clock, log, keys, domainId: domain.id, make: documents.make });
  const refusals = new RefusalBook({ store, clock, log });
  // hosts come in after the fleet has started
  const groups: { fleet?: RunningFleet } = {};
  const mapsNames = (hostId: HostId): boolean =>
    groups.fleet?.mapsNames(hostId) ?? security.current().mapAutomatically;
  const names = new NameDesk({ store, feed, clock, log, domain, registry, mapsNames, refusals });
  await names.start();
  const { reportingCollector } = config;
  const legacy = new LegacyDesk({ store, feed, clock, log, security, refusals, reportingCollector });
  await legacy.start();
  if (environment[WITHOUT_EFFECT] !== undefined)
    log.warn({ variable: WITHOUT_EFFECT }, 'this variable has no effect: sekisho security set decides');
  const renewals = new RenewalBoard({ store, clock });
  await renewals.start(feed);
  const auditLoop = startAuditLoop({ audit, store, clock, log, config, workerId });
  stopping.add(() => auditLoop.stop());
  stopping.add(() => refusals.stop());
  await recordServerStart({ clock, config, store, workerId });
  stopping.add(() => recordServerStop({ clock, config, store, workerId }));
  const crls = await startCrlCache({ store, feed });
  const shards = new CrlShards({ store, log });
  await shards.start(feed);
  const crlSigner = new CrlSigner({ store, clock, keys });
  const peers = new PeerReader({
    clock,
    log,
    domain,
    keys,
    registry,
    isFresh: () => feed.fresh,
    catchUp: () => feed.catchUp(),
    onRefused: ({ code, origin, subject }) => {
      refusals.note({ act: 'refuse-peer', actor: 'unknown', origin, subject, code });
    },
    onPeer: ({ hostId }, socket) => {
      shownKeys.note(hostId, socket);
    },
  });

  const board = await RotationBoard.open({ clock, config, feed, keys, log, store });
  const rekeys = new RekeyPacer({ clock, log, registry, current: () => board.current });
  const answering: { fleet?: RunningFleet } = {};
  const shownKeys = new ShownKeys({
    current: () => board.current,
    tls: () => board.tls,
    index: () => answering.fleet?.index,
    onFormer: (hostId) => {
      rekeys.forget(hostId);
    },
  });
  const listener = createAgentListener({
    tls: board.tls,
    caPem: board.caPem,
    connections,
    random,
    log,
  });
  const { key, cert } = board.tls;
  const admin = createHttpsServer({ key, cert, minVersion: 'TLSv1.2', ...TIMEOUTS }, notYet);
  const replaceTls = (tls: { key: string; cert: string }, caPem?: string): void => {
    listener.replaceTls(tls, caPem);
    admin.setSecureContext({ key: tls.key, cert: tls.cert, minVersion: 'TLSv1.2' });
  };
  admin.prependListener('request', (_request, response) => {
    setSecurityHeaders(response);
  });
  const plain = createHttpServer(TIMEOUTS, notYet);
  // nobody shows who they are there: capped like strangers of the agent port, the oldest gives way
  const strangers = new PeerConnections();
  for (const server of [admin, plain])
    server.on('connection', (socket: Socket) => {
      strangers.accepted(socket);
    });
  answerClientErrors(admin);
  answerClientErrors(plain);
  const ports = await listenAll(config, { agent: listener.server, admin, http: plain }, stopping);
  stopping.add(() => {
    connections.cutAll();
    strangers.cutAll();
  });

  const tasks = new TaskRunner({ store, feed, clock, random, log, workerId });
  await tasks.start();
  stopping.add(() => tasks.stop());
  const parts: FleetParts = {
    config,
    clock,
    random,
    log,
    store,
    domain,
    ports,
    keys,
    feed,
    registry,
    shards,
    crlSigner,
    documents,
    audit,
    refusals,
    names,
    legacy,
    renewals,
    rekeys,
    security,
    connections,
    accounts,
    passwords,
    tasks,
    workerId,
    dataFolder,
    metrics,
    resolve: options.overrides?.resolve ?? resolveForward,
  };
  await publishTrust(parts);
  await renewOcspSigners(parts);
  await rememberConfiguredHosts(parts);
  const fleet = await startFleet(parts, config.fleet);
  groups.fleet = fleet;
  answering.fleet = fleet;
  stopping.add(() => fleet.stop());
  const context: ServerContext = { ...parts, fleet };

  const loop = startTrustLoop(context, { changeTicketKeys: listener.changeTicketKeys });
  stopping.add(() => loop.stop());
  const rotations = await startRotations(context, { board, fleet, replaceTls });
  stopping.add(() => rotations.stop());
  const spread = new SpreadBoard(context);
  await spread.start();
  stopping.add(() => spread.stop());
  const streams = new EventStreams(context);
  watching.streams = streams;
  streams.start();
  stopping.add(() => streams.stop());
  const idempotency = new Idempotency({ store, clock, log, box: keys, workerId });
  const pruning = startLoop({
    clock,
    log,
    name: 'idempotency-keys',
    everyMs: IDEMPOTENCY_PRUNE_EVERY_MS,
    run: () => idempotency.prune(),
  });
  stopping.add(() => pruning.stop());
  const readiness = new Readiness({
    clock,
    store,
    feed,
    keys,
    dataFolder,
    freeMegabytes: config.disk.freeMegabytes,
  });
  const backupsFolder = backupsFolderOf(config, dataFolder);
  const backups = startBackupLoop(context);
  stopping.add(() => backups.stop());
  collectFigures(context, metrics, {
    crls,
    readiness,
    dataFolder,
    newestBackupMs: () => newestBackupMs(backupsFolder),
  });
  if (config.metrics.listen !== undefined) {
    const listening = await listenForMetrics(config.metrics.listen, metrics);
    stopping.add(() => listening.close());
    log.info({ port: listening.port }, 'metrics are served without sign-in');
  }
  const underWay = new RequestsUnderWay();
  const apps = buildApps(context, {
    peers,
    crls,
    idempotency,
    readiness,
    streams,
    spread,
    rotations: rotations.context,
  });
  for (const app of Object.values(apps)) refuseWhileDraining(app, { readiness, underWay });
  await Promise.all(Object.values(apps).map((app) => app.ready()));
  const { agentApp, adminApp } = apps;
  serve(admin, apps.webApp);
  const ocsp = { responder: new OcspResponder(context), metrics, clock };
  serve(plain, apps.plainApp, (request, response) => serveOcsp(ocsp, request, response));

  const socketServer = createHttpServer(TIMEOUTS, (request, response) => adminApp.routing(request, response));
  answerClientErrors(socketServer);
  const socket = await listenOnAdminSocket(socketServer, dataFolder);
  stopping.add(async () => {
    await closeServer(socketServer);
    await socket.close();
  });
  listener.serve({
    // with SQLite there is no other process that could have changed what is shown
    mayShow: () => store.dialect === 'sqlite' || feed.lagMs < WORKER_BLIND_MS_MAX,
    app: agentApp,
    peers,
    handleUpgrade: (request, upgraded, head, peer) => fleet.handleUpgrade(request, upgraded, head, peer),
    admitRelay: (hostId, origin) => admitRelay(context, hostId, origin),
  });
  stopping.add(() => listener.serve(undefined));
  stopping.add(followRelays(context, listener.relays));
  let stopped: Promise<void> | undefined;
  log.info({ ports, socketPath: socket.path, domainId: domain.id, workerId }, 'management server runs');
  return {
    ports,
    socketPath: socket.path,
    context,
    rotations: rotations.context,
    replaceTls,
    stop: () => {
      const { graceSeconds, spreadSeconds } = config.stop;
      stopped ??= drain({
        log,
        readiness,
        underWay,
        endStreams: () => streams.stop(),
        endTasks: () => tasks.stop(),
        endChannels: (spreadMs) => fleet.drain(spreadMs),
        spreadMs: spreadSeconds * SECOND_MS,
        graceMs: graceSeconds * SECOND_MS,
      }).then(() => stopping.run());
      return stopped;
    },
  };
}

/** F-30 Certificate updates: what this process shows, and the duty that moves an update on. */
async function startRotations(
  context: ServerContext,
  parts: {
    board: RotationBoard;
    fleet: RunningFleet;
    replaceTls: (tls: { key: string; cert: string }, caPem: string) => void;
  },
): Promise<{ context: RotationContext; stop: () => Promise<void> }> {
  const { clock, registry } = context;
  const { board, fleet, replaceTls } = parts;
  const facts = {
    index: fleet.index,
    registry,
    clock,
    periodOf: fleet.periodOf,
    hasChannel: (hostId: HostId) => fleet.hub.session(hostId) !== undefined,
    newestFor: fleet.newestFor,
    isOff: fleet.isOff,
    leadsSinceMs: context.keys.leadsSinceMs,
  };
  const rekeying = context.rekeys.start({
    hosts: () => fleet.index.hosts(),
    hasChannel: facts.hasChannel,
    push: (hostId, fetch) => {
      fleet.push(hostId, fetch);
    },
  });
  const changeFor = rotationChanges(context);
  const machine = new RotationMachine({ parts: context, fleet: facts, changeFor });
  const loop = startRotationLoop(context, { board, machine, fleet: facts });
  const unfollow = await board.follow({ replace: replaceTls, changeFor, onChange: loop.context.wake });
  return {
    context: loop.context,
    stop: async () => {
      unfollow();
      await rekeying.stop();
      await loop.stop();
    },
  };
}

const TIMEOUTS = {
  handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: HEADER_BYTES_MAX,
  requireHostHeader: false, // asked for in app.ts, where the refusal gets its words
} as const;
const notYet = (_request: unknown, response: Parameters<typeof answerUnready>[0]): void => {
  answerUnready(response);
};

/** The routes of each listener: agents' port, socket, administration port, plain port. */
function buildApps(
  context: ServerContext,
  parts: {
    peers: PeerReader;
    crls: CrlCache;
    idempotency: Idempotency;
    readiness: Readiness;
    streams: EventStreams;
    spread: SpreadBoard;
    rotations: RotationContext;
  },
) {
  const { log, keys } = context;
  const identifyPeer: Identify = async (request, access) => {
    if (access !== 'peer' && access !== 'renewing-peer') return { kind: 'public' };
    const what = access === 'peer' ? 'anything' : 'renewal';
    return { kind: 'peer', peer: await parts.peers.awaitPeer(request.raw.socket, what) };
  };
  const confirmPeer = createConfirmPeer(context);
  const agentApp = createApp({
    identify: identifyPeer,
    confirmPeer,
    bodyBytesMax: AGENT_BODY_BYTES_MAX,
    log,
  });
  const observed = { log, metrics: context.metrics };
  observeRequests(agentApp, { ...observed, listener: 'agent', level: 'debug' });
  estRoutes(agentApp, context);
  documentRoutes(agentApp, context);
  agentPackageRoutes(agentApp, context);
  peerRoutes(agentApp, context);
  legacyQuestionRoutes(agentApp, context);
  context.fleet.agentRoutes(agentApp);
  relayRoutes(agentApp, context);
  // a host in a DMZ has no way to the plain port
  crlPages(agentApp, parts.crls);
  errorPages(agentApp);

  const administration = {
    bodyBytesMax: ADMIN_BODY_BYTES_MAX,
    log,
    cursorKey: keys.derive(CURSOR_KEY_PURPOSE),
    idempotency: parts.idempotency,
  };
  const adminApp = createApp({ ...administration, identify: identifyLocal });
  const webApp = createApp({ ...administration, identify: createAdministratorIdentify(context) });
  observeRequests(adminApp, { ...observed, listener: 'socket', level: 'info' });
  observeRequests(webApp, { ...observed, listener: 'admin', level: 'info' });
  guardAdministration(webApp, context);
  linkPages(webApp);
  publicPages(webApp, context);
  checkpointPage(webApp, context);
  for (const app of [adminApp, webApp]) {
    noteMissingRights(app, context.refusals);
    healthPages(app, parts.readiness);
    metricsPages(app, context.metrics);
    administrationRoutes(app, context, parts.spread);
    rotationRoutes(app, parts.rotations);
    eventRoutes(app, parts.streams);
  }

  const signed = new SignedRequests(context);
  const identifySigned: Identify = async (request, access) =>
    access === 'peer' ? { kind: 'peer', peer: await signed.requirePeer(request.raw) } : { kind: 'public' };
  const plainApp = createApp({ identify: identifySigned, confirmPeer, bodyBytesMax: 1, log });
  observeRequests(plainApp, { ...observed, listener: 'plain', level: 'debug' });
  publicPages(plainApp, context);
  relayRoutes(plainApp, context);
  publicBundleRoute(plainApp, context);
  checkpointPage(plainApp, context);
  crlPages(plainApp, parts.crls);
  plainLegacyRoutes(plainApp, context);
  plainAgentRoutes(plainApp, context, signed);
  errorPages(plainApp);
  return { agentApp, adminApp, webApp, plainApp };
}

/** What administrators ask, on the socket and on the administration port alike. */
function administrationRoutes(app: FastifyInstance, context: ServerContext, spread: SpreadBoard): void {
  documentationRoutes(app);
  domainRoutes(app, context);
  securityRoutes(app, context);
  hostRoutes(app, context);
  nameRoutes(app, context);
  legacyRoutes(app, context);
  tokenRoutes(app, context);
  certificateRoutes(app, context);
  renewalRoutes(app, context);
  manualRoutes(app, context);
  clusterRoutes(app, context);
  serverListRoutes(app, context);
  packageRoutes(app, context);
  revocationRoutes(app, context, spread);
  auditRoutes(app, context);
  keyRoutes(app, context);
  apiKeyRoutes(app, context);
  oidcRoutes(app, context);
  passkeyRoutes(app, context);
  taskRoutes(app, context);
  databaseRoutes(app, context);
  administratorRoutes(app, context);
  adminSessionRoutes(app, context);
  signInRoutes(app, context);
  context.fleet.adminRoutes(app);
}

/** From now on the listener answers with these routes, unless something before them takes a request. */
function serve(
  server: HttpServer | HttpsServer,
  app: FastifyInstance,
  takes: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
): void {
  server.removeListener('request', notYet);
  server.on('request', (request, response) => {
    if (!takes(request, response)) app.routing(request, response);
  });
}

async function listenAll(
  config: ServerConfig,
  servers: { agent: Server; admin: Server; http: Server },
  stopping: Undo,
): Promise<ServerPorts> {
  const host = config.listen ?? allAddresses();
  const bind = async (server: Server, port: number, flag: string): Promise<number> => {
    const bound = await listen(server, { host, port, flag });
    stopping.add(() => closeServer(server));
    return bound;
  };
  return {
    agent: await bind(servers.agent, config.agentPort, '--agent-port'),
    admin: await bind(servers.admin, config.adminPort, '--admin-port'),
    http: await bind(servers.http, config.httpPort, '--http-port'),
  };
}

/** Both families where the machine has IPv6, else IPv4 alone. */
function allAddresses(): string {
  const families = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return families.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

/** No new connections, and the open ones end: idle ones now, others with the answer that is under way. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    if ('closeIdleConnections' in server && typeof server.closeIdleConnections === 'function')
      server.closeIdleConnections();
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      setTimeout(() => {
        (server as HttpServer).closeAllConnections();
      }, CLOSE_GRACE_MS).unref();
  });
}

/** What is under way when the server stops may take so long. */
const CLOSE_GRACE_MS = 500;

/** What was begun, to be undone in reverse: at the stop, or when a start fails half-way. */
class Undo {
  readonly #steps: (() => unknown)[] = [];
  readonly #log: Log;
  #running: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    for (const step of this.#steps.reverse()) {
      try {
        await step();
      } catch (error) {
        this.#log.warn({ err: error }, 'a step of stopping failed');
      }
    }
  }
}
