/**
 * Durable issuance through the real EST endpoint: HTTPS kept alive, a fresh token each; intention, result and audit rows committed
 * (fsync) before the reply. The server is a process of its own, and so are the clients; keys and CSRs are made beforehand.
 *
 * The figure is the server's CPU time per certificate, as a multiple of the floor: one P-256 verification and one signature, measured in
 * slices between those of the load. `node bench/figures/issuance.ts [--quick] [--database postgres] [--clients 32] [--profile FOLDER]`
 */
import { parseTokenId } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { parseCertsOnly } from '@sekisho/pki/est.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { insertToken } from '@sekisho/server/features/tokens/token-rows.ts';
import { initServer } from '@sekisho/server/main.ts';
import { openStore } from '@sekisho/server/store/open-store.ts';
import type { DialectName } from '@sekisho/server/store/transaction-context.ts';
import { databaseUrl, startPostgres } from '@sekisho/testkit/postgres.ts';
import { createClient } from '@sekisho/server/store/postgres-client.ts';
import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/** What one run found. CPU times are of the server's process alone, all of its threads. */
export interface IssuanceFigures {
  readonly database: DialectName;
  readonly clients: number;
  readonly certificates: number;
  readonly perSecond: number;
  readonly cpuMsPerCertificate: number;
  /** CPU time of one P-256 verification and one signature, in the same run. */
  readonly floorMs: number;
  /** The figure: `cpuMsPerCertificate / floorMs`, median of the slices. */
  readonly ratio: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest time the server's event loop stood still. */
  readonly stallMsMax: number;
  /** One write of a page with fsync, in the same folder. */
  readonly fsyncMs: number;
}

export interface IssuanceOptions {
  readonly database?: DialectName;
  readonly clients?: number;
  readonly slices?: number;
  readonly perSlice?: number;
  /** Writes a CPU profile of the server there. */
  readonly profileFolder?: string | undefined;
}

const CLIENTS = 32;
const SLICES = 7;
const PER_SLICE = 1_600;
const QUICK = { slices: 3, perSlice: 640 } as const;
/** Certificates that are issued before anything is measured: the compiler has seen the path by then. */
const WARM_UP = 1_280;
const FLOOR_ROUNDS = 1_500;
const FSYNC_ROUNDS = 50;
const TOKENS_PER_TRANSACTION = 1_000;
/** A TBSCertificate of a host is about as long. */
const SIGNED_BYTES = 480;

/** Measures issuance once. It asserts that every reply was a certificate and that every row is in the database afterwards. */
export async function measureIssuance(options: IssuanceOptions = {}): Promise<IssuanceFigures> {
  const { database = 'sqlite', clients = CLIENTS, slices = SLICES, perSlice = PER_SLICE } = options;
  const place = await makePlace(database);
  const children: ChildProcess[] = [];
  try {
    const count = WARM_UP + slices * perSlice;
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
    replies.push(...(await runSlice(server, client, WARM_UP)).replies);
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
    return summarise({ database, clients, fsyncMs, found });
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

interface Place {
  readonly dataFolder: string;
  readonly database: string | undefined;
  readonly remove: () => Promise<void>;
}

async function makePlace(database: DialectName): Promise<Place> {
  const { path, remove } = await makeTempFolder();
  const dataFolder = join(path, 'server');
  if (database === 'sqlite') return { dataFolder, database: undefined, remove };
  const postgres = await startPostgres();
  const admin = createClient(postgres.url);
  await admin.connect();
  await admin.query('CREATE DATABASE sekisho_bench');
  await admin.end();
  return {
    dataFolder,
    database: databaseUrl(postgres.url, 'sekisho_bench'),
    remove: async () => {
      await postgres.stop();
      await remove();
    },
  };
}

const storeOf = ({ dataFolder, database }: Place) =>
  openStore({
    database: database ?? `sqlite:${join(dataFolder, 'sekisho.db')}`,
    dataFolder,
    clock: systemClock,
    log: silentLog(),
    listen: false,
  });

/** Makes the domain and one token for each certificate; returns the tokens' secrets. */
async function prepareDomain(place: Place, count: number): Promise<string[]> {
  const { dataFolder, database } = place;
  await initServer({
    dataFolder,
    name: 'Bench',
    addresses: ['127.0.0.1'],
    clock: systemClock,
    random: systemRandom,
    environment: {},
    ...(database === undefined ? {} : { database }),
  });
  const store = await storeOf(place);
  const secrets = Array.from({ length: count }, () =>
    Buffer.from(systemRandom.bytes(32)).toString('base64url'),
  );
  const nowMs = systemClock.nowMs();
  for (let from = 0; from < count; from += TOKENS_PER_TRANSACTION)
    await store.transaction(async (tx) => {
      for (const secret of secrets.slice(from, from + TOKENS_PER_TRANSACTION)) {
        const id = parseTokenId(systemRandom.uuid());
        assert.ok(id !== undefined);
        const token = {
          id,
          name: 'bench',
          purpose: 'enrol' as const,
          usesMax: 1,
          uses: 0,
          expiresAtMs: nowMs + DAY_MS,
          deletedAtMs: null,
          hostName: null,
          hostId: null,
          media: false,
          createdAtMs: nowMs,
          createdBy: 'bench',
        };
        await insertToken(tx, token, secret);
      }
    });
  await store.close();
  return shuffled(secrets); // nobody uses tokens in the order in which they were made
}

function shuffled<T>(values: readonly T[]): T[] {
  const random = new SeededRandom('issuance');
  return values
    .map((value) => ({ value, at: random.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
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

/** Every reply is a certificate of its own, and it, its intention and both of its audit rows are in the database. */
async function checkRows(place: Place, replies: readonly string[], count: number): Promise<void> {
  const fingerprints = new Set(
    replies.map((reply) => parseCertsOnly(Buffer.from(reply, 'base64'))[0]?.fingerprint),
  );
  assert.equal(fingerprints.size, count, 'every reply is a certificate of its own');
  const store = await storeOf(place);
  try {
    const { db } = store;
    const rows = await db
      .selectFrom('certificates')
      .select(['fingerprint', 'intention_id', 'host_id'])
      .execute();
    const stored = new Map(rows.map((row) => [row.fingerprint, row]));
    const ends = await db.selectFrom('intentions').select(['id', 'fingerprint', 'finished_at_ms']).execute();
    const finished = new Map(ends.map((end) => [end.id, end]));
    const audit = await db
      .selectFrom('audit')
      .select(['subject', 'act'])
      .where('category', '=', 'CERT')
      .execute();
    const acts = new Set(audit.map(({ subject, act }) => `${act} ${subject}`));
    for (const fingerprint of fingerprints) {
      const row = stored.get(fingerprint ?? '');
      assert.ok(row !== undefined, 'every certificate is stored');
      const end = finished.get(row.intention_id);
      assert.ok(
        end?.fingerprint === fingerprint && end?.finished_at_ms !== null,
        'every intention is finished',
      );
      for (const act of ['approve-certificate', 'issue-certificate'])
        assert.ok(acts.has(`${act} ${row.host_id}`), 'every act is in the audit log');
    }
    const uses = await db.selectFrom('tokens').select('uses').where('uses', '=', 1).execute();
    assert.equal(uses.length, count, 'every token is spent once');
  } finally {
    await store.close();
  }
}

function summarise(run: {
  database: DialectName;
  clients: number;
  fsyncMs: number;
  found: readonly Slice[];
}): IssuanceFigures {
  const { found } = run;
  const perCertificate = found.map((slice) => slice.cpuMs / slice.certificates);
  const ratios = found.map((slice, n) => (perCertificate[n] ?? 0) / slice.floorMs);
  const timesMs = found.flatMap((slice) => slice.timesMs);
  return {
    database: run.database,
    clients: run.clients,
    certificates: found.reduce((sum, slice) => sum + slice.certificates, 0),
    perSecond: quantile(
      found.map((slice) => (slice.certificates * 1000) / slice.wallMs),
      0.5,
    ),
    cpuMsPerCertificate: quantile(perCertificate, 0.5),
    floorMs: quantile(
      found.map((slice) => slice.floorMs),
      0.5,
    ),
    ratio: quantile(ratios, 0.5),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
    stallMsMax: Math.max(...found.map((slice) => slice.stallMsMax)),
    fsyncMs: run.fsyncMs,
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
  const figures = await measureIssuance({
    ...(values.quick ? QUICK : {}),
    ...(values.slices === undefined ? {} : { slices: Number(values.slices) }),
    database: values.database === 'postgres' ? 'postgres' : 'sqlite',
    clients: Number(values.clients),
    profileFolder: values.profile,
  });
  console.log(JSON.stringify(figures, undefined, 2));
}
