import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { createClient, type Caller, type Transport } from '@sekisho/core/wire/client.ts';
import { createToken } from '@sekisho/core/wire/trust.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { createCertificateRequest } from '@sekisho/pki/csr.ts';
import { parseCertsOnly } from '@sekisho/pki/est.ts';
import { generatePrivateKey, privateKeyToPem, type KeyAlgorithm } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { KEK_FILE } from '@sekisho/server/features/keys/kek.ts';
import {
  initServer,
  joinServer,
  startServer,
  type RunningServer,
  type StartOptions,
} from '@sekisho/server/main.ts';
import type { DialectName } from '@sekisho/server/store/transaction-context.ts';
import { isIP } from 'node:net';
import type { KeyObject } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest, type Agent } from 'node:https';
import { join } from 'node:path';
import { FakeClock } from './fake-clock.ts';
import { migratedDatabase } from './stores.ts';
import { makeTempFolder, type HasAfter } from './temp-folder.ts';

/** Key and certificates of an enrolled host, as its agent would hold them. */
export interface Identity {
  readonly hostId: HostId;
  readonly key: KeyObject;
  readonly certificate: Certificate;
  readonly tls: { readonly key: string; readonly cert: string };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface CsrWish {
  readonly name: string;
  readonly names?: readonly string[];
  readonly uris?: readonly string[];
  readonly media?: boolean;
  readonly key?: KeyObject;
  readonly keyAlgorithm?: KeyAlgorithm;
}

/** A management server without agents: what trust tests talk to over its real ports. */
export class TrustServer {
  readonly clock: Clock;
  readonly dataFolder: string;
  readonly caFingerprint: string;
  /** The code of the one-time link for the first administrator. */
  readonly firstCode: string;
  readonly call: Caller;
  server: RunningServer;
  readonly #others = new Set<RunningServer>();

  private constructor(parts: {
    clock: Clock;
    dataFolder: string;
    caFingerprint: string;
    firstCode: string;
    server: RunningServer;
  }) {
    this.clock = parts.clock;
    this.dataFolder = parts.dataFolder;
    this.caFingerprint = parts.caFingerprint;
    this.firstCode = parts.firstCode;
    this.server = parts.server;
    this.call = callerOf(() => this.server.socketPath);
  }

  /** Initialises and starts one; it ends with the test. */
  static async start(
    t: HasAfter,
    options: {
      dialect?: DialectName;
      clock?: Clock;
      addresses?: readonly string[];
      overrides?: NonNullable<StartOptions['overrides']>;
    } = {},
  ): Promise<TrustServer> {
    const clock = options.clock ?? new FakeClock();
    const running: { trust?: TrustServer } = {};
    // registered first: the server stops before its database and folder go
    t.after(() => running.trust?.stop());
    const place = options.dialect === 'postgres' ? await migratedDatabase(t) : await plainFolder(t);
    const dataFolder = join(place.folder, 'server');
    const born = await initServer({
      dataFolder,
      name: 'Test',
      addresses: options.addresses ?? ['server.example', '127.0.0.1'],
      database: place.database,
      clock,
      random: systemRandom,
      environment: {},
    });
    const server = await startOn(dataFolder, clock, options.overrides);
    const { caFingerprint } = born;
    const firstCode = born.firstAdministrator.code.reveal();
    running.trust = new TrustServer({ clock, dataFolder, caFingerprint, firstCode, server });
    return running.trust;
  }

  /** Stops it and starts it again on the same folder. */
  async restart(overrides: NonNullable<StartOptions['overrides']> = {}): Promise<void> {
    await this.server.stop();
    this.server = await startOn(this.dataFolder, this.clock, overrides);
  }

  /** The data folder of one more server process of this domain, which nobody has started yet; the domain is on PostgreSQL. */
  async joined(t: HasAfter, database?: string): Promise<string> {
    const { path, remove } = await makeTempFolder();
    t.after(remove);
    const dataFolder = join(path, 'second');
    await joinFolder(dataFolder, this, database);
    return dataFolder;
  }

  /** One more server process of this domain, in this process, with all of its own; it ends with this test, and before the domain's first. */
  async second(t: HasAfter): Promise<RunningServer> {
    const started: RunningServer[] = [];
    // registered first: it stops before its folder goes
    t.after(() => this.#end(started));
    const server = await startOn(await this.joined(t), this.clock);
    started.push(server);
    this.#others.add(server);
    return server;
  }

  /** Ends all of its server processes. */
  async stop(): Promise<void> {
    await this.#end([...this.#others]);
    await this.server.stop();
  }

  async #end(others: readonly RunningServer[]): Promise<void> {
    for (const other of others) if (this.#others.delete(other)) await other.stop();
  }

  /** One request to the agent port; `agent` keeps the connection for the next. */
  agentRequest(request: {
    method?: string;
    path: string;
    body?: string | Uint8Array;
    headers?: Record<string, string>;
    tls?: { key: string; cert: string };
    agent?: Agent;
  }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(
        {
          host: '127.0.0.1',
          port: this.server.ports.agent,
          method: request.method ?? 'GET',
          path: request.path,
          headers: request.headers ?? {},
          // the tests' clock is not OpenSSL's: who answers is checked where a test is about that
          rejectUnauthorized: false,
          ...(request.tls ?? {}),
          agent: request.agent ?? false,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const { statusCode: status = 0, headers } = response;
            resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') });
          });
        },
      );
      sent.once('error', reject);
      sent.end(request.body);
    });
  }

  /** Asks for a certificate over EST. */
  async ask(
    wish: CsrWish,
    how: { token?: string; renew?: Identity; headers?: Record<string, string> } = {},
  ): Promise<Answer & { key: KeyObject }> {
    const key = wish.key ?? (await generatePrivateKey(wish.keyAlgorithm ?? 'p256'));
    const csr = await csrOf({ ...wish, key });
    return { ...(await this.askWith(csr, how)), key };
  }

  /** The same with a CSR that is there already. */
  askWith(
    csr: Uint8Array,
    how: { token?: string; renew?: Identity; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const basic =
      how.token === undefined
        ? {}
        : { authorization: `Basic ${Buffer.from(`token:${how.token}`).toString('base64')}` };
    return this.agentRequest({
      method: 'POST',
      path: `/.well-known/est/${how.renew === undefined ? 'simpleenroll' : 'simplereenroll'}`,
      body: Buffer.from(csr).toString('base64'),
      headers: { 'content-type': 'application/pkcs10', ...basic, ...how.headers },
      ...(how.renew === undefined ? {} : { tls: how.renew.tls }),
    });
  }

  /** Enrols a host; throws with the answer when it was refused. */
  async enrol(wish: CsrWish, how: { token?: string; renew?: Identity } = {}): Promise<Identity> {
    const answer = await this.ask(wish, how);
    if (answer.status !== 200) throw new Error(`${answer.status} ${String(answer.headers['sekisho-code'])}`);
    return identityOf(answer.body, answer.key);
  }

  /** A fresh token's secret. */
  async token(wish: Partial<Parameters<typeof createToken.body.parse>[0] & object> = {}): Promise<string> {
    const made = await this.call(createToken, { body: { name: 'test', ...wish } });
    return made.token;
  }
}

/** A caller over an administration socket. */
export const callerOf = (socketPath: () => string): Caller => createClient(socketTransport(socketPath));

/** HTTP over an administration socket, without words for what goes wrong. */
export const socketTransport =
  (socketPath: () => string): Transport =>
  ({ method, path, body, headers }) =>
    new Promise((resolve, reject) => {
      const type = body === undefined ? {} : { 'content-type': 'application/json' };
      const wish = { socketPath: socketPath(), method, path, headers: { ...headers, ...type } };
      const sent = httpRequest(wish, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });

/** Makes a folder that of one more server process of the domain whose first server this is; `database`: its own way to the same database. */
export async function joinFolder(
  dataFolder: string,
  first: { server: RunningServer; dataFolder: string; clock: Clock },
  database: string = first.server.context.config.database,
): Promise<void> {
  await joinServer({
    dataFolder,
    database,
    kekFile: join(first.dataFolder, KEK_FILE),
    addresses: ['127.0.0.1'],
    clock: first.clock,
    random: systemRandom,
  });
}

/** Starts a server on an initialised folder, on free ports. */
export const startOn = (
  dataFolder: string,
  clock: Clock,
  overrides: NonNullable<StartOptions['overrides']> = {},
): Promise<RunningServer> =>
  startServer({
    dataFolder,
    listen: '127.0.0.1',
    agentPort: 0,
    adminPort: 0,
    httpPort: 0,
    set: ['backups.everyHours=0', 'stop.graceSeconds=1'],
    clock,
    random: systemRandom,
    log: silentLog(),
    environment: {},
    overrides: { passwordCost: TEST_PASSWORD_COST, ...overrides },
  });

/** What a password hash costs in tests: next to nothing. */
export const TEST_PASSWORD_COST = { memoryKiB: 8, passes: 1, lanes: 1 } as const;

/** A CSR as an agent makes it. */
export const csrOf = (wish: CsrWish & { key: KeyObject }): Promise<Uint8Array> =>
  createCertificateRequest({
    signer: fileSigner(wish.key),
    commonName: wish.name,
    dns: (wish.names ?? []).filter((name) => isIP(name) === 0),
    ips: (wish.names ?? []).filter((name) => isIP(name) !== 0),
    uris: wish.uris ?? [],
    serverAuth: wish.media ?? false,
  });

/** What EST answered, with the key it is for. */
export function identityOf(body: string, key: KeyObject): Identity {
  const [certificate, issuing] = parseCertsOnly(Buffer.from(body, 'base64'));
  const hostId = certificate?.subjectCn === undefined ? undefined : parseHostId(certificate.subjectCn);
  if (certificate === undefined || issuing === undefined || hostId === undefined)
    throw new Error('the answer is not a leaf and its issuer');
  const cert = certificateToPem(certificate.der) + certificateToPem(issuing.der);
  return { hostId, key, certificate, tls: { key: privateKeyToPem(key), cert } };
}

async function plainFolder(t: HasAfter): Promise<{ folder: string; database: undefined }> {
  const { path, remove } = await makeTempFolder();
  t.after(remove);
  return { folder: path, database: undefined };
}
