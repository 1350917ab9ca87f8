import { AppError } from '@sekisho/core/errors.ts';
import type pg from 'pg';
import type { Client, Pool, PoolClient } from 'pg';
import type { DatabaseAddress } from './database-address.ts';
import { createClient, createPool } from './postgres-client.ts';

type PostgresAddress = DatabaseAddress & { dialect: 'postgres' };

/**
 * The connections that a server process works with. Of several servers it stays at the one that accepts writes, and looks for another when
 * that one is gone: after a failover each new connection goes to the server that was promoted.
 * @throws AppError DATABASE_STANDBY, and what the driver says of the last server that was tried
 */
export class PostgresPool {
  readonly #pools: readonly Pool[];
  /** Kysely reads them; there are none. */
  readonly options = {};
  #at = 0;
  #ended = false;

  constructor(address: PostgresAddress, onPool: (pool: Pool) => void) {
    this.#pools = address.urls.map((url) => {
      const pool = createPool(url, (client) => requirePrimary(client, address.label));
      onPool(pool);
      return pool;
    });
  }

  connect(): Promise<PoolClient> {
    return this.#try(0);
  }

  async #try(failed: number): Promise<PoolClient> {
    const at = this.#at;
    const pool = this.#pools[at];
    if (pool === undefined) throw new Error('a database has no server');
    try {
      return await pool.connect();
    } catch (error) {
      // another request may have moved on meanwhile
      if (this.#at === at) this.#at = (at + 1) % this.#pools.length;
      if (this.#ended || failed + 1 >= this.#pools.length) throw error;
      return this.#try(failed + 1);
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#pools.map((pool) => pool.end()));
  }
}

/** One connection of the same kind, with the errors of the driver. Whoever gets it ends it. */
export async function connectPostgres(address: PostgresAddress): Promise<Client> {
  let last: unknown;
  for (const url of address.urls) {
    const client = createClient(url);
    // a lost connection also rejects the query under way, which is where it is reported
    client.on('error', () => undefined);
    try {
      await client.connect();
      await requirePrimary(client, address.label);
      return client;
    } catch (error) {
      last = error;
      await client.end().catch(() => undefined);
    }
  }
  throw last;
}

/** A standby answers what it is asked, and lags behind: nothing is read from it either. */
async function requirePrimary(client: pg.ClientBase, database: string): Promise<void> {
  const { rows } = await client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
  if (rows[0]?.standby === true) throw new AppError('DATABASE_STANDBY', { database });
}
