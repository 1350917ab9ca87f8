import { createClient } from '@sekisho/server/store/postgres-client.ts';
import { spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import {
  asAccount,
  initialise,
  launch,
  makePlace,
  stopProcess,
  untilReady,
  urlOf,
  USER,
  type PostgresPlace,
} from './postgres.ts';
import type { HasAfter } from './temp-folder.ts';

/** A primary and the standbys that follow it, one after the other. */
const MEMBERS_MAX = 4;

interface Member {
  readonly folder: string;
  readonly data: string;
  readonly child: ChildProcess;
}

/** A real PostgreSQL with a standby that streams from it, asynchronously as PostgreSQL does by default: what fails over may lose its end. */
export class PostgresPair {
  readonly #place: PostgresPlace;
  readonly #database: string;
  #members: Member[] = [];

  private constructor(place: PostgresPlace, database: string) {
    this.#place = place;
    this.#database = database;
  }

  /** Starts a primary with an empty database; it ends with the test, with all who follow it. */
  static async start(t: HasAfter, database: string): Promise<PostgresPair> {
    const place = await makePlace();
    const pair = new PostgresPair(place, database);
    const end = (): void => {
      for (const { child } of pair.#members) child.kill('SIGQUIT');
    };
    process.on('exit', end);
    t.after(async () => {
      process.off('exit', end);
      for (const { child } of pair.#members) await stopProcess(child);
      await rm(place.folder, { recursive: true, force: true, maxRetries: 3 });
    });
    const { folder, data } = pair.#newMember();
    initialise(place, data);
    await pair.#launch(folder, data);
    await pair.#ask(folder, 'postgres', `CREATE DATABASE ${database}`);
    return pair;
  }

  /** The address of the database that names all there are, and all there will be. */
  get url(): string {
    const folders = Array.from({ length: MEMBERS_MAX }, (_, at) => this.#folderOf(at));
    return urlOf(this.#place.password, folders, this.#database);
  }

  /** Copies the primary and follows it; resolves when the standby has all that the primary has. */
  async follow(): Promise<void> {
    const primary = this.#last();
    const { folder, data } = this.#newMember();
    const { bin, account, password } = this.#place;
    const [command = '', ...args] = asAccount(account, [
      join(bin, 'pg_basebackup'),
      ...['-D', data, '-h', primary.folder, '-U', USER, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
    ]);
    const env = { ...process.env, PGPASSWORD: password };
    const made = spawnSync(command, args, { cwd: folder, env, encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`pg_basebackup failed: ${made.error?.message ?? made.stderr}`);
    await this.#launch(folder, data);
    await this.caughtUp();
  }

  /** Resolves when the standby has what was committed before. */
  async caughtUp(): Promise<void> {
    const [primary, standby] = this.#members.slice(-2);
    const at = await this.#ask(
      primary!.folder,
      'postgres',
      'SELECT pg_current_wal_flush_lsn()::text AS said',
    );
    await eventually('the standby has it all', async () => {
      const sql = `SELECT (coalesce(pg_last_wal_replay_lsn(), '0/0') >= '${String(at)}'::pg_lsn)::text AS said`;
      const isThere = await this.#ask(standby!.folder, 'postgres', sql).catch(() => undefined);
      return isThere === 'true' ? true : undefined;
    });
  }

  /** From now on the standby hears nothing: what is committed after this is lost when it takes over. */
  async cut(): Promise<void> {
    const { folder } = this.#last();
    await this.#ask(folder, 'postgres', `ALTER SYSTEM SET primary_conninfo = ''`);
    await this.#ask(folder, 'postgres', 'SELECT pg_reload_conf()::text AS said');
    await eventually('it hears nothing', async () => {
      const sql = 'SELECT count(*)::text AS said FROM pg_stat_wal_receiver';
      return (await this.#ask(folder, 'postgres', sql)) === '0' ? true : undefined;
    });
  }

  /** The primary is killed with SIGKILL, and the standby promoted. */
  async failOver(): Promise<void> {
    const primary = this.#members.shift();
    primary?.child.ref();
    primary?.child.kill('SIGKILL');
    await eventually('the primary is dead', () => primary?.child.signalCode ?? undefined);
    await this.#ask(this.#last().folder, 'postgres', 'SELECT pg_promote()::text AS said');
  }

  #last(): Member {
    const member = this.#members.at(-1);
    if (member === undefined) throw new Error('there is no server');
    return member;
  }

  #made = 0;
  #folderOf = (at: number): string => join(this.#place.folder, String(at));

  #newMember(): { folder: string; data: string } {
    const folder = this.#folderOf(this.#made);
    this.#made += 1;
    mkdirSync(folder, { mode: 0o700 });
    const { account } = this.#place;
    if (account !== undefined) chownSync(folder, account.uid, account.gid);
    return { folder, data: join(folder, 'data') };
  }

  async #launch(folder: string, data: string): Promise<void> {
    const child = launch({ ...this.#place, folder }, data);
    this.#members.push({ folder, data, child });
    await untilReady(child, data);
  }

  async #ask(folder: string, database: string, sql: string): Promise<string | undefined> {
    const client = createClient(urlOf(this.#place.password, [folder], database));
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows } = await client.query<{ said?: string }>(sql);
      return rows[0]?.said;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
