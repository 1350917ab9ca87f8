import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeSchema } from './describe-schema.ts';

const GOLDEN = join(import.meta.dirname, 'golden');

eachStore((dialect, open) => {
  test('S-07 the migrations make the golden schema', async (t) => {
    const { store } = await open(t);
    const schema = await describeSchema(store);
    const path = join(GOLDEN, `${dialect}.sql`);
    if (process.env['SEKISHO_UPDATE_GOLDEN'] === '1') {
      mkdirSync(GOLDEN, { recursive: true });
      writeFileSync(path, schema);
    }
    assert.equal(schema, readFileSync(path, 'utf8'), 'after a new migration: SEKISHO_UPDATE_GOLDEN=1');
  });

  test('S-07 tables.ts says of every column what the database says', async (t) => {
    const { store } = await open(t);
    const declared = declaredColumns();
    const found = new Map<string, string>();
    for (const table of await store.db.introspection.getTables()) {
      for (const column of table.columns) {
        const type = /^text$/i.test(column.dataType) ? 'string' : 'number';
        assert.match(
          column.dataType,
          /^(text|bigint|int8)$/i,
          `${table.name}.${column.name} is of the portable set`,
        );
        found.set(`${table.name}.${column.name}`, type + (column.isNullable ? ' | null' : ''));
      }
    }
    assert.deepEqual(Object.fromEntries(declared), Object.fromEntries([...found].sort()));
  });
});

/** `table.column` → type, read from the text of tables.ts. */
function declaredColumns(): Map<string, string> {
  const text = readFileSync(join(import.meta.dirname, 'tables.ts'), 'utf8');
  const bodies = new Map(
    [...text.matchAll(/interface (\w+) \{\n(.*?)\n\}/gs)].map(([, name, body]) => [name!, body!]),
  );
  const columns: [string, string][] = [];
  for (const [, table, type] of bodies.get('Tables')!.matchAll(/(\w+): (\w+);/g)) {
    for (const [, column, kind] of bodies.get(type!)!.matchAll(/(\w+): ([^;]+);/g)) {
      columns.push([`${table}.${column}`, kind!]);
    }
  }
  return new Map(columns.sort());
}
