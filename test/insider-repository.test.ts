import { repositoryName, type RepositoryName } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import { deletePoints, type PointView } from '@sekisho/core/wire/points.ts';
import { runRestic } from '@sekisho/media/restic/run-restic.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { Fleet, type FleetHost } from '@sekisho/testkit/fleet.ts';
import { fingerprintOf, makeFiles } from '@sekisho/testkit/media-domain.ts';
import {
  forgeFile,
  forgePack,
  forgeRepository,
  parseMasterKey,
  sha256,
  type ForgedBlob,
} from '@sekisho/testkit/restic-forge.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { rowsOfHost } from './rows-of-host.ts';

const DAY_MS = 86_400_000;
const TYPES = ['data', 'keys', 'locks', 'snapshots', 'index'] as const;

/** The machine's clock, moved forward at will; timers are real. */
class MovedClock implements Clock {
  #aheadMs = 0;
  readonly monotonicMs = systemClock.monotonicMs;
  readonly sleep = systemClock.sleep;
  readonly timer = systemClock.timer;
  readonly nowMs = (): number => systemClock.nowMs() + this.#aheadMs;

  ahead(byMs: number): void {
    this.#aheadMs += byMs;
  }
}

interface Reply {
  readonly status: number;
  readonly body: Buffer;
  readonly code: string;
}

/** Somebody with the key and the certificate of one host, and without its agent. */
class Thief {
  readonly fleet: Fleet;
  readonly host: FleetHost;
  readonly repository: RepositoryName;
  readonly tls: { key: string; cert: string };

  private constructor(fleet: Fleet, host: FleetHost, tls: { key: string; cert: string }) {
    this.fleet = fleet;
    this.host = host;
    this.tls = tls;
    this.repository = repositoryName(host.hostId, 1);
  }

  static async of(fleet: Fleet, host: FleetHost): Promise<Thief> {
    const read = (name: string) => readFile(join(host.dataFolder, 'identity', name), 'utf8');
    return new Thief(fleet, host, { key: await read('key.pem'), cert: await read('certificate.pem') });
  }

  ask(port: number, method: string, path: string, body?: Uint8Array): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port,
          method,
          path,
          agent: false,
          rejectUnauthorized: false,
          ...this.tls,
          headers: {
            'content-length': body?.length ?? 0,
            ...(path.startsWith('/v1/') ? { 'content-type': 'application/json' } : {}),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const answer = Buffer.concat(chunks);
            const code = /"code":"([A-Z_]+)"/.exec(answer.toString('latin1'))?.[1] ?? '';
            resolve({ status: response.statusCode ?? 0, body: answer, code });
          });
        },
      );
      sent.once('error', reject);
      sent.end(body);
    });
  }

  media(method: string, path: string, body?: Uint8Array): Promise<Reply> {
    return this.ask(this.fleet.host('vault').mediaPort, method, path, body);
  }

  async put(type: (typeof TYPES)[number], bytes: Uint8Array): Promise<string> {
    const id = sha256(bytes);
    const reply = await this.media('POST', `/${this.repository}/${type}/${id}`, bytes);
    assert.equal(reply.status, 200, reply.body.toString());
    return id;
  }

  async password(): Promise<string> {
    const body = JSON.stringify({ repository: this.repository, jobId: 'ab'.repeat(16) });
    const { agent } = this.fleet.server.ports;
    const reply = await this.ask(agent, 'POST', getRepositoryPassword.path, Buffer.from(body));
    return getRepositoryPassword.reply.parse(JSON.parse(reply.body.toString())).password;
  }

  /** A copy of its own repository, and what restic says of it with the password. */
  async open(t: TestContext) {
    const folder = await tempFolder(t);
    const take = async (path: string): Promise<void> => {
      const { body } = await this.media('GET', `/${this.repository}/${path}`);
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path.replace(/^data\/(..)/, 'data/$1/$1')), body);
    };
    await take('config');
    for (const type of TYPES) {
      const list = await this.media('GET', `/${this.repository}/${type}/`);
      for (const id of JSON.parse(list.body.toString()) as string[]) {
        if (type === 'data') await mkdir(join(folder, 'data', id.slice(0, 2)), { recursive: true });
        await take(`${type}/${id}`);
      }
      await mkdir(join(folder, type), { recursive: true });
    }
    const password = await this.password();
    return async (...args: string[]): Promise<string[]> => {
      const lines: string[] = [];
      const result = await runRestic({
        binary: process.env['SEKISHO_RESTIC'] ?? 'restic',
        args: [...args, '--no-lock', '--no-cache'],
        env: { RESTIC_REPOSITORY: folder, RESTIC_PASSWORD: password },
        onLine: (line) => {
          lines.push(line);
        },
      });
      assert.equal(result.meaning, 'ok', result.stderrTail.join('\n'));
      return lines;
    };
  }
}

/** Three hosts with real backups; the files of each recovery point are known by their hashes. */
async function protectedFleet(t: TestContext) {
  const clock = new MovedClock();
  const fleet = await Fleet.start(t, {
    hosts: [{ name: 'vault', media: true }, { name: 'victim' }, { name: 'insider' }],
    clock,
  });
  const backUp = async (host: string, sizes: readonly number[]) => {
    const source = join(fleet.folder, 'files', host);
    await makeFiles(source, sizes);
    const plan = plans.get(host) ?? (await fleet.plan(host, [source], 'vault')).id;
    plans.set(host, plan);
    const job = await fleet.backup(plan, host);
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    const points = await fleet.points(host, (counts.get(host) ?? 0) + 1);
    counts.set(host, points.length);
    const point = points.find(({ id }) => id === job.report?.snapshotId);
    assert.ok(point);
    return { point, source, files: await fingerprintOf(source) };
  };
  const plans = new Map<string, PointView['planId'] & string>();
  const counts = new Map<string, number>();
  const prove = async ({ point, source, files }: Awaited<ReturnType<typeof backUp>>): Promise<void> => {
    const target = join(fleet.folder, `restored-${randomBytes(4).toString('hex')}`);
    const job = await fleet.restore(point, target);
    assert.equal(job.state, 'done', JSON.stringify(job.report));
    assert.deepEqual(await fingerprintOf(join(target, source)), files, 'byte for byte');
  };
  return { clock, fleet, backUp, prove };
}

test('invariant 10 P-01 P-02: one client key reads, lists, writes and deletes nothing of another’s repository, and deletes nothing of its own', async (t) => {
  const { fleet, backUp, prove } = await protectedFleet(t);
  const victims = await backUp('victim', [20_000, 5]);
  await backUp('insider', [10_000]);
  const thief = await Thief.of(fleet, fleet.host('insider'));
  const repository = repositoryName(fleet.host('victim').hostId, 1);
  const before = await rowsOfHost(fleet.server.context.store.db, fleet.host('victim').hostId);
  const bytes = randomBytes(100);
  const name = sha256(bytes);
  const foreign: [string, string, Uint8Array?][] = [
    ['POST', `/${repository}/?create=true`],
    ['DELETE', `/${repository}/`],
    ['HEAD', `/${repository}/config`],
    ['GET', `/${repository}/config`],
    ['POST', `/${repository}/config`, bytes],
    ['DELETE', `/${repository}/config`],
    ['POST', `/${repositoryName(fleet.host('victim').hostId, 2)}/?create=true`],
    ...TYPES.flatMap((type): [string, string, Uint8Array?][] => [
      ['GET', `/${repository}/${type}/`],
      ['HEAD', `/${repository}/${type}/${victims.point.id}`],
      ['GET', `/${repository}/${type}/${victims.point.id}`],
      ['POST', `/${repository}/${type}/${name}`, bytes],
      ['DELETE', `/${repository}/${type}/${victims.point.id}`],
    ]),
  ];
  for (const [method, path, body] of foreign) {
    const reply = await thief.media(method, path, body);
    assert.equal(reply.status, 403, `${method} ${path}`);
    if (method !== 'HEAD') assert.equal(reply.code, 'REPOSITORY_OTHER_HOST', `${method} ${path}`);
  }
  for (const path of [
    `/${thief.repository}/../${repository}/config`,
    `/${thief.repository}/..%2f${repository}/config`,
    `//${repository}/config`,
    `/${thief.repository}/data/../../${repository}/config`,
    `/${repository.toUpperCase()}/config`,
  ]) {
    const reply = await thief.media('GET', path);
    assert.ok(reply.status >= 400 && reply.code !== '', `${path}: ${reply.status}`);
  }

  // its own it may read and add to, and nothing else
  for (const type of TYPES) {
    if (type === 'locks') continue;
    const list = await thief.media('GET', `/${thief.repository}/${type}/`);
    for (const id of JSON.parse(list.body.toString()) as string[]) {
      assert.equal((await thief.media('DELETE', `/${thief.repository}/${type}/${id}`)).code, 'APPEND_ONLY');
      const over = await thief.media('POST', `/${thief.repository}/${type}/${id}`, bytes);
      assert.equal(over.code, 'OBJECT_HASH_WRONG');
    }
  }
  assert.equal((await thief.media('DELETE', `/${thief.repository}/config`)).code, 'APPEND_ONLY');
  assert.equal((await thief.media('POST', `/${thief.repository}/config`, bytes)).code, 'CONFIG_EXISTS');
  assert.equal((await thief.media('DELETE', `/${thief.repository}/`)).code, 'APPEND_ONLY');
  assert.deepEqual(await rowsOfHost(fleet.server.context.store.db, fleet.host('victim').hostId), before);
  await prove(victims);
});

test('invariant 10 P-02: whatever an insider put into its repository before a prune, earlier recovery points restore byte for byte, and no other host’s state changed', async (t) => {
  const { clock, fleet, backUp, prove } = await protectedFleet(t);
  const victims = await backUp('victim', [20_000, 300_000, 5]);
  const first = await backUp('insider', [20_000, 300_000, 5]);
  const second = await backUp('insider', [7_000, 40_000]);
  await fleet.host('insider').agent.stop();

  const thief = await Thief.of(fleet, fleet.host('insider'));
  const restic = await thief.open(t);
  const key = parseMasterKey((await restic('cat', 'masterkey')).join('\n'));
  const indexes = await restic('list', 'index');
  const blobs = (await restic('list', 'blobs')).map((line): ForgedBlob => {
    const [type = '', id = ''] = line.split(' ');
    return { type: type === 'tree' ? 'tree' : 'data', id, content: Buffer.from('nothing of the kind') };
  });
  const pack = forgePack(key, blobs);
  await thief.put('data', pack.bytes);
  const lies = { supersedes: indexes, packs: [{ id: pack.id, blobs: pack.blobs }] };
  await thief.put('index', forgeFile(key, lies).bytes);
  await thief.put('index', randomBytes(300));
  await thief.put('index', Buffer.from('x'));
  await thief.put('data', randomBytes(5_000));
  await thief.put('snapshots', Buffer.from('8 bytes!'));
  await thief.put('snapshots', randomBytes(500));
  await thief.put(
    'keys',
    Buffer.from(JSON.stringify({ kdf: 'scrypt', N: 2 ** 30, r: 8, p: 16, salt: '', data: '' })),
  );
  await thief.put('keys', forgeRepository('another password').key.bytes);
  const lock = { time: '2099-01-01T00:00:00Z', exclusive: true, hostname: 'elsewhere', pid: 1 };
  await thief.put('locks', forgeFile(key, lock).bytes);
  await thief.put('locks', randomBytes(99));

  // awake, the victim tells at some moment that its revocation list is half a month old
  await fleet.host('victim').agent.stop();
  clock.ahead(15 * DAY_MS);
  const { db } = fleet.server.context.store;
  const before = await rowsOfHost(db, fleet.host('victim').hostId);
  const { jobs } = await fleet.call(deletePoints, { body: { ids: [first.point.id], preview: false } });
  assert.ok(jobs[0]);
  const maintenance = await fleet.ended(jobs[0].id);
  assert.ok(['done', 'warnings'].includes(maintenance.state), JSON.stringify(maintenance.report));
  assert.deepEqual(maintenance.report?.forgotten, [first.point.id]);
  assert.deepEqual(await rowsOfHost(db, fleet.host('victim').hostId), before);

  await fleet.restartAgent('insider');
  await fleet.restartAgent('victim');
  await prove(second);
  await prove(victims);
});
