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
    const media = name === 'vault' ? ['--media'] : [];
    const made = await this.sekisho('server', 'token', 'create', '--name', name, ...media);
    const { token } = z.object({ token: z.string() }).parse(JSON.parse(made));
    const said = await this.#run(
      [
        ...['agent', 'setup', '--data', this.data(name), '--name', name, ...media, '--json'],
        ...['--server', `${LOOPBACK}:${this.#serverPorts.agent}`, '--ca-fingerprint', caFingerprint],
        ...['--token-env', 'TOKEN'],
      ],
      { TOKEN: token },
    );
    this.#ids.set(name, hostSaid.parse(JSON.parse(said)).hostId);
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

  async #run(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
    const { stdout } = await promisify(execFile)(SEKISHO, args, { env: { ...plainEnvironment(), ...env } });
    return stdout;
  }

  async startServer(): Promise<void> {
    const { agent, admin, http } = this.#serverPorts;
    const said = await this.#start('server', [
      ...['server', 'run', '--listen', LOOPBACK, '--agent-port', String(agent)],
      ...['--admin-port', String(admin), '--http-port', String(http)],
    ]);
    this.#serverPorts = serverSaid.parse(said).ports;
  }

  /** Starts an agent; resolves when the server hears it, and the media server serves. */
  async startAgent(part: 'vault' | 'laptop'): Promise<void> {
    const listen = part === 'vault' ? ['--media-listen', `${LOOPBACK}:${this.#mediaPort}`] : [];
    const startedMs = Date.now();
    const said = agentSaid.parse(await this.#start(part, ['agent', 'run', ...listen]));
    if (part === 'vault')
      this.#mediaPort =
        said.mediaPort ??
        (await eventually('the vault serves', async () => {
          const status = z
            .object({ media: z.object({ port: z.number().nullable() }).nullable() })
            .parse(JSON.parse(await this.sekisho(part, 'agent', 'status')));
          return status.media?.port ?? undefined;
        }));
    await eventually(`${part} is online`, async () => {
      const { lastSeenAtMs } = await this.call(getHost, { params: { id: this.hostId(part) } });
      return (lastSeenAtMs ?? 0) >= startedMs ? true : undefined;
    });
  }

  /** Starts a program of this installation and waits for what it says when it is ready. */
  async #start(part: Part, args: readonly string[]): Promise<unknown> {
    const child = spawn(SEKISHO, [...args, '--data', this.data(part), '--json'], {
      env: plainEnvironment(),
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
      if (child.exitCode !== null) throw new Error(`${part} ended: ${running.stderr}`);
      try {
        return JSON.parse(running.stdout) as unknown;
      } catch {
        return undefined;
      }
    });
  }

  /** kill -9: this process alone, as the kernel or an administrator does it. */
  async kill(part: Part): Promise<void> {
    const running = this.#running.get(part);
    assert.ok(running !== undefined && running.process.kill('SIGKILL'), `${part} was alive`);
    assert.equal(await running.ended, 'SIGKILL');
    this.#running.delete(part);
  }

  /** Stops what runs, politely and in good time. */
  async stopAll(): Promise<void> {
    for (const part of ['laptop', 'vault', 'server'] as const) {
      const running = this.#running.get(part);
      if (running === undefined) continue;
      running.process.kill('SIGTERM');
      const late = AbortSignal.timeout(STOP_WITHIN_MS);
      const how = await Promise.race([
        running.ended,
        new Promise<string>((resolve) => late.addEventListener('abort', () => resolve('too late'))),
      ]);
      assert.equal(how, '0', `${part} stops: ${running.stderr.slice(-2000)}`);
      this.#running.delete(part);
    }
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

async function readPem(folder: string, part: string): Promise<string> {
  const name = (await readdir(folder)).find((entry) => entry.startsWith(part));
  assert.ok(name !== undefined, `there is a ${part}`);
  return readFile(join(folder, name), 'utf8');
}

/** Of this test's environment only what a shell would have. */
const plainEnvironment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  LANG: 'C.UTF-8',
});
