import type { AppError } from '@sekisho/core/errors.ts';
import { HOUR_MS, type Clock, type Random } from '@sekisho/core/time.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { confirmRoot } from '../setup/confirm-root.ts';
import { parseFingerprint } from '../setup/fingerprint.ts';
import type { SimulatedHost } from './enrol-host.ts';
import { enrolHosts } from './enrol-hosts.ts';
import { LatencyBook } from './latency-book.ts';
import { requireOpenFiles } from './open-files.ts';
import { seededRandom } from './seeded-random.ts';
import { createSharedCrls } from './shared-crls.ts';
import { createSharedDocuments } from './shared-documents.ts';
import { startSimulatedAgent, type AgentWatch, type SimulatedAgent } from './simulated-agent.ts';
import { sourceAddress } from './source-addresses.ts';

/** Agents that are stopped at once. */
const STOP_AT_ONCE = 200;
const PROGRESS_EVERY_MS = 200;
/** Reports that are due together; the rest follows at once. */
const JOBS_AT_ONCE_MAX = 100;

export interface SimulateOptions {
  readonly server: { readonly host: string; readonly port: number };
  /** Of the CA, as an administrator gave it. */
  readonly expectedFingerprint: string;
  /** Good for as many hosts as there are agents. */
  readonly token: Secret;
  readonly agents: number;
  /** Takes the place of the policy's period. */
  readonly heartbeatMs: number;
  /** How long is measured, counted from the moment at which the last agent began to connect. */
  readonly durationMs: number;
  /** What is done with the running agents; the measurement ends with it, or when `durationMs` have passed. */
  readonly during?: ((running: RunningSimulation) => Promise<void>) | undefined;
  /** Agents begin to connect within this. */
  readonly spreadMs: number;
  /** Names the hosts, and repeats how they spread. */
  readonly seed: number;
  /** Certificates a second at most; as fast as the server answers when undefined. */
  readonly enrolPerSecond?: number | undefined;
  /** Reports of finished runs, of all agents together. They need a plan with a schedule that covers the simulated hosts. */
  readonly jobsPerHour?: number | undefined;
  /** Ends the simulation early, with what was measured until then. */
  readonly signal?: AbortSignal;
  /** Before the agents connect: what the simulated hosts need on the server, such as a plan. */
  readonly onEnrolled?: (hosts: readonly SimulatedHost[]) => Promise<void>;
  readonly onProgress?: (progress: SimulationProgress) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** The agents of a simulation while they run. */
export interface RunningSimulation {
  /** Agents that have an open channel. */
  readonly connected: number;
  /** From here on: periods without an answer, of the agent that missed most. */
  countMissed(): () => number;
  /** Ends with the measurement. */
  readonly signal: AbortSignal;
}

export interface SimulationProgress {
  readonly phase: 'enrolling' | 'connecting' | 'running';
  /** Hosts enrolled, agents that have begun, milliseconds passed. */
  readonly done: number;
  readonly total: number;
  /** Agents that have an open channel. */
  readonly connected: number;
  /** What the summary will count, so far. */
  readonly heartbeats: number;
  readonly documentsAcknowledged: number;
  readonly jobsReported: number;
  readonly renewals: number;
}

/** What a simulation measured. Times in milliseconds. */
export interface SimulationSummary {
  readonly agents: number;
  /** Agents without an answer within the last two periods, or without a certificate. */
  readonly lost: number;
  readonly enrolled: number;
  /** Agents whose channel was open at the end. */
  readonly connected: number;
  /** Heartbeats that were answered. */
  readonly heartbeats: number;
  /** Periods without an answered heartbeat: of all agents, and of the agent that missed most. */
  readonly heartbeatsMissed: number;
  readonly heartbeatsMissedMax: number;
  /** Channels that were opened again. */
  readonly reconnects: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly jobsReported: number;
  /** Certificates that were renewed, and how many a second from the first to the last of them. */
  readonly renewals: number;
  readonly certificatesPerSecond: number;
  /** Agents that hold the newest trust bundle that the server gives out at the end (F-37). */
  readonly onNewestGeneration: number;
  /** Documents of which the server was told that an agent holds them. */
  readonly documentsAcknowledged: number;
  /** Failed requests and refusals, by code; what was asked again with success is among them. */
  readonly errors: Readonly<Record<string, number>>;
  /** Heartbeats that no server answered, by code. */
  readonly heartbeatsRefused: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly heartbeatMs: number;
  /** How long getting all certificates took. */
  readonly enrolMs: number;
  readonly enrolledPerSecond: number;
  /** From the first connection to the last measurement. */
  readonly runMs: number;
  readonly heartbeatsPerSecond: number;
  /** Memory of the simulating process. */
  readonly residentBytes: number;
  readonly interrupted: boolean;
}

/**
 * S-10 Enrols and runs any number of agents in this process, and says what became of them. Each has a key and certificate of
 * its own and uses the agent's own connection, channel, heartbeat and document code; only its stores are in memory.
 * Refusals: SIMULATION_FILES_FEW, SERVER_UNREACHABLE and CA_FINGERPRINT_MISMATCH at the first contact; when no host at all could
 * enrol, the first refusal.
 */
export async function simulate(options: SimulateOptions): Promise<SimulationSummary> {
  requireOpenFiles(options.agents);
  const simulation = new Simulation(options);
  const { root } = await confirmRoot(
    { server: options.server, clock: options.clock, log: silentLog() },
    parseFingerprint(options.expectedFingerprint),
  );
  try {
    await simulation.enrol(root);
    await options.onEnrolled?.(simulation.hosts);
    await simulation.run(root);
    return simulation.summary();
  } finally {
    await simulation.stop();
  }
}

export const simulatedName = (seed: number, index: number): string => `sim-${seed}-${index + 1}`;

/** What is read at the end of the run, before the agents are stopped. */
type Measured = Pick<
  SimulationSummary,
  'lost' | 'connected' | 'heartbeatsMissed' | 'heartbeatsMissedMax' | 'onNewestGeneration' | 'runMs'
>;

class Simulation {
  readonly hosts: SimulatedHost[] = [];
  readonly #options: SimulateOptions;
  readonly #stopping = new AbortController();
  /** Ends with the simulation, or when somebody asks for it. */
  readonly #signal: AbortSignal;
  readonly #agents: SimulatedAgent[] = [];
  readonly #latency = new LatencyBook();
  readonly #errors = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  #acknowledged = 0;
  #reconnects = 0;
  #jobs = 0;
  #renewals = 0;
  #firstRenewalMs: number | undefined;
  #lastRenewalMs = 0;
  #enrolMs = 0;
  #runStartedMs: number | undefined;
  #measured: Measured | undefined;

  constructor(options: SimulateOptions) {
    this.#options = options;
    this.#signal =
      options.signal === undefined
        ? this.#stopping.signal
        : AbortSignal.any([options.signal, this.#stopping.signal]);
  }

  async enrol(root: Certificate): Promise<void> {
    const { agents, seed, server, token, clock, enrolPerSecond } = this.#options;
    const startedMs = clock.monotonicMs();
    let first: AppError | undefined;
    const order = new Map<SimulatedHost, number>();
    await enrolHosts(
      { server, root, token, clock },
      {
        names: Array.from({ length: agents }, (_, index) => simulatedName(seed, index)),
        localAddress: (index) => sourceAddress(server.host, index, process.platform),
        perSecondMax: enrolPerSecond,
        signal: this.#signal,
        failed: (error) => {
          first ??= error;
          this.#count(error.code);
        },
        enrolled: (host, index) => {
          order.set(host, index);
          this.hosts.push(host);
          this.#tell('enrolling', this.hosts.length, agents);
        },
      },
    );
    this.#enrolMs = clock.monotonicMs() - startedMs;
    // in the order of their names, whoever was first: so that a seed spreads the same agents in the same way
    this.hosts.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
    if (this.hosts.length === 0 && first !== undefined) throw first;
  }

  async run(root: Certificate): Promise<void> {
    const { clock, random, seed, spreadMs } = this.#options;
    const [anyHost] = this.hosts;
    if (anyHost === undefined || this.#signal.aborted) return;
    const openDocuments = createSharedDocuments({ domainId: anyHost.domainId, root, clock });
    const openCrls = createSharedCrls();
    const log = silentLog();
    this.#runStartedMs = clock.monotonicMs();
    const starting = this.hosts.map(async (host, index) => {
      const own = seededRandom(seed * 0x9e37 + index, random);
      await clock.sleep(own.fraction() * spreadMs, this.#signal);
      if (this.#signal.aborted) return;
      const documents = openDocuments();
      this.#agents.push(
        startSimulatedAgent(host, {
          server: this.#options.server,
          documents,
          crls: openCrls(() => [...documents.anchors, ...documents.intermediates]),
          heartbeatMs: this.#options.heartbeatMs,
          watch: this.#watch,
          clock,
          random: own,
          log,
        }),
      );
    });
    const reporting = this.#reportJobs();
    const showing = this.#showProgress();
    await Promise.all(starting);
    try {
      await this.#live();
    } finally {
      this.#measured = this.#measure(await this.#newestGeneration());
      this.#stopping.abort();
      await Promise.all([reporting, showing]);
    }
  }

  /** As long as it was asked for, or until what is done meanwhile has ended. */
  async #live(): Promise<void> {
    const { clock, durationMs, during } = this.#options;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    const ended = async (): Promise<void> => {
      try {
        await during?.(this.#running(signal));
      } finally {
        if (during !== undefined) over.abort();
      }
    };
    const passed = clock.sleep(durationMs, signal).then(() => {
      over.abort();
    });
    await Promise.all([passed, ended()]);
  }

  #running(signal: AbortSignal): RunningSimulation {
    const connected = (): number => this.#connected();
    return {
      signal,
      get connected() {
        return connected();
      },
      countMissed: () => {
        const before = this.#agents.map(({ missed }) => missed);
        return () =>
          this.#agents.reduce((most, { missed }, n) => Math.max(most, missed - (before[n] ?? 0)), 0);
      },
    };
  }

  /** As an agent gets it that is connected; undefined when nobody gets it. */
  async #newestGeneration(): Promise<number | undefined> {
    if (this.#options.signal?.aborted === true) return undefined;
    return this.#agents.find(({ isConnected }) => isConnected)?.newestGeneration();
  }

  summary(): SimulationSummary {
    const { agents, seed, heartbeatMs, signal } = this.#options;
    const measured = this.#measured ?? this.#measure(undefined);
    const round = (ms: number): number => Math.round(ms * 100) / 100;
    const perSecond = (count: number, ms: number): number => (ms === 0 ? 0 : round((count * 1_000) / ms));
    return {
      agents,
      ...measured,
      enrolled: this.hosts.length,
      heartbeats: this.#latency.count,
      reconnects: this.#reconnects,
      latencyMs: {
        p50: round(this.#latency.percentileMs(50)),
        p99: round(this.#latency.percentileMs(99)),
        max: round(this.#latency.maxMs),
      },
      jobsReported: this.#jobs,
      renewals: this.#renewals,
      certificatesPerSecond: perSecond(
        Math.max(0, this.#renewals - 1),
        this.#lastRenewalMs - (this.#firstRenewalMs ?? this.#lastRenewalMs),
      ),
      documentsAcknowledged: this.#acknowledged,
      errors: Object.fromEntries([...this.#errors].sort()),
      heartbeatsRefused: Object.fromEntries([...this.#refused].sort()),
      seed,
      heartbeatMs,
      enrolMs: Math.round(this.#enrolMs),
      enrolledPerSecond: perSecond(this.hosts.length, this.#enrolMs),
      heartbeatsPerSecond: perSecond(this.#latency.count, measured.runMs),
      residentBytes: process.memoryUsage.rss(),
      interrupted: signal?.aborted === true,
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (let at = 0; at < this.#agents.length; at += STOP_AT_ONCE)
      await Promise.all(this.#agents.slice(at, at + STOP_AT_ONCE).map((agent) => agent.stop()));
  }

  #connected(): number {
    return this.#agents.filter((agent) => agent.isConnected).length;
  }

  #measure(newest: number | undefined): Measured {
    const { agents, clock, signal } = this.#options;
    const missed = this.#agents.map((agent) => agent.missed);
    // somebody who ends it early takes nothing away from those that had not begun
    const begun = signal?.aborted === true ? this.#agents.length : agents;
    return {
      lost: begun - this.#agents.filter((agent) => !agent.isLost).length,
      connected: this.#connected(),
      onNewestGeneration: this.#agents.filter(({ generation }) => generation === newest).length,
      heartbeatsMissed: missed.reduce((sum, one) => sum + one, 0),
      heartbeatsMissedMax: missed.reduce((most, one) => Math.max(most, one), 0),
      runMs: this.#runStartedMs === undefined ? 0 : Math.round(clock.monotonicMs() - this.#runStartedMs),
    };
  }

  readonly #count = (code: string): void => {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  };

  readonly #watch: AgentWatch = {
    answered: (latencyMs) => {
      this.#latency.add(latencyMs);
    },
    acknowledged: (documents) => {
      this.#acknowledged += documents;
    },
    failed: this.#count,
    heartbeatRefused: (code) => {
      this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
    },
    reconnected: () => {
      this.#reconnects += 1;
    },
    jobTaken: () => {
      this.#jobs += 1;
    },
    renewed: () => {
      this.#renewals += 1;
      this.#lastRenewalMs = this.#options.clock.monotonicMs();
      this.#firstRenewalMs ??= this.#lastRenewalMs;
    },
  };

  /** Random agents report, at random times with the wanted mean. */
  async #reportJobs(): Promise<void> {
    const { jobsPerHour = 0, clock, random, seed } = this.#options;
    if (jobsPerHour === 0) return;
    const own = seededRandom(seed, random);
    const gapMs = (): number => (-Math.log(1 - own.fraction()) * HOUR_MS) / jobsPerHour;
    let dueMs = clock.monotonicMs() + gapMs();
    while (!this.#signal.aborted) {
      await clock.sleep(Math.max(0, dueMs - clock.monotonicMs()), this.#signal);
      for (let now = 0; now < JOBS_AT_ONCE_MAX && dueMs <= clock.monotonicMs(); now += 1) {
        this.#agents[Math.floor(own.fraction() * this.#agents.length)]?.reportJob();
        dueMs += gapMs();
      }
    }
  }

  async #showProgress(): Promise<void> {
    const { clock, spreadMs, durationMs } = this.#options;
    const startedMs = clock.monotonicMs();
    while (!this.#signal.aborted) {
      const passedMs = clock.monotonicMs() - startedMs;
      if (passedMs < spreadMs) {
        this.#tell('connecting', this.#agents.length, this.hosts.length);
      } else this.#tell('running', Math.min(durationMs, passedMs - spreadMs), durationMs);
      await clock.sleep(PROGRESS_EVERY_MS, this.#signal);
    }
  }

  #tell(phase: SimulationProgress['phase'], done: number, total: number): void {
    this.#options.onProgress?.({
      phase,
      done,
      total,
      connected: this.#connected(),
      heartbeats: this.#latency.count,
      documentsAcknowledged: this.#acknowledged,
      jobsReported: this.#jobs,
      renewals: this.#renewals,
    });
  }
}
