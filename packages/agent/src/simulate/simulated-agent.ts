import { AppError } from '@sekisho/core/errors.ts';
import { SECOND_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import {
  AGENT_CAPABILITIES,
  getPublicBundle,
  type Heartbeat,
  type HeartbeatReply,
} from '@sekisho/core/wire/agent.ts';
import { verifyBundle } from '@sekisho/pki/verify-bundle.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { KEPT_DOCUMENTS, type DocumentStore } from '../documents/document-store.ts';
import { startFetcher } from '../documents/fetcher.ts';
import { HealthBoard } from '../health.ts';
import { startHeart } from '../channel/heart.ts';
import { plansOfHost } from '../jobs/plan-clock.ts';
import { followLinks } from '../net/follow-links.ts';
import { createServerConnection } from '../net/server-connection.ts';
import type { CrlStore } from '../revocation/crl-store.ts';
import { AGENT_VERSION } from '../version.ts';
import { createBeatRecord } from './beat-record.ts';
import type { SimulatedHost } from './enrol-host.ts';
import { createMemorySpool } from './memory-spool.ts';
import { observeConnection } from './observe-connection.ts';
import { startSimulatedRenewal } from './simulated-renewal.ts';
import { simulatedReport } from './simulated-report.ts';

/** What happens to agents, told as it happens. */
export interface AgentWatch {
  /** A heartbeat was answered after so long. */
  readonly answered: (latencyMs: number) => void;
  /** The server was told so many documents that it had not known this agent to hold. */
  readonly acknowledged: (documents: number) => void;
  readonly failed: (code: string) => void;
  /** A heartbeat was answered by no server; it is among `failed` too. */
  readonly heartbeatRefused: (code: string) => void;
  readonly reconnected: () => void;
  readonly jobTaken: () => void;
  readonly renewed: () => void;
}

export interface SimulatedAgent {
  readonly isConnected: boolean;
  /** Periods without an answer so far. */
  readonly missed: number;
  /** Nothing was answered within two periods, or nothing at all. */
  readonly isLost: boolean;
  /** Of the trust bundle that it holds (F-37). */
  readonly generation: number;
  /** Of the trust bundle that its server gives out now; undefined when it gets none. */
  newestGeneration(): Promise<number | undefined>;
  /** Reports one finished run of a plan; false when no plan of its policy covers this host. */
  reportJob(): boolean;
  stop(): Promise<void>;
}

/**
 * The agent's own parts (connection, channel, heart, fetcher) on stores in memory: what the server sees is what a real agent
 * sends. It runs nothing: orders are refused with HOST_SIMULATED.
 */
export function startSimulatedAgent(
  host: SimulatedHost,
  parts: {
    readonly server: { readonly host: string; readonly port: number };
    readonly documents: DocumentStore;
    readonly crls: CrlStore;
    readonly heartbeatMs: number;
    readonly watch: AgentWatch;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
  },
): SimulatedAgent {
  const { documents, crls, heartbeatMs, watch, clock, random, log } = parts;
  const health = new HealthBoard();
  const bootId = random.uuid();
  const beats = createBeatRecord(clock.monotonicMs(), heartbeatMs);
  const policy = () => documents.held('policy')?.payload;
  let channels = 0;
  let sentMs = 0;
  let jobs = 0;
  let echoed: number[] = [];
  let acknowledged: number[] = KEPT_DOCUMENTS.map(() => 0);

  const spool = createMemorySpool((items) => {
    for (const item of items) if (item.kind === 'job') watch.jobTaken();
  });
  const connection = createServerConnection({
    documents,
    bootstrap: { ...parts.server, serverId: host.serverId },
    identity: () => host.identity,
    trust: () => ({
      domainId: host.domainId,
      anchors: documents.anchors,
      intermediates: documents.intermediates,
      revocations: crls,
      staleCrl: policy()?.staleCrl ?? 'open',
      nowMs: clock.nowMs(),
    }),
    onRefused: () => undefined,
    followLinks: async (untrusted) => {
      const { domainId, localAddress } = host;
      const isNew = await followLinks(untrusted, { documents, domainId, localAddress, clock, log });
      if (isNew) heart.beatSoon();
      return isNew;
    },
    onHostRefused: ({ code }) => {
      if (code === 'CERTIFICATE_CA_RETIRED') renewal.ask();
    },
    localAddress: host.localAddress,
    clock,
    random,
    log,
  });
  const server = observeConnection(connection, {
    failed: watch.failed,
    heartbeatRefused: watch.heartbeatRefused,
    channelOpened: () => {
      if (channels > 0) watch.reconnected();
      channels += 1;
    },
  });
  const fetcher = startFetcher({
    documents,
    crls,
    server,
    spool,
    health,
    onAdopted: (what) => {
      if (what === 'policy') heart.policyChanged();
      heart.beatSoon();
    },
    onRenewalAsked: () => {
      renewal.ask();
    },
    clock,
    random,
    log,
  });

  const renewal = startSimulatedRenewal({
    server,
    documents,
    domainId: host.domainId,
    identity: () => host.identity,
    onRenewed: (next) => {
      host.identity = next;
      server.identityChanged();
      heart.channel.reconnect();
      heart.beatSoon();
      watch.renewed();
    },
    onFailed: (code) => {
      const event = { event: 'renewal-failed', atMs: clock.nowMs() } as const;
      const detail = { code, fingerprint: host.identity.certificate.fingerprint };
      spool.put({ kind: 'event', spoolId: random.uuid(), ...event, detail }).catch(failed);
    },
    clock,
  });

  function heartbeat(): Heartbeat {
    sentMs = clock.monotonicMs();
    echoed = KEPT_DOCUMENTS.map((type) => documents.serial(type));
    return {
      sentAtMs: clock.nowMs(),
      bundleGeneration: documents.serial('bundle'),
      listSerial: documents.serial('list'),
      assignmentSerial: documents.serial('assignment'),
      policySerial: documents.serial('policy'),
      crlNumber: crls.number,
      heartbeatSeconds: Math.max(1, Math.ceil(heartbeatMs / SECOND_MS)),
      certificates: [host.identity.certificate.fingerprint],
      version: AGENT_VERSION,
      bootId,
      health: health.codes,
      spooled: spool.size,
      capabilities: [...AGENT_CAPABILITIES],
    };
  }

  function answered(reply: HeartbeatReply, said: Heartbeat): void {
    const nowMs = clock.monotonicMs();
    beats.answered(nowMs);
    watch.answered(nowMs - sentMs);
    watch.acknowledged(echoed.filter((serial, at) => serial > (acknowledged[at] ?? 0)).length);
    acknowledged = echoed;
    renewal.take(reply.renewal);
    fetcher.answered(reply.fetch, said);
    reply.offers.forEach(refuse);
  }

  /** The order is verified as always, and answered: the server then knows that nobody will carry it out. */
  function refuse(jws: string): void {
    const answer = async (): Promise<void> => {
      const order = await documents.verifyOrder(jws);
      if (order.hostId !== host.identity.hostId) return;
      await spool.put({
        kind: 'offer',
        spoolId: `offer-${order.jobId}`,
        jobId: order.jobId,
        accepted: false,
        code: 'HOST_SIMULATED',
        params: { host: host.name },
        startedAtMs: null,
      });
    };
    answer().catch(failed);
  }
  const failed = (error: unknown): void => {
    watch.failed(error instanceof AppError ? error.code : 'INTERNAL');
  };

  const heart = startHeart({
    server,
    spool: spool,
    heartbeat,
    period: () => ({ seconds: heartbeatMs / 1_000, mode: policy()?.mode ?? 'push' }),
    onReply: answered,
    onCome: (frame) => {
      if (frame.type === 'come') fetcher.request(frame.fetch, frame.documents, frame.crlNumber);
      else if (frame.type === 'renewal') renewal.take(frame.renewal);
      else if (frame.type === 'job.offer') refuse(frame.order);
    },
    health,
    clock,
    random,
    log,
  });

  return {
    get isConnected() {
      return heart.channel.isOpen;
    },
    get missed() {
      return beats.missedUntil(clock.monotonicMs());
    },
    get isLost() {
      return beats.isLost(clock.monotonicMs());
    },
    get generation() {
      return documents.serial('bundle');
    },
    async newestGeneration() {
      try {
        const { jws } = await server.call(getPublicBundle, {});
        const { anchors } = documents;
        const wish = { domainId: host.domainId, anchors, nowMs: clock.nowMs() };
        return (await verifyBundle(jws, wish)).payload.serial;
      } catch (error) {
        failed(error);
        return undefined;
      }
    },
    reportJob() {
      const { hostId } = host.identity;
      const [plan] = plansOfHost(policy(), hostId);
      const report = plan && simulatedReport(plan, { hostId, nth: jobs, nowMs: clock.nowMs(), random });
      if (report === undefined) return false;
      jobs += 1;
      spool.put({ kind: 'job', spoolId: `job-${report.jobId}`, report }).catch(failed);
      return true;
    },
    async stop() {
      server.stop();
      await renewal.stop();
      await heart.stop();
      await fetcher.stop();
    },
  };
}
