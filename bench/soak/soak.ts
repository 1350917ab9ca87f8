import type { DomainFleet } from '../harness/domain-fleet.ts';
import { checkRepositories } from './check-repositories.ts';
import { newestGeneration } from '../harness/newest-generation.ts';
import type { RealBackups } from './real-backups.ts';
import type { RealHost } from './real-hosts.ts';
import { PROBE_REFUSALS } from './refusals.ts';
import type { RoundReport } from './report.ts';
import type { SoakEvent, SoakRound } from './schedule.ts';
import type { SoakDomain } from './soak-domain.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import { hostId } from '@sekisho/core/wire/scalars.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../harness/process-stat.ts';
import { carryOutRotation } from '../harness/rotation.ts';

/** What a soak runs on. */
export interface SoakParts {
  readonly domain: SoakDomain;
  readonly fleet: DomainFleet;
  readonly media: RealHost;
  readonly hosts: readonly RealHost[];
  readonly backups: RealBackups;
  readonly say: (text: string) => void;
}

/** Somebody was killed or away in this time (epoch milliseconds); null: the server, which concerns everybody. */
interface Disturbance {
  readonly host: string | null;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A rotation that takes longer has stuck. */
const ROTATION_MS_MAX = 15 * 60_000;
/** Every host must be online on the newest generation by then. */
const SETTLE_MS_MAX = 5 * 60_000;
const SETTLE_POLL_MS = 1_000;
/** An agent whose host was revoked is stopped after this: it was cut off, and may have asked again. */
const REVOKED_STOPS_MS = 3_000;
/** A job that was disturbed may end so much later. */
const AFTERMATH_MS = 60_000;

/** Carries a schedule out, round by round, and remembers what went otherwise than it should. */
export class Soak {
  readonly faults: string[] = [];
  readonly probes: Record<string, number> = {};
  readonly rounds: RoundReport[] = [];
  readonly disturbances: Disturbance[] = [];
  startMsMax = 0;
  residentBytesMax = 0;
  kills = 0;
  readonly revoked = new Set<number>();
  /** The same by host ID. */
  readonly #revokedHosts = new Set<string>();
  readonly #parts: SoakParts;
  /** Settles when the server serves again. */
  #serving: Promise<unknown> = Promise.resolve();

  constructor(parts: SoakParts) {
    this.#parts = parts;
  }

  async round(round: SoakRound, nth: number): Promise<void> {
    const { fleet, say } = this.#parts;
    const { late, events } = round;
    const startedMs = performance.now();
    const lateSinceMs = Date.now();
    await fleet.stop(late.agents);
    await Promise.all(this.#real(late.real).map((host) => host.process.stop()));
    const rotated: { rotation?: RoundReport['rotation'] } = {};
    await Promise.all(
      events.map(async (event) => {
        await sleep(Math.max(0, startedMs + event.atMs - performance.now()));
        if (event.what === 'rotate') rotated.rotation = await this.#rotate(event.kind);
        else await this.#carryOut(event);
      }),
    );
    await sleep(Math.max(0, startedMs + round.lastsMs - performance.now()));
    this.#noteMemory();
    for (const host of this.#real(late.real)) host.process.start();
    await fleet.start(late.agents, 0);
    const settled = await this.#settle();
    for (const host of this.#real(late.real)) this.#disturbed(host.name, lateSinceMs);
    if (settled.settledSeconds !== null && rotated.rotation != null)
      this.#judgeAccepted(nth, rotated.rotation);
    this.rounds.push({
      round: nth,
      rotation: rotated.rotation ?? null,
      killed: events.flatMap((event) => this.#killedBy(event)),
      late: late.agents.length + late.real.length,
      resting: events.reduce((sum, event) => sum + (event.what === 'rest' ? event.agents.length : 0), 0),
      revoked: events.reduce((sum, event) => sum + (event.what === 'revoke' ? event.agents.length : 0), 0),
      ...settled,
    });
    say(`round ${nth} is over: ${JSON.stringify(this.rounds.at(-1))}`);
  }

  #real(numbers: readonly number[]): RealHost[] {
    return numbers.flatMap((n) => this.#parts.hosts[n] ?? []);
  }

  #killedBy(event: SoakEvent): string[] {
    if (event.what === 'kill-server') return ['server'];
    return event.what === 'kill-real' ? this.#real([event.real]).map(({ name }) => name) : [];
  }

  async #carryOut(event: Exclude<SoakEvent, { what: 'rotate' }>): Promise<void> {
    const { domain, fleet } = this.#parts;
    const sinceMs = Date.now();
    switch (event.what) {
      case 'kill-server': {
        this.#noteMemory();
        const back = this.#killServer(event.downMs);
        this.#serving = back;
        await back;
        this.#disturbed(null, sinceMs);
        return;
      }
      case 'kill-real': {
        for (const host of this.#real([event.real])) {
          await host.process.kill();
          await sleep(event.downMs);
          host.process.start();
          this.#disturbed(host.name, sinceMs);
        }
        return;
      }
      case 'rest':
        await fleet.stop(event.agents);
        await sleep(event.forMs);
        await fleet.start(event.agents, 0);
        return;
      case 'revoke':
        for (const agent of event.agents) {
          const { hostId: id } = await fleet.identityOf(agent);
          await domain.call(revokeHost, {
            params: { id: hostId.parse(id) },
            body: { reason: 'keyCompromise' },
          });
          this.revoked.add(agent);
          this.#revokedHosts.add(id);
        }
        await sleep(REVOKED_STOPS_MS);
        await fleet.stop(event.agents);
        return;
      case 'probe':
        await this.#serving;
        for (let n = 0; n < event.count; n += 1) {
          const code = await fleet.probe(event.probe, event.agent);
          this.probes[code] = (this.probes[code] ?? 0) + 1;
          const wanted = PROBE_REFUSALS[event.probe];
          if (code !== wanted) this.faults.push(`a probe (${event.probe}) got ${code} instead of ${wanted}`);
        }
    }
  }

  async #killServer(downMs: number): Promise<void> {
    const { domain } = this.#parts;
    this.kills += 1;
    await domain.process.kill();
    await sleep(downMs);
    this.startMsMax = Math.max(this.startMsMax, await domain.start());
  }

  async #rotate(kind: RotationKind): Promise<RoundReport['rotation']> {
    const { domain } = this.#parts;
    try {
      const { view, seconds, accepted } = await carryOutRotation(domain.call, kind, ROTATION_MS_MAX);
      if (view.phase !== 'done') this.faults.push(`the update of ${kind} ended as ${view.phase}`);
      return { kind, end: view.phase, path: view.path, seconds: Math.round(seconds), accepted };
    } catch (error) {
      this.faults.push(`the update of ${kind} was not done: ${String(error)}`);
      return { kind, end: 'not done', path: '–', seconds: 0, accepted: [] };
    }
  }

  /** F-37, F-38 All are back: whoever was given up as lost, other than by a revocation, should not have been asked for. */
  #judgeAccepted(nth: number, { kind, accepted }: NonNullable<RoundReport['rotation']>): void {
    for (const { hostId: id, name, phase, why, silentSeconds } of accepted) {
      if (this.#revokedHosts.has(id)) continue;
      const heard = silentSeconds === null ? 'never heard' : `heard ${silentSeconds} s before`;
      this.faults.push(
        `round ${nth}: the update of ${kind} asked in ${phase} to give up ${name} (${why}, ${heard}), which came back`,
      );
    }
  }

  /** Waits until every host is online on the newest generation. */
  async #settle(): Promise<Pick<RoundReport, 'settledSeconds' | 'generation'>> {
    const startedMs = performance.now();
    for (;;) {
      const { generation, behind } = await this.behind();
      const seconds = Math.round((performance.now() - startedMs) / 1_000);
      if (behind.length === 0) return { settledSeconds: seconds, generation };
      if (performance.now() - startedMs > SETTLE_MS_MAX) {
        this.faults.push(`round ${this.rounds.length + 1}: ${behind.join('; ')}`);
        return { settledSeconds: null, generation };
      }
      await sleep(SETTLE_POLL_MS);
    }
  }

  /** Who is not online, or not on the newest generation; a sentence each. */
  async behind(): Promise<{ generation: number; behind: string[]; realOnline: number; onNewest: number }> {
    const { domain, fleet, media, hosts } = this.#parts;
    const generation = await newestGeneration(domain.ports.agent);
    const state = await fleet.state();
    const behind: string[] = [];
    if (state.connected < state.running)
      behind.push(`${state.running - state.connected} simulated agents have no channel`);
    if (state.lost > 0) behind.push(`${state.lost} simulated agents get no answers`);
    const newest = state.generations[generation] ?? 0;
    if (newest < state.running)
      behind.push(`${state.running - newest} simulated agents hold an older generation than ${generation}`);
    let realOnline = 0;
    let realNewest = 0;
    for (const host of [media, ...hosts]) {
      const own = await host.status();
      const online = own?.channel === 'open' && own.lastError === null;
      if (online) realOnline += 1;
      else behind.push(`${host.name} is not online (${own?.lastError?.code ?? 'its agent does not answer'})`);
      if (own?.serials.bundle === generation) realNewest += 1;
      else if (online)
        behind.push(`${host.name} holds generation ${own.serials.bundle} instead of ${generation}`);
    }
    return { generation, behind, realOnline, onNewest: newest + realNewest };
  }

  /** Backups that ended otherwise than done: those that a kill explains, by code; the others are faults. */
  judgeBackups(): Record<string, number> {
    const disturbed: Record<string, number> = {};
    for (const { host, state, code, askedAtMs, endedAtMs } of this.#parts.backups.records) {
      if (state === 'done') continue;
      const explained = this.disturbances.some(
        (one) =>
          (one.host === null || one.host === host) &&
          one.fromMs <= endedAtMs &&
          one.untilMs + AFTERMATH_MS >= askedAtMs,
      );
      const name = code ?? state;
      if (explained) disturbed[name] = (disturbed[name] ?? 0) + 1;
      else this.faults.push(`a backup of ${host} ended as ${state} (${name}), though nobody was killed then`);
    }
    return disturbed;
  }

  /** `restic check` over all repositories, once the media server has stopped. */
  async checkRepositories(): Promise<number> {
    const { media, hosts, domain } = this.#parts;
    await media.process.stop();
    const { repositories, faults } = await checkRepositories(media, hosts, domain.ports.agent);
    this.faults.push(...faults);
    return repositories;
  }

  #disturbed(host: string | null, fromMs: number): void {
    this.disturbances.push({ host, fromMs, untilMs: Date.now() });
  }

  #noteMemory(): void {
    const { pid } = this.#parts.domain.process;
    if (pid === undefined) return;
    this.residentBytesMax = Math.max(this.residentBytesMax, memoryOf(pid).peakBytes);
  }
}
