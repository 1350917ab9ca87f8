import { repositoryName } from '@sekisho/core/ids.ts';
import { findRestic } from '@sekisho/media/restic/find-restic.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority, type TestHost } from '@sekisho/testkit/test-authority.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UNIT_YARDSTICK, type Bench, type FigureSpec, type HowToMeasure, type Sample } from '../figure.ts';
import { measuredOptions } from '../harness/agent-domain.ts';
import { startChild, type Child } from '../harness/child.ts';
import { writeMixedData } from '../harness/mixed-data.ts';
import { cpuMsOf, memoryOf, resetPeak } from '../harness/process-stat.ts';
import { inTurn } from '../harness/statistics.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const BYTES = GIB;
const BYTES_QUICK = 160 * MIB;
const PASSWORD = 'bench';

const LOCAL = 'restic into a local folder';
const time = (id: string, title: string): FigureSpec => ({
  id,
  title,
  unit: 's',
  yardstick: LOCAL,
  aim: 1.5,
  better: 'lower',
});
const limit = (id: string, title: string, unit: string, aim: number): FigureSpec => ({
  id,
  title,
  unit,
  yardstick: UNIT_YARDSTICK,
  aim,
  better: 'lower',
});

/** P-11 A backup and a restore of mixed files through the agent's proxy and a media server, in processes of their own. */
export const backup: Bench = {
  name: 'backup',
  slow: true,
  figures: [
    time('backup-time', 'backup of 1 GiB of mixed files'),
    time('restore-time', 'its restore'),
    limit('backup-media-cpu', 'CPU of the media server in a backup', 'CPU-s/GiB', 3.2),
    limit('restore-media-cpu', 'CPU of the media server in a restore', 'CPU-s/GiB', 1.5),
    limit('backup-proxy-cpu', "CPU of the agent's proxy in a backup", 'CPU-s/GiB', 2.5),
    limit('restore-proxy-cpu', "CPU of the agent's proxy in a restore", 'CPU-s/GiB', 2.5),
    limit('media-memory', 'peak memory of the media server over idle', 'MB', 80),
    limit('proxy-memory', "peak memory of the agent's proxy over idle", 'MB', 80),
  ],
  measure,
};

interface Took {
  readonly wallMs: number;
  readonly mediaCpuMs: number;
  readonly proxyCpuMs: number;
}
interface Both {
  readonly backup: Took;
  readonly restore: Took;
  readonly mediaPeakBytes: number;
  readonly proxyPeakBytes: number;
}

async function measure({ quick, runs, say }: HowToMeasure): Promise<Sample[]> {
  const { path, remove } = await makeTempFolder();
  const place = await Place.open(path).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  try {
    say('writes the files');
    const gib = writeMixedData(place.source, quick ? BYTES_QUICK : BYTES) / GIB;
    say('measures');
    const pairs = await inTurn(
      runs,
      () => place.throughMedia(),
      () => place.local(),
    );
    return pairs.flatMap(([own, local]) => samplesOf(own, local, gib));
  } finally {
    await place.stop();
    await remove();
  }
}

function samplesOf(own: Both, local: { backupMs: number; restoreMs: number }, gib: number): Sample[] {
  const plain = (id: string, value: number): Sample => ({ id, value, yardstick: 1 });
  const perGib = (ms: number): number => ms / 1000 / gib;
  return [
    { id: 'backup-time', value: own.backup.wallMs / 1000, yardstick: local.backupMs / 1000 },
    { id: 'restore-time', value: own.restore.wallMs / 1000, yardstick: local.restoreMs / 1000 },
    plain('backup-media-cpu', perGib(own.backup.mediaCpuMs)),
    plain('restore-media-cpu', perGib(own.restore.mediaCpuMs)),
    plain('backup-proxy-cpu', perGib(own.backup.proxyCpuMs)),
    plain('restore-proxy-cpu', perGib(own.restore.proxyCpuMs)),
    plain('media-memory', own.mediaPeakBytes / 1e6),
    plain('proxy-memory', own.proxyPeakBytes / 1e6),
  ];
}

/**
 * Gives the room of thousands of files back, and leaves their removal for the end: for minutes ext4 looks at each freed inode in
 * turn whenever a file is made, and that would count as CPU of the media server.
 */
async function emptyFiles(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await truncate(join(entry.parentPath, entry.name));
}

const residentOf = (child: Child): number => memoryOf(child.pid).residentBytes;

/** Files to be backed up, a media server, a proxy, and the credentials of all. */
class Place {
  readonly source: string;
  readonly #folder: string;
  readonly #restic: string;
  readonly #media: Child;
  readonly #proxy: Child;
  readonly #host: TestHost;
  readonly #proxyWish: Readonly<Record<string, unknown>>;
  #run = 0;
  #restores = 0;
  /** What both hold before the first run: a process keeps what an earlier run made it take. */
  #idle: { readonly media: number; readonly proxy: number } | undefined;

  private constructor(parts: {
    folder: string;
    restic: string;
    media: Child;
    proxy: Child;
    host: TestHost;
    proxyWish: Readonly<Record<string, unknown>>;
  }) {
    this.#folder = parts.folder;
    this.source = join(parts.folder, 'source');
    this.#restic = parts.restic;
    this.#media = parts.media;
    this.#proxy = parts.proxy;
    this.#host = parts.host;
    this.#proxyWish = parts.proxyWish;
  }

  static async open(folder: string): Promise<Place> {
    const authority = await TestAuthority.create({ nowMs: Date.now() });
    const mediaHost = await authority.host({ media: true });
    const host = await authority.host();
    const common = {
      domainId: authority.domainId,
      rootPem: authority.rootPem,
      issuingPem: certificateToPem(authority.issuing.certificate.der),
    };
    const media = startChild('media.ts', measuredOptions('media'));
    const proxy = startChild('proxy.ts', measuredOptions('proxy'));
    try {
      const { keyPem, chainPem } = mediaHost;
      const wish = { ...common, folder: join(folder, 'store'), keyPem, chainPem };
      const { port } = await media.call('start', wish, z.object({ port: z.int() }));
      const proxyWish = {
        ...common,
        hostId: host.hostId,
        keyPem: host.keyPem,
        chainPem: host.chainPem,
        certificatePem: certificateToPem(host.certificate.der),
        media: { hostId: mediaHost.hostId, port },
      };
      return new Place({ folder, restic: await findRestic(process.env), media, proxy, host, proxyWish });
    } catch (error) {
      await media.stop();
      await proxy.stop();
      throw error;
    }
  }

  /** A repository of its own, behind proxy and media server. */
  async throughMedia(): Promise<Both> {
    this.#run += 1;
    const repository = repositoryName(this.#host.hostId, this.#run);
    const url = await this.#proxy.call('open', { ...this.#proxyWish, repository }, z.string());
    await this.#runRestic(url, ['init']);
    this.#idle ??= { media: residentOf(this.#media), proxy: residentOf(this.#proxy) };
    const idle = this.#idle;
    for (const child of [this.#media, this.#proxy]) resetPeak(child.pid);
    const backup = await this.#measured(() => this.#backUp(url));
    const restore = await this.#measured(() => this.#restore(url));
    const mediaPeakBytes = memoryOf(this.#media.pid).peakBytes - idle.media;
    const proxyPeakBytes = memoryOf(this.#proxy.pid).peakBytes - idle.proxy;
    await this.#proxy.call('close', undefined, z.unknown());
    await rm(join(this.#folder, 'store', repository), { recursive: true, force: true });
    return { backup, restore, mediaPeakBytes, proxyPeakBytes };
  }

  /** A repository of its own, in a folder of this machine. */
  async local(): Promise<{ backupMs: number; restoreMs: number }> {
    const repository = join(this.#folder, 'local');
    await this.#runRestic(repository, ['init']);
    const backupMs = await this.#backUp(repository);
    const restoreMs = await this.#restore(repository);
    await rm(repository, { recursive: true, force: true });
    return { backupMs, restoreMs };
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    await this.#media.stop();
  }

  async #measured(work: () => Promise<number>): Promise<Took> {
    const media = cpuMsOf(this.#media.pid);
    const proxy = cpuMsOf(this.#proxy.pid);
    const wallMs = await work();
    return {
      wallMs,
      mediaCpuMs: cpuMsOf(this.#media.pid) - media,
      proxyCpuMs: cpuMsOf(this.#proxy.pid) - proxy,
    };
  }

  #backUp(repository: string): Promise<number> {
    return this.#runRestic(repository, ['backup', this.source]);
  }

  async #restore(repository: string): Promise<number> {
    this.#restores += 1;
    const target = join(this.#folder, 'restored', String(this.#restores));
    const tookMs = await this.#runRestic(repository, ['restore', 'latest', '--target', target]);
    await emptyFiles(target);
    return tookMs;
  }

  /** Runs the real restic with a cache that is new with each repository; how long it took. */
  async #runRestic(repository: string, args: readonly string[]): Promise<number> {
    const cache = join(this.#folder, 'cache');
    await mkdir(cache, { recursive: true });
    const startedMs = performance.now();
    const restic = spawn(this.#restic, [...args, '--quiet', '--cache-dir', cache], {
      env: { ...process.env, RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSWORD },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = (await once(restic, 'exit')) as [number | null];
    const tookMs = performance.now() - startedMs;
    if (code !== 0) throw new Error(`restic ${args.join(' ')} ended with ${String(code)}`);
    return tookMs;
  }
}
