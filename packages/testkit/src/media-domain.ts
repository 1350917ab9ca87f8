import type { AppError } from '@sekisho/core/errors.ts';
import { repositoryName, type HostId, type RepositoryName } from '@sekisho/core/ids.ts';
import type { MediaEvent } from '@sekisho/media/media-event.ts';
import { runRestic, type RunResticResult } from '@sekisho/media/restic/run-restic.ts';
import {
  startMediaServer,
  type MediaServer,
  type MediaServerOptions,
} from '@sekisho/media/start-media-server.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { RevocationSet } from '@sekisho/pki/revocation-set.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { FakeClock } from './fake-clock.ts';
import { SeededRandom } from './seeded-random.ts';
import { tempFolder, type HasAfter } from './temp-folder.ts';
import { TestAuthority, type TestHost } from './test-authority.ts';

export const REPOSITORY_PASSWORD = 'only-for-tests';

/** A media server with its domain, and clients that talk to it as restic or as raw HTTP. */
export class MediaDomain {
  readonly folder: string;
  readonly clock: FakeClock;
  readonly authority: TestAuthority;
  readonly mediaHost: TestHost;
  readonly revocations = new RevocationSet();
  readonly events: MediaEvent[] = [];
  readonly storeFolder: string;
  quotaBytes: number | null = null;
  /** Set while a media server of another process serves the folder. */
  otherPort: number | undefined;
  #server: MediaServer | undefined;
  readonly #overrides: Partial<MediaServerOptions>;

  private constructor(
    folder: string,
    clock: FakeClock,
    authority: TestAuthority,
    mediaHost: TestHost,
    overrides: Partial<MediaServerOptions>,
  ) {
    this.folder = folder;
    this.clock = clock;
    this.authority = authority;
    this.mediaHost = mediaHost;
    this.#overrides = overrides;
    this.storeFolder = overrides.folder ?? join(folder, 'store');
  }

  /** Makes the domain and starts its media server; everything ends with the test. */
  static async start(t: HasAfter, overrides: Partial<MediaServerOptions> = {}): Promise<MediaDomain> {
    const folder = await tempFolder(t);
    const clock = new FakeClock();
    const authority = await TestAuthority.create({ nowMs: clock.nowMs() });
    const mediaHost = await authority.host({ media: true, name: 'media.test' });
    const domain = new MediaDomain(folder, clock, authority, mediaHost, overrides);
    await writeFile(join(folder, 'ca.pem'), authority.caPem);
    t.after(() => domain.stop());
    await domain.open();
    return domain;
  }

  get server(): MediaServer {
    if (this.#server === undefined) throw new Error('the media server is stopped');
    return this.#server;
  }

  get port(): number {
    return this.otherPort ?? this.server.port;
  }

  async open(): Promise<void> {
    this.#server = await startMediaServer({
      folder: this.storeFolder,
      listen: { host: '127.0.0.1', port: 0 },
      tls: this.tls(),
      authorize: (chain) => this.authorize(chain),
      quotaBytesPerHost: () => this.quotaBytes,
      onEvent: (event) => {
        this.events.push(event);
        return Promise.resolve();
      },
      clock: this.clock,
      random: new SeededRandom(randomBytes(8).toString('hex')),
      log: silentLog(),
      ...this.#overrides,
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop();
  }

  tls(): { key: string; cert: string; ca: string[] } {
    return {
      key: this.mediaHost.keyPem,
      cert: this.mediaHost.chainPem,
      ca: [this.authority.rootPem, this.authority.caPem],
    };
  }

  authorize(chain: Certificate[]): { hostId: HostId } {
    const [leaf, ...intermediates] = chain;
    const { hostId } = verifyChain({
      leaf: leaf!,
      intermediates: [...intermediates, this.authority.issuing.certificate],
      anchors: this.authority.anchors,
      nowMs: this.clock.nowMs(),
      domainId: this.authority.domainId,
      role: 'host-client',
      revocations: this.revocations,
    });
    return { hostId: hostId! };
  }

  /** A CRL that names these arrives: the media server's owner adds it and asks for a cut. */
  async revoke(...certificates: Certificate[]): Promise<number> {
    const crl = await this.authority.crl({ revoke: certificates });
    this.revocations.add(crl, this.authority.issuing.certificate);
    return this.server.cutUnauthorized();
  }

  async client(host?: TestHost): Promise<MediaClient> {
    return MediaClient.make(this, host ?? (await this.authority.host()));
  }

  snapshotsTold(): string[] {
    return this.events.flatMap((event) => (event.kind === 'snapshot' ? [event.snapshotId] : []));
  }

  eventsTold(): string[] {
    return this.events.flatMap((event) => (event.kind === 'event' ? [event.event] : []));
  }
}

export interface RawReply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
  readonly code: AppError['code'] | undefined;
}

/** One host as a client of the media server. */
export class MediaClient {
  readonly domain: MediaDomain;
  readonly host: TestHost;
  readonly repository: RepositoryName;
  readonly folder: string;
  #agent: Agent | undefined;

  private constructor(domain: MediaDomain, host: TestHost, folder: string) {
    this.domain = domain;
    this.host = host;
    this.repository = repositoryName(host.hostId, 1);
    this.folder = folder;
  }

  static async make(domain: MediaDomain, host: TestHost): Promise<MediaClient> {
    const folder = join(domain.folder, `client-${randomBytes(4).toString('hex')}`);
    await mkdir(join(folder, 'cache'), { recursive: true });
    await writeFile(join(folder, 'client.pem'), `${host.chainPem}\n${host.keyPem}`, { mode: 0o600 });
    return new MediaClient(domain, host, folder);
  }

  /** The real restic over mutual TLS. */
  async restic(
    args: readonly string[],
    options: { repository?: string; onStderr?: (line: string) => void; signal?: AbortSignal } = {},
  ): Promise<RunResticResult & { lines: string[] }> {
    const lines: string[] = [];
    const result = await runRestic({
      binary: process.env['SEKISHO_RESTIC'] ?? 'restic',
      args: [
        ...args,
        '--cacert',
        join(this.domain.folder, 'ca.pem'),
        '--tls-client-cert',
        join(this.folder, 'client.pem'),
      ],
      env: {
        RESTIC_REPOSITORY: `rest:https://127.0.0.1:${this.domain.port}/${options.repository ?? this.repository}/`,
        RESTIC_PASSWORD: REPOSITORY_PASSWORD,
        RESTIC_CACHE_DIR: join(this.folder, 'cache'),
      },
      onLine: (line) => {
        lines.push(line);
      },
      onStderr: (line) => {
        options.onStderr?.(line);
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return { ...result, lines };
  }

  /** One raw request on a kept connection, exactly as given. */
  raw(
    method: string,
    path: string,
    options: { body?: Uint8Array; headers?: Record<string, string>; noLength?: boolean } = {},
  ): Promise<RawReply> {
    this.#agent ??= new Agent({
      keepAlive: true,
      maxSockets: 4,
      ca: [this.domain.authority.rootPem],
      cert: this.host.chainPem,
      key: this.host.keyPem,
    });
    const length =
      options.body === undefined || options.noLength === true
        ? {}
        : { 'content-length': String(options.body.length) };
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: '127.0.0.1',
          port: this.domain.port,
          method,
          path,
          headers: { ...length, ...options.headers },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const body = Buffer.concat(chunks);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body,
              code: codeOf(response.headers['content-type'], body),
            });
          });
        },
      );
      sent.on('error', reject);
      sent.end(options.body);
    });
  }

  /** Uploads bytes under their right name. */
  async put(type: string, bytes: Uint8Array): Promise<{ id: string; reply: RawReply }> {
    const id = createHash('sha256').update(bytes).digest('hex');
    return { id, reply: await this.raw('POST', `/${this.repository}/${type}/${id}`, { body: bytes }) };
  }

  disconnect(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }
}

function codeOf(contentType: string | undefined, body: Buffer): AppError['code'] | undefined {
  if (contentType !== 'application/problem+json' || body.length === 0) return undefined;
  return (JSON.parse(body.toString()) as { code: AppError['code'] }).code;
}

/** Some files with random content below a folder; the same names again get new content. */
export async function makeFiles(folder: string, sizes: readonly number[]): Promise<void> {
  for (const [index, bytes] of sizes.entries()) {
    const inner = join(folder, `d${index % 3}`);
    await mkdir(inner, { recursive: true });
    await writeFile(join(inner, `f${index}`), randomBytes(bytes));
  }
}

/** Relative path → SHA-256 of every file below a folder. */
export async function fingerprintOf(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length)] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return found;
}
