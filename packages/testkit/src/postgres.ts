import { SECOND_MS } from '@sekisho/core/time.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

/** Set by the test run for all its test files: the one server they share. */
export const POSTGRES_URL_VARIABLE = 'SEKISHO_TEST_POSTGRES_URL';

/** Who owns what lies in a server of the tests. */
export const USER = 'sekisho';
const START_MAX_MS = 60 * SECOND_MS;
const STOP_MAX_MS = 30 * SECOND_MS;
const POLL_MS = 50;
/** Names of Unix sockets are short; the rest is `/.s.PGSQL.5432`. */
const SOCKET_FOLDER_LENGTH_MAX = 90;

/** A real PostgreSQL of this test run alone. */
export interface TestPostgres {
  /** Of its maintenance database; `databaseUrl` gives another's. */
  readonly url: string;
  /** Ends every connection, as a failover does, and serves again with what was committed. */
  restart(): Promise<void>;
  /** Stops it by its process ID and removes its folder. */
  stop(): Promise<void>;
}

/**
 * Starts the machine's PostgreSQL in a temporary folder, reachable through a Unix socket in it alone, with a password. As
 * root it runs as an unprivileged user, because PostgreSQL refuses root. It ends with this process, however that ends.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const { bin, account, folder, password } = await makePlace();
  const data = join(folder, 'data');
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    process.off('exit', killAtExit);
    if (child !== undefined) await stopProcess(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const killAtExit = (): void => {
    child?.kill('SIGQUIT');
  };
  try {
    initialise({ bin, account, folder, password }, data);
    child = launch({ bin, account, folder }, data);
    process.on('exit', killAtExit);
    await untilReady(child, data);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: urlOf(password, [folder], 'postgres'),
    async restart() {
      if (child !== undefined) await stopProcess(child);
      child = launch({ bin, account, folder }, data);
      await untilReady(child, data);
    },
    stop,
  };
}

/** Where a server of the tests lies, and who runs it. */
export interface PostgresPlace {
  readonly bin: string;
  readonly account: Account | undefined;
  /** Of its socket; the caller removes it. */
  readonly folder: string;
  readonly password: string;
}

/** A new temporary folder that the account can reach, and a password. */
export async function makePlace(): Promise<PostgresPlace> {
  const account = unprivilegedAccount();
  const folder = await mkdtemp(join(socketBase(account !== undefined), 'sekisho-pg-'));
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const password = Buffer.from(systemRandom.bytes(12)).toString('hex');
  return { bin: findPostgresBin(), account, folder, password };
}

/** The address of a database behind these sockets. */
export const urlOf = (password: string, folders: readonly string[], database: string): string =>
  `postgres://${USER}:${password}@localhost/${database}?host=${encodeURIComponent(folders.join(','))}`;

/** The URL of another database of the same server. */
export function databaseUrl(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** The folder of PostgreSQL's programs: Debian's, or the one on PATH. */
export function findPostgresBin(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const candidates = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  const found = candidates.find(
    (folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')),
  );
  if (found === undefined) {
    throw new Error('no PostgreSQL server programs here: install them (Debian: apt-get install postgresql)');
  }
  return found;
}

/** Whom a server of the tests runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** As root: `postgres`, or `nobody`. Otherwise undefined: this process is unprivileged already. */
function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('PostgreSQL refuses root, and there is neither a user postgres nor nobody');
}

/** A folder for the socket: short enough, and one that the other user can reach. */
function socketBase(otherUser: boolean): string {
  const wanted = resolve(tmpdir());
  if (wanted.length > SOCKET_FOLDER_LENGTH_MAX - 20) return '/tmp';
  if (!otherUser) return wanted;
  for (let folder = wanted; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return '/tmp';
    if (folder === dirname(folder)) return wanted;
  }
}

/** A cluster of its own in the folder `data`, whose superuser has the password. */
export function initialise({ bin, account, folder, password }: PostgresPlace, data: string): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const settings = [
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ];
  const [command, ...args] = asAccount(account, [
    join(bin, 'initdb'),
    `--pgdata=${data}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    ...settings,
  ]);
  const made = spawnSync(command!, args, { cwd: folder, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
}

/** Starts a server on the folder `data`, with its socket in the place's. */
export function launch(
  { bin, account, folder }: Omit<PostgresPlace, 'password'>,
  data: string,
): ChildProcess {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: folder,
    max_connections: '200',
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    // what is proved here is Sekisho's part; the machine does not lose power in a test
    fsync: 'off',
    full_page_writes: 'off',
  };
  const [command, ...args] = asAccount(account, [
    join(bin, 'postgres'),
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  return spawn(command!, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** `setpriv` changes the user and has the child signalled when this process dies; it then becomes the program itself. */
export function asAccount(account: Account | undefined, command: string[]): string[] {
  if (account === undefined) {
    return spawnSync('setpriv', ['--version']).status === 0
      ? ['setpriv', '--pdeathsig=INT', '--', ...command]
      : command;
  }
  const who = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--pdeathsig=INT'];
  return ['setpriv', ...who, '--', ...command];
}

/** PostgreSQL writes `ready` as the last line of its pid file. */
export async function untilReady(child: ChildProcess, data: string): Promise<void> {
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    log = (log + chunk).slice(-4_000);
  });
  const deadlineMs = systemClock.monotonicMs() + START_MAX_MS;
  while (systemClock.monotonicMs() < deadlineMs) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    const pidFile = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
    if (pidFile.split('\n')[7]?.trim() === 'ready') {
      // its messages are of no more interest; the pipe must not fill up nor keep this process alive
      child.stderr?.resume();
      child.unref();
      if (child.stderr !== null && 'unref' in child.stderr)
        (child.stderr as unknown as { unref(): void }).unref();
      return;
    }
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
  throw new Error(`PostgreSQL did not start: ${log}`);
}

/** SIGINT is PostgreSQL's fast shutdown; SIGQUIT when that takes too long. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.ref();
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), STOP_MAX_MS);
  await ended;
  clearTimeout(timer);
}
