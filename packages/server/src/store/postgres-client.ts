import pg from 'pg';

const INT8 = 20;
const NUMERIC = 1700;

/** BIGINT, count(*) and sums become numbers; one beyond 2^53 is refused, never rounded. */
export const postgresTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC
      ? safeInteger
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

const CONNECT_TIMEOUT_MS = 5_000;
/** A connection on which nothing comes back any more is given up; longer than any statement may take. */
const QUERY_TIMEOUT_MS = 90_000;
const STATEMENT_TIMEOUT_MS = 60_000;
const LOCK_TIMEOUT_MS = 20_000;
/** A process that was stopped inside a transaction holds up all writers no longer than this. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 10;

/** Connections to one server; each is checked once it is made, before anybody gets it. */
export const createPool = (url: string, check: (client: pg.ClientBase) => Promise<void>): pg.Pool =>
  new pg.Pool({
    ...settings(url),
    verify: (client, done) => {
      check(client).then(() => {
        done();
      }, done);
    },
    max: CONNECTIONS_MAX,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
  });

/** One connection without limits on statements: for migrations, backups and LISTEN. */
export const createClient = (url: string): pg.Client => new pg.Client(settings(url));

const settings = (url: string): pg.ClientConfig => ({
  connectionString: url,
  types: postgresTypes,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  application_name: 'sekisho',
});

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`not an integer within 2^53: ${text}`);
  return value;
}
