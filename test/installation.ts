import type { HostId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getRepositoryPassword } from '@sekisho/core/wire/agent.ts';
import { hostId } from '@sekisho/core/wire/scalars.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { makeTempFolder, type HasAfter } from '@sekisho/testkit/temp-folder.ts';
import { callerOf } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from './root.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');
/** A process that was asked to stop and goes on for so long has failed. */
const STOP_WITHIN_MS = 30_000;
const LOOPBACK = '127.0.0.1';

const bornSaid = z.object({ caFingerprint: z.string() });
const serverSaid = z.object({ ports: z.object({ agent: z.number(), admin: z.number(), http: z.number() }) });
const hostSaid = z.object({ hostId });
const mediaSaid = z.object({ media: z.object({ port: z.number().nullable() }).nullable() });
const agentSaid = z.object({ mediaPort: z.number().nullable() });

export type Part = 'server' | 'vault' | 'laptop';

interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<string>;
  stdout: string;
  stderr: string;
}

/**
 * A domain as people have it: a management server, a media server (`vault`) and a client (`laptop`), each a real `sekisho`
 * command in a process of its own, on ports that stay. All are stopped at the end of the test, by their own PIDs.
 */
export class Installation {
  readonly folder: string;
  readonly call: Caller;
  readonly #running = new Map<Part, Running>();
  #serverPorts = { agent: 0, admin: 0, http: 0 };
  #mediaPort = 0;
  readonly #ids = new Map<Part, HostId>();

  private constructor(folder: string) {
    this.folder = folder;
    this.call = callerOf(() => this.#socketPath());
  }

  /** Creates the domain and starts its three programs. */
  static async start(t: HasAfter): Promise<Installation> {
    const { path, remove } = await makeTempFolder();
    const installation = new Installation(path);
    process.on('exit', installation.#endAll);
    t.after(async () => {
      try {
        await installation.stopAll();
      } finally {
        installation.#endAll();
        process.off('exit', installation.#endAll);
        await remove();
      }
    });
    const born = await installation.sekisho(
      'server',
      'server',
      'init',
      '--name',
      'Test',
      '--address',
      LOOPBACK,
    );
    const { caFingerprint } = bornSaid.parse(JSON.parse(born));
    await installation.startServer();
    for (const name of ['vault', 'laptop'] as const) await installation.#enrol(name, caFingerprint);
    await installation.startAgent('vault');
    const endpoint = ['--endpoint', `${LOOPBACK}:${installation.#mediaPort}`];
    await installation.sekisho('server', 'host', 'media', 'vault', 'on', ...endpoint);
    await installation.startAgent('laptop');
    return installation;
  }

  async #enrol(name: 'vault' | 'laptop', caFingerprint: string): Promise<void> {
    const token = await this.token(name, name === 'vault');
    this.#ids.set(name, await this.setUp(name, { token, caFingerprint, media: name === 'vault' }));
  }

  async token(name: string, media = false): Promise<string> {
    const made = await this.sekisho(
      'server',
      'token',
      'create',
      '--name',
      name,
      ...(media ? ['--media'] : []),
    );
    return z.object({ token: z.string() }).parse(JSON.parse(made)).token;
  }

  /** `agent setup`: gives the host ID, or fails with what the command said. */
  async setUp(name: string, how: { token: string; caFingerprint: string; media?: boolean }): Promise<HostId> {
    const said = await this.#run(
      [
        ...['agent', 'setup', '--data', join(this.folder, name), '--name', name, '--json'],
        ...(how.media === true ? ['--media'] : []),
        ...['--server', `${LOOPBACK}:${this.#serverPorts.agent}`, '--ca-fingerprint', how.caFingerprint],
        ...['--token-env', 'TOKEN'],
      ],
      { TOKEN: how.token },
    );
    return hostSaid.parse(JSON.parse(said)).hostId;
  }

  /** A part's data folder. */
  data(part: Part): string {
    return join(this.folder, part);
  }

  hostId(part: 'vault' | 'laptop'): HostId {
    const id = this.#ids.get(part);
    assert.ok(id !== undefined, `${part} is enrolled`);
    return id;
  }

  /** Runs one `sekisho` command on a data folder to its good end, and gives what it printed (JSON). */
  sekisho(part: Part, ...args: readonly string[]): Promise<string> {
    return this.#run([...args, '--data', this.data(part), '--json']);
  }

  /** `agent status` of a part: it says what it knows also while the server is away, and ends with 1 then. */
  async agentStatus(part: 'vault' | 'laptop'): Promise<unknown> {
    const args = ['agent', 'status', '--data', this.data(part), '--json'];
    const { stdout } = await promisify(execFile)(SEKISHO, args, { env: plainEnvironment() }).catch(
      (error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 1 && 'stdout' in error)
          return { stdout: String(error.stdout) };
        throw error;
      },
    );
    return JSON.parse(stdout) as unknown;
  }

  async #run(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const running = promisify(execFile)(SEKISHO, args, { env: { ...plainEnvironment(), ...env } });
    const { stdout } = await running.catch((error: unknown) => {
      const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
      throw new Error(`sekisho ${args.join(' ')}: ${said}`, { cause: error });
    });
    return stdout;
  }

  /** `crashAt`: the crash point (and pass, `<name>:<n>`) at which it kills itself. */
  async startServer(crashAt?: string): Promise<void> {
    const { agent, admin, http } = this.#serverPorts;
    const said = await this.#start(
      'server',
      [
        ...['server', 'run', '--listen', LOOPBACK, '--agent-port', String(agent)],
        ...['--admin-port', String(admin), '--http-port', String(http)],
      ],
      crashAt,
    );
    this.#serverPorts = serverSaid.parse(said).ports;
  }

  /** Starts an agent; resolves when the server hears it, and the media server serves. */
  async startAgent(part: 'vault' | 'laptop'): Promise<void> {
    const startedMs = Date.now();
    const said = await this.#runAgent(part);
    if (part === 'vault') this.#mediaPort = said.mediaPort ?? (await this.#mediaPortOf(part));
    await eventually(`${part} is online`, async () => {
      const { lastSeenAtMs } = await this.call(getHost, { params: { id: this.hostId(part) } });
      return (lastSeenAtMs ?? 0) >= startedMs ? true : undefined;
    });
  }

  /** Starts an agent that kills itself at a crash point, maybe soon. */
  async startDoomedAgent(part: 'vault' | 'laptop', crashAt: string): Promise<void> {
    await this.#runAgent(part, crashAt);
  }

  async #runAgent(part: 'vault' | 'laptop', crashAt?: string): Promise<z.infer<typeof agentSaid>> {
    const listen = part === 'vault' ? ['--media-listen', `${LOOPBACK}:${this.#mediaPort}`] : [];
    return agentSaid.parse(await this.#start(part, ['agent', 'run', ...listen], crashAt));
  }

  /** The role comes with the first assignment. */
  #mediaPortOf(part: 'vault' | 'laptop'): Promise<number> {
    return eventually(`${part} serves repositories`, async () => {
      return mediaSaid.parse(await this.agentStatus(part)).media?.port ?? undefined;
    });
  }

  /** Starts a program of this installation and waits for what it says when it is ready. */
  async #start(part: Part, args: readonly string[], crashAt = ''): Promise<unknown> {
    const child = spawn(SEKISHO, [...args, '--data', this.data(part), '--json'], {
      env: { ...plainEnvironment(), SEKISHO_TEST_CRASH_POINT: crashAt },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const running: Running = {
      process: child,
      stdout: '',
      stderr: '',
      ended: new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? String(code)))),
    };
    child.stdout.on('data', (chunk: Buffer) => (running.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (running.stderr += chunk.toString()));
    this.#running.set(part, running);
    return eventually(`${part} says that it runs`, () => {
      const said = readJson(running.stdout);
      if (said === undefined && (child.exitCode ?? child.signalCode) !== null)
        throw new Error(`${part} ended: ${running.stderr.slice(-2000)}`);
      return said;
    });
  }

  /** kill -9: this process alone, as the kernel or an administrator does it. */
  async kill(part: Part): Promise<void> {
    const running = this.#running.get(part);
    assert.ok(running !== undefined && running.process.kill('SIGKILL'), `${part} was alive`);
    await this.died(part);
  }

  /** Waits until a process is dead that was killed, or killed itself at its crash point. */
  async died(part: Part): Promise<void> {
    const running = this.#running.get(part);
    assert.ok(running !== undefined);
    const how = await eventually(`${part} dies`, () => running.process.signalCode ?? undefined);
    assert.equal(how, 'SIGKILL');
    this.#running.delete(part);
  }

  /** Stops what runs, politely and in good time. */
  async stopAll(): Promise<void> {
    for (const part of ['laptop', 'vault', 'server'] as const) if (this.#isAlive(part)) await this.stop(part);
  }

  /** Starts what is not running, as a service manager does. */
  async startAll(): Promise<void> {
    if (!this.#isAlive('server')) await this.startServer();
    for (const part of ['vault', 'laptop'] as const) if (!this.#isAlive(part)) await this.startAgent(part);
  }

  #isAlive(part: Part): boolean {
    const child = this.#running.get(part)?.process;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Stops one process as its service manager would. */
  async stop(part: Part): Promise<void> {
    const running = this.#running.get(part);
    assert.ok(running !== undefined && running.process.kill('SIGTERM'), `${part} was alive`);
    const late = AbortSignal.timeout(STOP_WITHIN_MS);
    const how = await Promise.race([
      running.ended,
      new Promise<string>((resolve) => late.addEventListener('abort', () => resolve('too late'))),
    ]);
    assert.equal(how, '0', `${part} stops: ${running.stderr.slice(-2000)}`);
    this.#running.delete(part);
  }

  readonly #endAll = (): void => {
    for (const { process: child } of this.#running.values()) child.kill('SIGKILL');
  };

  #socketPath(): string {
    const recorded = join(this.data('server'), 'run', 'socket-path');
    if (existsSync(recorded)) return readFileSync(recorded, 'utf8').trim();
    return join(this.data('server'), 'run', 'admin.sock');
  }

  /** PIDs of restic processes that work for this installation, wherever they hang in the process tree. */
  async restics(): Promise<number[]> {
    const found: number[] = [];
    for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
      const of = (file: string): Promise<string> =>
        readFile(join('/proc', name, file), 'utf8').catch(() => '');
      if ((await of('comm')).trim() === 'restic' && (await of('environ')).includes(this.folder))
        found.push(Number(name));
    }
    return found;
  }

  /** Where the vault keeps the laptop's repository. */
  async repository(): Promise<string> {
    const place = join(this.data('vault'), 'repositories');
    const name = (await readdir(place)).find((entry) => entry.startsWith(this.hostId('laptop')));
    assert.ok(name !== undefined, 'there is a repository');
    return join(place, name);
  }

  /** Looks through a repository with restic itself, every byte of it read, past all programs of ours. */
  async proveSound(): Promise<void> {
    const folder = await this.repository();
    await promisify(execFile)(
      'restic',
      ['check', '--read-data', '--no-lock', '--no-cache', '-r', join(folder, 'repository')],
      { env: { PATH: process.env['PATH'], HOME: this.folder, RESTIC_PASSWORD: await this.#password() } },
    );
  }

  /** The escrowed password, released to the host that owns the repository (P-11). */
  async #password(): Promise<string> {
    const repository = (await this.repository()).slice(join(this.data('vault'), 'repositories').length + 1);
    const identity = join(this.data('laptop'), 'identity');
    const tls = { key: await readPem(identity, 'key'), cert: await readPem(identity, 'cert') };
    const body = JSON.stringify({ repository, jobId: '0'.repeat(32) });
    const text = await new Promise<string>((resolve, reject) => {
      const { method, path } = getRepositoryPassword;
      const target = { host: LOOPBACK, port: this.#serverPorts.agent, method, path, agent: false };
      const headers = { 'content-type': 'application/json' };
      const sent = request({ ...target, ...tls, headers, rejectUnauthorized: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      });
      sent.once('error', reject);
      sent.end(body);
    });
    return getRepositoryPassword.reply.parse(JSON.parse(text)).password;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readPem(folder: string, part: string): Promise<string> {
  const name = (await readdir(folder)).find((entry) => entry.startsWith(part));
  assert.ok(name !== undefined, `there is a ${part}`);
  return readFile(join(folder, name), 'utf8');
}

/** Of this test's environment only what a shell would have. */
const plainEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  LANG: 'C.UTF-8',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
});
