import { parseTokenId } from '@sekisho/core/ids.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { parseCertsOnly } from '@sekisho/pki/est.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { insertToken } from '@sekisho/server/features/tokens/token-rows.ts';
import { initServer } from '@sekisho/server/main.ts';
import { openStore } from '@sekisho/server/store/open-store.ts';
import { createClient } from '@sekisho/server/store/postgres-client.ts';
import type { Store } from '@sekisho/server/store/store.ts';
import type { DialectName } from '@sekisho/server/store/transaction-context.ts';
import { databaseUrl, startPostgres } from '@sekisho/testkit/postgres.ts';
import { SeededRandom } from '@sekisho/testkit/seeded-random.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { join } from 'node:path';

const TOKENS_PER_TRANSACTION = 1_000;

/** Where the measured server's data is. */
export interface Place {
  readonly dataFolder: string;
  readonly database: string | undefined;
  readonly remove: () => Promise<void>;
}

/** A fresh folder, and a PostgreSQL of its own where one is wanted. */
export async function makePlace(database: DialectName): Promise<Place> {
  const { path, remove } = await makeTempFolder();
  const dataFolder = join(path, 'server');
  if (database === 'sqlite') return { dataFolder, database: undefined, remove };
  const postgres = await startPostgres();
  const admin = createClient(postgres.url);
  await admin.connect();
  await admin.query('CREATE DATABASE sekisho_bench');
  await admin.end();
  return {
    dataFolder,
    database: databaseUrl(postgres.url, 'sekisho_bench'),
    remove: async () => {
      await postgres.stop();
      await remove();
    },
  };
}

const storeOf = ({ dataFolder, database }: Place): Promise<Store> =>
  openStore({
    database: database ?? `sqlite:${join(dataFolder, 'sekisho.db')}`,
    dataFolder,
    clock: systemClock,
    log: silentLog(),
    listen: false,
  });

/** Makes the domain and one token for each certificate; returns the tokens' secrets. */
export async function prepareDomain(place: Place, count: number): Promise<string[]> {
  const { dataFolder, database } = place;
  await initServer({
    dataFolder,
    name: 'Bench',
    addresses: ['127.0.0.1'],
    clock: systemClock,
    random: systemRandom,
    environment: {},
    ...(database === undefined ? {} : { database }),
  });
  const store = await storeOf(place);
  const secrets = Array.from({ length: count }, () =>
    Buffer.from(systemRandom.bytes(32)).toString('base64url'),
  );
  const nowMs = systemClock.nowMs();
  for (let from = 0; from < count; from += TOKENS_PER_TRANSACTION)
    await store.transaction(async (tx) => {
      for (const secret of secrets.slice(from, from + TOKENS_PER_TRANSACTION)) {
        const id = parseTokenId(systemRandom.uuid());
        assert.ok(id !== undefined);
        const token = {
          id,
          name: 'bench',
          purpose: 'enrol' as const,
          usesMax: 1,
          uses: 0,
          expiresAtMs: nowMs + DAY_MS,
          deletedAtMs: null,
          hostName: null,
          hostId: null,
          media: false,
          createdAtMs: nowMs,
          createdBy: 'bench',
        };
        await insertToken(tx, token, secret);
      }
    });
  await store.close();
  return shuffled(secrets); // nobody uses tokens in the order in which they were made
}

function shuffled<T>(values: readonly T[]): T[] {
  const random = new SeededRandom('issuance');
  return values
    .map((value) => ({ value, at: random.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}

/** Every reply is a certificate of its own, and it, its intention and both of its audit rows are in the database. */
export async function checkRows(place: Place, replies: readonly string[], count: number): Promise<void> {
  const fingerprints = new Set(
    replies.map((reply) => parseCertsOnly(Buffer.from(reply, 'base64'))[0]?.fingerprint),
  );
  assert.equal(fingerprints.size, count, 'every reply is a certificate of its own');
  const store = await storeOf(place);
  try {
    const { db } = store;
    const rows = await db
      .selectFrom('certificates')
      .select(['fingerprint', 'intention_id', 'host_id'])
      .execute();
    const stored = new Map(rows.map((row) => [row.fingerprint, row]));
    const ends = await db.selectFrom('intentions').select(['id', 'fingerprint', 'finished_at_ms']).execute();
    const finished = new Map(ends.map((end) => [end.id, end]));
    const audit = await db
      .selectFrom('audit')
      .select(['subject', 'act'])
      .where('category', '=', 'CERT')
      .execute();
    const acts = new Set(audit.map(({ subject, act }) => `${act} ${subject}`));
    for (const fingerprint of fingerprints) {
      const row = stored.get(fingerprint ?? '');
      assert.ok(row !== undefined, 'every certificate is stored');
      const end = finished.get(row.intention_id);
      assert.ok(
        end?.fingerprint === fingerprint && end?.finished_at_ms !== null,
        'every intention is finished',
      );
      for (const act of ['approve-certificate', 'issue-certificate'])
        assert.ok(acts.has(`${act} ${row.host_id}`), 'every act is in the audit log');
    }
    const uses = await db.selectFrom('tokens').select('uses').where('uses', '=', 1).execute();
    assert.equal(uses.length, count, 'every token is spent once');
  } finally {
    await store.close();
  }
}
