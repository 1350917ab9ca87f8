import { ROTATION_KINDS, type RotationKind } from '@sekisho/core/rules/rotation.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDomainFleet, type DomainFleet } from '../harness/domain-fleet.ts';
import { RealBackups } from './real-backups.ts';
import { makeRealHosts, type RealHost } from './real-hosts.ts';
import { expectRefusals, judgeRefusals } from './refusals.ts';
import { reportText, type SoakReport } from './report.ts';
import { HEARTBEAT_MS, makeSchedule, type SoakWish } from './schedule.ts';
import { makeSoakDomain, type SoakDomain } from './soak-domain.ts';
import { Soak } from './soak.ts';

const REPORT = join(import.meta.dirname, '..', 'soak-report');
const SEED_MAX = 1_000_000;
/** Agents that begin in a second. */
const BEGIN_PER_SECOND = 50;
/** A host backs up again after such a share of a round. */
const GAP_SHARES = { least: 0.2, most: 0.7 };
const USAGE = `npm run soak -- [--minutes N] [--agents N] [--real N] [--seed N] [--rotate KINDS] [--report FILE]

  --minutes N     how long things are killed and rotated (60); the checks come afterwards
  --agents N      simulated agents (2000)
  --real N        real agents with real backups, beside a media server (20)
  --seed N        repeats a soak: who is killed, sleeps, is revoked, and when (drawn)
  --rotate KINDS  what is rotated in turn: ${ROTATION_KINDS.join(',')} (all); none: nothing
  --report FILE   where the report goes, without its ending (bench/soak-report)

For a look: --minutes 2 --agents 50 --real 2
`;

/** Everything that was started, stopped in one place, whatever happens. */
class Started {
  readonly #ends: (() => Promise<unknown>)[] = [];
  #ending: Promise<void> | undefined;

  add(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  /** The last first; once, however often it is asked for. */
  end(): Promise<void> {
    return (this.#ending ??= (async () => {
      for (const end of this.#ends.toReversed())
        await end().catch((error: unknown) => {
          process.stderr.write(`soak: could not be stopped: ${String(error)}\n`);
        });
    })());
  }
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      agents: { type: 'string', default: '2000' },
      real: { type: 'string', default: '20' },
      seed: { type: 'string' },
      rotate: { type: 'string', default: ROTATION_KINDS.join(',') },
      report: { type: 'string', default: REPORT },
      help: { type: 'boolean', default: false },
    },
  });
  const wish: SoakWish = {
    seed:
      values.seed === undefined ? Math.floor(Math.random() * SEED_MAX) : numberOf('--seed', values.seed, 0),
    minutes: numberOf('--minutes', values.minutes, 1),
    agents: numberOf('--agents', values.agents, 1),
    real: numberOf('--real', values.real, 1),
    rotate: values.rotate === 'none' ? [] : values.rotate.split(',').map(kindOf),
  };
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const started = new Started();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      say('is stopped');
      void started.end().then(() => process.exit(130));
    });
  const report = await soak(wish, started).finally(() => started.end());
  await writeFile(`${values.report}.json`, `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(`${values.report}.md`, reportText(report));
  process.stdout.write(reportText(report));
  return report.passed ? 0 : 1;
}

async function soak(wish: SoakWish, started: Started): Promise<SoakReport> {
  const schedule = makeSchedule(wish);
  const expected = expectRefusals(schedule);
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
  };
  const startedAt = new Date();
  say(`seed ${wish.seed}: ${schedule.rounds.length} rounds; expected: ${JSON.stringify(expected)}`);
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-soak-'));
  const realRefused: Record<string, number> = {};
  const parts = await makeParts(wish, folder, started, (code) => {
    realRefused[code] = (realRefused[code] ?? 0) + 1;
  });
  const { domain, fleet, media, hosts, backups } = parts;
  const run = new Soak({ ...parts, say });
  const [first] = schedule.rounds;
  const gap = (share: number): number => (first?.lastsMs ?? 0) * share;
  backups.begin(wish.seed, { least: gap(GAP_SHARES.least), most: gap(GAP_SHARES.most) });
  for (const [n, round] of schedule.rounds.entries()) await run.round(round, n + 1);
  say('waits for the last backups');
  await backups.end();

  const end = await run.behind();
  run.faults.push(...end.behind);
  const state = await fleet.state();
  const disturbed = run.judgeBackups();
  say('restores every recovery point');
  const restores = await backups.restoreAll(say);
  run.faults.push(...restores.faults);
  const counted = { probes: run.probes, agents: sum(state.refused, realRefused) };
  run.faults.push(...judgeRefusals(expected, counted));
  for (const [name, { unasked }] of [
    ['the server', domain.process] as const,
    ...[media, ...hosts].map((host) => [host.name, host.process] as const),
  ])
    for (const end of unasked) run.faults.push(`the process of ${name} ended by itself: ${end}`);
  say('checks the repositories');
  const repositoriesChecked = await run.checkRepositories();
  await started.end();
  const passed = run.faults.length === 0;
  if (passed) await rm(folder, { recursive: true, force: true });
  else say(`what failed can be looked into: ${folder}`);
  const { records } = backups;
  return {
    wish,
    startedAt: startedAt.toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt.getTime()) / SECOND_MS),
    passed,
    faults: run.faults,
    machine,
    rounds: run.rounds,
    fleet: {
      running: state.running,
      connected: state.connected,
      heartbeats: state.heartbeats,
      reconnects: state.reconnects,
      renewals: state.renewals,
      real: end.realOnline,
      revoked: run.revoked.size,
      generation: end.generation,
      onNewest: end.onNewest,
    },
    refusals: { expected, counted },
    backups: {
      asked: records.length,
      done: records.filter(({ state: how }) => how === 'done').length,
      disturbed,
      points: restores.points,
      equal: restores.equal,
      unasked: restores.unasked,
      repositoriesChecked,
    },
    server: {
      kills: run.kills,
      startSecondsMax: Math.round(run.startMsMax / 100) / 10,
      residentMiBMax: Math.round(run.residentBytesMax / 2 ** 20),
    },
  };
}

/** Server, simulated agents and real hosts, all running. */
async function makeParts(
  wish: SoakWish,
  folder: string,
  started: Started,
  onRefused: (code: string) => void,
): Promise<{
  domain: SoakDomain;
  fleet: DomainFleet;
  media: RealHost;
  hosts: RealHost[];
  backups: RealBackups;
}> {
  say(`makes a domain in ${folder}`);
  const domain = await makeSoakDomain(folder);
  started.add(() => domain.process.stop());
  await domain.start();
  const { caFingerprint, ports } = domain;
  const fleet = makeDomainFleet({
    port: ports.agent,
    caFingerprint,
    heartbeatMs: HEARTBEAT_MS,
    seed: wish.seed,
  });
  started.add(() => fleet.end());
  say(`sets up ${wish.real} real hosts and a media server`);
  const real = await makeRealHosts(domain, wish.real, {
    onRefused,
    onStarted: (host) => started.add(() => host.stop()),
  });
  await fleet.enrol(await domain.token('simulated hosts', wish.agents), wish.agents, say);
  const backups = new RealBackups(domain);
  await backups.prepare(real.hosts, real.media.hostId);
  await fleet.start(
    Array.from({ length: wish.agents }, (_, n) => n),
    Math.round((wish.agents * SECOND_MS) / BEGIN_PER_SECOND),
  );
  return { domain, fleet, ...real, backups };
}

function sum(...tables: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const table of tables)
    for (const [name, count] of Object.entries(table)) all[name] = (all[name] ?? 0) + count;
  return all;
}

function numberOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`${option} must be a whole number from ${least} on`);
  return value;
}

function kindOf(text: string): RotationKind {
  const found = ROTATION_KINDS.find((kind) => kind === text);
  if (found === undefined) throw new Error(`--rotate knows ${ROTATION_KINDS.join(', ')} and none`);
  return found;
}

function say(text: string): void {
  process.stderr.write(`soak ${new Date().toISOString().slice(11, 19)}: ${text}\n`);
}

process.exitCode = await main(process.argv.slice(2));
