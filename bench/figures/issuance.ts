/**
 * Durable issuance through the real EST endpoint: HTTPS kept alive, a fresh token each; intention, result and audit rows committed
 * (fsync) before the reply. The server is a process of its own, and so are the clients; keys and CSRs are made beforehand.
 *
 * The figure is the server's CPU time per certificate, with all that it does beside (assignments, hash tree of the audit log), as a
 * multiple of the floor: one P-256 verification and one signature, measured between the slices of the load. By itself:
 * `node bench/figures/issuance.ts [--quick] [--database postgres] [--clients 32] [--profile FOLDER]`
 */
import type { DialectName } from '@sekisho/server/store/transaction-context.ts';
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Bench, FigureSpec, Sample } from '../figure.ts';
import { checkRows, makePlace, prepareDomain } from '../issuance/place.ts';

const figure = (id: string, title: string, aim: number): FigureSpec => ({
  id,
  title,
  unit: 'CPU-ms/certificate',
  yardstick: 'one P-256 verification and one signature',
  aim,
  better: 'lower',
});

/** The figure of each database: PostgreSQL's round trips are the server's work, too; its own processes are not counted. */
export const issuance: Bench = {
  name: 'issuance',
  figures: [
    figure('issuance', 'durable issuance, 32 clients, SQLite', 7),
    figure('issuance-postgres', 'the same on PostgreSQL', 40),
  ],
  measure: async ({ quick, runs, say }) => {
    const size = quick ? QUICK : {};
    const samples: Sample[] = [];
    for (const database of ['sqlite', 'postgres'] as const) {
      const slices = Math.max(runs, quick ? QUICK.slices : SLICES);
      const found = await measureIssuance({ ...size, slices, database });
      say(`${database}: ${JSON.stringify(summaryOf(found))}`);
      samples.push(...found);
    }
    return samples;
  },
};

interface IssuanceOptions {
  readonly database?: DialectName;
  readonly clients?: number;
  readonly slices?: number;
  readonly perSlice?: number;
  readonly warmUp?: number;
  /** Writes a CPU profile of the server there. */
  readonly profileFolder?: string | undefined;
}

const CLIENTS = 32;
const SLICES = 7;
const PER_SLICE = 1_600;
const QUICK = { slices: 5, perSlice: 288, warmUp: 1_024 } as const;
/** Certificates that are issued before anything is measured: the compiler has seen the path by then. */
const WARM_UP = 2_560;
const FLOOR_ROUNDS = 1_500;
const FSYNC_ROUNDS = 50;
/** A TBSCertificate of a host is about as long. */
const SIGNED_BYTES = 480;

/** A sample for each slice of one load. It asserts that every reply was a certificate and that every row is in the database afterwards. */
export async function measureIssuance(options: IssuanceOptions = {}): Promise<Sample[]> {
  const { database = 'sqlite', clients = CLIENTS, slices = SLICES, perSlice = PER_SLICE } = options;
  const place = await makePlace(database);
  const children: ChildProcess[] = [];
  try {
    const warmUp = options.warmUp ?? WARM_UP;
    const count = warmUp + slices * perSlice;
    const tokens = await prepareDomain(place, count);
    const client = startChild('client-child.ts', [], []);
    children.push(client);
    await said(client, z.object({ ready: z.literal(true) }));
    client.send({ kind: 'prepare', tokens, first: 0 });
    await said(client, z.object({ prepared: z.literal(count) }));

    const profile =
      options.profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profileFolder}`];
    const server = startChild('server-child.ts', [place.dataFolder], profile);
    children.push(server);
    const { ports } = await said(server, saidPorts);
    client.send({ kind: 'connect', port: ports.agent, clients });
    await said(client, z.object({ connected: z.literal(clients) }));

    const floor = new Floor();
    const found: Slice[] = [];
    const replies: string[] = [];
    replies.push(...(await runSlice(server, client, warmUp)).replies);
    floor.measure();
    for (let n = 0; n < slices; n += 1) {
      const before = floor.measure();
      const slice = await runSlice(server, client, perSlice);
      found.push({ ...slice, floorMs: (before + floor.measure()) / 2 });
      replies.push(...slice.replies);
    }
    const fsyncMs = measureFsync(place.dataFolder);
    await stopChild(client, { kind: 'stop' });
    await stopChild(server, 'stop');
    children.length = 0;
    await checkRows(place, replies, count);
    return found.map((slice) => sampleOf(database, slice, fsyncMs));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await place.remove();
  }
}

interface Slice {
  readonly certificates: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly stallMsMax: number;
  readonly timesMs: readonly number[];
  readonly replies: readonly string[];
  readonly floorMs: number;
}

const saidPorts = z.object({ ports: z.object({ agent: z.number(), admin: z.number(), http: z.number() }) });
const saidUsage = z.object({ cpuMs: z.number(), stallMsMax: z.number() });
const saidSlice = z.object({
  wallMs: z.number(),
  timesMs: z.array(z.number()),
  replies: z.array(z.string()),
});

async function runSlice(
  server: ChildProcess,
  client: ChildProcess,
  certificates: number,
): Promise<Omit<Slice, 'floorMs'>> {
  const before = await askUsage(server);
  client.send({ kind: 'run', requests: certificates });
  const slice = await said(client, saidSlice);
  const after = await askUsage(server);
  assert.equal(slice.replies.length, certificates);
  return { certificates, ...slice, cpuMs: after.cpuMs - before.cpuMs, stallMsMax: after.stallMsMax };
}

async function askUsage(server: ChildProcess): Promise<z.infer<typeof saidUsage>> {
  server.send('usage');
  return said(server, saidUsage);
}

/** One verification and one signature with P-256, in CPU milliseconds. */
class Floor {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #data = Buffer.alloc(SIGNED_BYTES, 7);
  readonly #signature = sign('sha256', this.#data, this.#keys.privateKey);

  measure(): number {
    const before = process.cpuUsage();
    for (let n = 0; n < FLOOR_ROUNDS; n += 1) {
      assert.ok(verify('sha256', this.#data, this.#keys.publicKey, this.#signature));
      sign('sha256', this.#data, this.#keys.privateKey);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / FLOOR_ROUNDS;
  }
}

function measureFsync(folder: string): number {
  const file = openSync(join(folder, 'fsync.tmp'), 'w');
  const page = Buffer.alloc(4096, 1);
  const times: number[] = [];
  for (let n = 0; n < FSYNC_ROUNDS; n += 1) {
    const startedMs = performance.now();
    writeSync(file, page);
    fsyncSync(file);
    times.push(performance.now() - startedMs);
  }
  closeSync(file);
  return quantile(times, 0.5);
}

function sampleOf(database: DialectName, slice: Slice, fsyncMs: number): Sample {
  const cpuMsPerOp = slice.cpuMs / slice.certificates;
  return {
    id: database === 'sqlite' ? 'issuance' : 'issuance-postgres',
    value: cpuMsPerOp,
    yardstick: slice.floorMs,
    cpuMsPerOp,
    extra: {
      perSecond: (slice.certificates * 1000) / slice.wallMs,
      p50Ms: quantile(slice.timesMs, 0.5),
      p99Ms: quantile(slice.timesMs, 0.99),
      stallMsMax: slice.stallMsMax,
      fsyncMs,
    },
  };
}

/** Medians, for people who look in between. */
function summaryOf(samples: readonly Sample[]): Record<string, number> {
  const middle = (of: (sample: Sample) => number): number =>
    Number(quantile(samples.map(of), 0.5).toPrecision(4));
  const names = Object.keys(samples[0]?.extra ?? {});
  return {
    ratio: middle(({ value, yardstick }) => value / yardstick),
    cpuMs: middle(({ value }) => value),
    floorMs: middle(({ yardstick }) => yardstick),
    ...Object.fromEntries(names.map((name) => [name, middle(({ extra }) => extra?.[name] ?? Number.NaN)])),
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const startChild = (file: string, args: string[], execArgv: string[]): ChildProcess =>
  fork(join(import.meta.dirname, '../issuance', file), args, {
    execArgv,
    stdio: 'inherit',
    serialization: 'advanced',
  });

/** The next message of a child; rejects when it ends before it said anything. */
async function said<T>(child: ChildProcess, schema: z.ZodType<T>): Promise<T> {
  const ended = new AbortController();
  const gone = once(child, 'exit', { signal: ended.signal }).then(
    () => Promise.reject(new Error('a process of the measurement ended early')),
    () => new Promise<never>(() => undefined),
  );
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal: ended.signal }),
      gone,
    ])) as unknown[];
    return schema.parse(message);
  } finally {
    ended.abort();
  }
}

async function stopChild(child: ChildProcess, message: string | object): Promise<void> {
  const ended = once(child, 'exit');
  child.send(message);
  await ended;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      database: { type: 'string', default: 'sqlite' },
      clients: { type: 'string', default: String(CLIENTS) },
      slices: { type: 'string' },
      profile: { type: 'string' },
    },
  });
  const samples = await measureIssuance({
    ...(values.quick ? QUICK : {}),
    ...(values.slices === undefined ? {} : { slices: Number(values.slices) }),
    database: values.database === 'postgres' ? 'postgres' : 'sqlite',
    clients: Number(values.clients),
    profileFolder: values.profile,
  });
  for (const { value, yardstick } of samples)
    console.log(`${(value / yardstick).toFixed(1)} (${value.toFixed(3)} CPU-ms)`);
  console.log(JSON.stringify(summaryOf(samples), undefined, 2));
}
