import { sql } from 'kysely';
import type { Store } from './store.ts';

/** The schema as the database itself tells it, in one text that can be compared: `golden/<dialect>.sql` holds it. */
export async function describeSchema(store: Store): Promise<string> {
  const lines = store.dialect === 'sqlite' ? await describeSqlite(store) : await describePostgres(store);
  return `${lines.join('\n')}\n`;
}

async function describeSqlite(store: Store): Promise<string[]> {
  const { rows } = await sql<{ sql: string }>`
    select sql from sqlite_schema where sql is not null order by type desc, name`.execute(store.db);
  return rows.map((row) => `${row.sql};`);
}

async function describePostgres(store: Store): Promise<string[]> {
  const { rows: columns } = await sql<{ line: string }>`
    select table_name || '.' || column_name || ' ' || data_type
      || case when is_nullable = 'NO' then ' not null' else '' end
      || coalesce(' default ' || column_default, '') as line
    from information_schema.columns where table_schema = current_schema()
    order by table_name::text collate "C", ordinal_position`.execute(store.db);
  const { rows: constraints } = await sql<{ line: string }>`
    select conrelid::regclass::text || ': ' || conname || ' ' || pg_get_constraintdef(oid) as line
    from pg_constraint where connamespace = current_schema()::regnamespace
    order by conrelid::regclass::text collate "C", conname::text collate "C"`.execute(store.db);
  const { rows: indexes } = await sql<{ line: string }>`
    select replace(indexdef, ' ON ' || schemaname || '.', ' ON ') || ';' as line
    from pg_indexes where schemaname = current_schema()
    order by indexname::text collate "C"`.execute(store.db);
  return [...columns, ...constraints, ...indexes].map(({ line }) => line);
}
