import { confirmRoot } from '@sekisho/agent/setup/confirm-root.ts';
import { parseFingerprint } from '@sekisho/agent/setup/fingerprint.ts';
import {
  KEPT_DOCUMENTS,
  type DocumentStore,
  type KeptDocument,
} from '@sekisho/agent/documents/document-store.ts';
import type { CrlStore } from '@sekisho/agent/revocation/crl-store.ts';
import type { SimulatedHost } from '@sekisho/agent/simulate/enrol-host.ts';
import { enrolHosts } from '@sekisho/agent/simulate/enrol-hosts.ts';
import { LatencyBook } from '@sekisho/agent/simulate/latency-book.ts';
import { seededRandom } from '@sekisho/agent/simulate/seeded-random.ts';
import { createSharedCrls } from '@sekisho/agent/simulate/shared-crls.ts';
import { createSharedDocuments } from '@sekisho/agent/simulate/shared-documents.ts';
import { simulatedName } from '@sekisho/agent/simulate/simulate.ts';
import { startSimulatedAgent, type SimulatedAgent } from '@sekisho/agent/simulate/simulated-agent.ts';
import { sourceAddress } from '@sekisho/agent/simulate/source-addresses.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** Where a fleet enrols, and how its agents live. */
export const fleetWish = z.object({
  port: z.int(),
  caFingerprint: z.string(),
  heartbeatMs: z.int(),
  seed: z.int(),
});
export type FleetWish = z.infer<typeof fleetWish>;

const counts = z.record(z.string(), z.int());
/** What a fleet says of itself. */
export const fleetState = z.object({
  running: z.int(),
  connected: z.int(),
  /** Running agents without an answer within the last two periods. */
  lost: z.int(),
  /** Of running agents, since `countMissed`: periods without an answer, of the one that missed most. */
  missedMax: z.int(),
  /** Running agents by the generation of the trust bundle that they hold. */
  generations: counts,
  /** The newest that one of them holds. */
  newest: z.object({ bundle: z.int(), list: z.int(), policy: z.int() }),
  /** Heartbeats that nobody answered, by code; since the start, as all that follows. */
  refused: counts,
  /** What failed between an agent and its server, by code; refused heartbeats are among it. */
  failed: counts,
  heartbeats: z.int(),
  reconnects: z.int(),
  renewals: z.int(),
});
export type FleetState = z.infer<typeof fleetState>;

/** What several parts of a fleet say, as one. */
export function mergeStates(parts: readonly FleetState[]): FleetState {
  const sum = (of: (part: FleetState) => number): number => parts.reduce((all, part) => all + of(part), 0);
  const most = (of: (part: FleetState) => number): number => Math.max(0, ...parts.map(of));
  const counted = (of: (part: FleetState) => Readonly<Record<string, number>>): Record<string, number> => {
    const all = new Map<string, number>();
    for (const part of parts) for (const [key, times] of Object.entries(of(part))) count(all, key, times);
    return Object.fromEntries(all);
  };
  return {
    running: sum(({ running }) => running),
    connected: sum(({ connected }) => connected),
    lost: sum(({ lost }) => lost),
    missedMax: most(({ missedMax }) => missedMax),
    generations: counted(({ generations }) => generations),
    newest: {
      bundle: most(({ newest }) => newest.bundle),
      list: most(({ newest }) => newest.list),
      policy: most(({ newest }) => newest.policy),
    },
    refused: counted(({ refused }) => refused),
    failed: counted(({ failed }) => failed),
    heartbeats: sum(({ heartbeats }) => heartbeats),
    reconnects: sum(({ reconnects }) => reconnects),
    renewals: sum(({ renewals }) => renewals),
  };
}

interface Member {
  readonly host: SimulatedHost;
  readonly documents: DocumentStore;
  readonly crls: CrlStore;
  agent: SimulatedAgent | undefined;
  missedBefore: number;
}

const HOST = '127.0.0.1';
const STOPPED_AT_ONCE = 200;
const POLL_MS = 20;
/** Of those that did not do what was waited for. */
const AGENTS_NAMED_MAX = 5;

/** Simulated agents that stop and start again with what they held, as machines do that are switched off. */
export class SimulatedFleet {
  readonly #wish: FleetWish;
  readonly #members: (Member | undefined)[] = [];
  readonly #refused = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly #latency = new LatencyBook();
  #root: Certificate | undefined;
  #open: (() => Pick<Member, 'documents' | 'crls'>) | undefined;
  #reconnects = 0;
  #renewals = 0;

  constructor(wish: FleetWish) {
    this.#wish = wish;
  }

  /** Enrols the hosts of these numbers; throws when one of them got no certificate. */
  async enrol(token: string, from: number, count: number): Promise<void> {
    const { port, seed } = this.#wish;
    const server = { host: HOST, port };
    const fingerprint = parseFingerprint(this.#wish.caFingerprint);
    this.#root ??= (await confirmRoot({ server, clock: systemClock, log: silentLog() }, fingerprint)).root;
    const root = this.#root;
    let failed = '';
    await enrolHosts(
      { server, root, token: new Secret(token), clock: systemClock },
      {
        names: Array.from({ length: count }, (_, n) => simulatedName(seed, from + n)),
        localAddress: (n) => sourceAddress(HOST, from + n, process.platform),
        perSecondMax: undefined,
        signal: new AbortController().signal,
        failed: (error) => {
          failed = error.code;
        },
        enrolled: (host, n) => {
          const open = (this.#open ??= this.#stores(host, root));
          this.#members[from + n] = { host, ...open(), agent: undefined, missedBefore: 0 };
        },
      },
    );
    const missing = this.#members.slice(from, from + count).filter((member) => member === undefined).length;
    if (missing > 0 || this.#members.length < from + count)
      throw new Error(`${missing} hosts got no certificate: ${failed}`);
  }

  /** Starts these agents within so long; those that run already go on. */
  async start(agents: readonly number[], spreadMs: number): Promise<void> {
    await Promise.all(
      agents.map(async (index) => {
        const member = this.#member(index);
        if (member.agent !== undefined) return;
        const random = seededRandom(this.#wish.seed * 0x9e37 + index, systemRandom);
        await sleep(random.fraction() * spreadMs);
        member.agent ??= startSimulatedAgent(member.host, {
          server: { host: HOST, port: this.#wish.port },
          documents: member.documents,
          crls: member.crls,
          heartbeatMs: this.#wish.heartbeatMs,
          watch: this.#watch,
          clock: systemClock,
          random,
          log: silentLog(),
        });
      }),
    );
  }

  async stop(agents: readonly number[]): Promise<void> {
    for (let at = 0; at < agents.length; at += STOPPED_AT_ONCE)
      await Promise.all(
        agents.slice(at, at + STOPPED_AT_ONCE).map(async (index) => {
          const member = this.#member(index);
          const { agent } = member;
          member.agent = undefined;
          member.missedBefore = 0;
          await agent?.stop();
        }),
      );
  }

  stopAll(): Promise<void> {
    return this.stop(this.#members.flatMap((member, index) => (member?.agent === undefined ? [] : index)));
  }

  /** Heartbeats that are missed count from here on. */
  countMissed(): void {
    for (const member of this.#members)
      if (member !== undefined) member.missedBefore = member.agent?.missed ?? 0;
  }

  state(): FleetState {
    const generations: Record<string, number> = {};
    const state = { running: 0, connected: 0, lost: 0, missedMax: 0 };
    const newest = { bundle: 0, list: 0, policy: 0 };
    for (const { agent, documents, missedBefore } of this.#running()) {
      state.running += 1;
      if (agent.isConnected) state.connected += 1;
      if (agent.isLost) state.lost += 1;
      state.missedMax = Math.max(state.missedMax, agent.missed - missedBefore);
      const generation = documents.serial('bundle');
      for (const type of ['bundle', 'list', 'policy'] as const)
        newest[type] = Math.max(newest[type], documents.serial(type));
      generations[generation] = (generations[generation] ?? 0) + 1;
    }
    return {
      ...state,
      generations,
      newest,
      refused: Object.fromEntries(this.#refused),
      failed: Object.fromEntries(this.#failed),
      heartbeats: this.#latency.count,
      reconnects: this.#reconnects,
      renewals: this.#renewals,
    };
  }

  /** What an agent is, for those who speak in its name. */
  identityOf(index: number): { key: string; cert: string; hostId: string } {
    const { keyPem, chainPem, hostId } = this.#member(index).host.identity;
    return { key: keyPem, cert: chainPem, hostId };
  }

  /** Waits until all running agents hold a document that is no older than this; when the last one did (epoch milliseconds). */
  async untilAllHold(type: KeptDocument, serial: number, withinMs: number): Promise<number> {
    return this.#until(
      withinMs,
      ({ documents }) => documents.serial(type) >= serial,
      `hold ${type} ${serial}`,
    );
  }

  /** Waits until all running agents have an open channel; when the last one had (epoch milliseconds). */
  async untilAllConnected(withinMs: number): Promise<number> {
    return this.#until(withinMs, ({ agent }) => agent.isConnected, 'are connected');
  }

  async #until(
    withinMs: number,
    holds: (member: Member & { agent: SimulatedAgent }) => boolean,
    what: string,
  ): Promise<number> {
    const endMs = performance.now() + withinMs;
    for (;;) {
      const all = this.#running();
      const left = all.filter((member) => !holds(member));
      if (left.length === 0) return Date.now();
      if (performance.now() > endMs) {
        const some = left.slice(0, AGENTS_NAMED_MAX).map(describe).join('; ');
        throw new Error(`${left.length} of ${all.length} agents never ${what}: ${some}`);
      }
      await sleep(POLL_MS);
    }
  }

  #running(): (Member & { agent: SimulatedAgent })[] {
    return this.#members.flatMap((member) =>
      member?.agent === undefined ? [] : [{ ...member, agent: member.agent }],
    );
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (member === undefined) throw new Error(`no host has the number ${index}`);
    return member;
  }

  #stores({ domainId }: SimulatedHost, root: Certificate): () => Pick<Member, 'documents' | 'crls'> {
    const openDocuments = createSharedDocuments({ domainId, root, clock: systemClock });
    const openCrls = createSharedCrls();
    return () => {
      const documents = openDocuments();
      return { documents, crls: openCrls(() => [...documents.anchors, ...documents.intermediates]) };
    };
  }

  readonly #watch = {
    answered: (latencyMs: number) => {
      this.#latency.add(latencyMs);
    },
    acknowledged: () => undefined,
    failed: (code: string) => {
      count(this.#failed, code);
    },
    heartbeatRefused: (code: string) => {
      count(this.#refused, code);
    },
    reconnected: () => {
      this.#reconnects += 1;
    },
    jobTaken: () => undefined,
    renewed: () => {
      this.#renewals += 1;
    },
  };
}

const describe = ({ host, agent, documents }: Member & { agent: SimulatedAgent }): string =>
  `${host.identity.hostId} ${agent.isConnected ? 'connected' : 'not connected'}, ${agent.missed} missed, ` +
  KEPT_DOCUMENTS.map((type) => `${type} ${documents.serial(type)}`).join(' ');

function count(book: Map<string, number>, code: string, times = 1): void {
  book.set(code, (book.get(code) ?? 0) + times);
}
