import { CompiledQuery, type Compilable, type DialectAdapter } from 'kysely';
import type { DbOrTx } from './tables.ts';
import { findTransactionContext } from './transaction-context.ts';

/** What a parameter may be: the portable set. A list stands in an `in`. */
export type PreparedValue = string | number | null;
export type PreparedParams = Readonly<Record<string, PreparedValue | readonly PreparedValue[]>>;

/** A query that is built and compiled once for each dialect (and length of its lists), and then only bound and run. */
export interface Prepared<Params extends PreparedParams, Row> {
  rows(db: DbOrTx, params: Params): Promise<readonly Row[]>;
  first(db: DbOrTx, params: Params): Promise<Row | undefined>;
  /** Runs a statement that gives no rows; how many rows it changed. */
  run(db: DbOrTx, params: Params): Promise<number>;
}

/** Forms of one statement that are kept, by the lengths of its lists; a statement with more is compiled each time. */
const FORMS_MAX = 64;

/**
 * Prepares a query for a path that is walked often: building and compiling one costs several times what running it does.
 * `build` is called with holes in place of the values, so it must not look at them: no `if`, no arithmetic. Lists must not be empty.
 */
export function prepared<Params extends PreparedParams, Row>(
  build: (db: DbOrTx, params: Params) => Compilable<Row>,
): Prepared<Params, Row> {
  const forms = new WeakMap<DialectAdapter, Map<string, Form>>();
  const formOf = (db: DbOrTx, params: Params): Form => {
    const { adapter } = db.getExecutor();
    let known = forms.get(adapter);
    if (known === undefined) forms.set(adapter, (known = new Map()));
    const key = shapeOf(params);
    let form = known.get(key);
    if (form !== undefined) return form;
    form = compile(build(db, holesOf(params)));
    if (known.size < FORMS_MAX) known.set(key, form);
    return form;
  };
  return {
    rows(db, params) {
      const form = formOf(db, params);
      const direct = findTransactionContext(db)?.direct;
      const values = bind(form, params);
      if (direct !== undefined) return direct.rows<Row>(form.sql, values);
      return db.executeQuery<Row>(CompiledQuery.raw(form.sql, values)).then(({ rows }) => rows);
    },
    first(db, params) {
      const form = formOf(db, params);
      const direct = findTransactionContext(db)?.direct;
      const values = bind(form, params);
      if (direct !== undefined) return direct.first<Row>(form.sql, values);
      return db.executeQuery<Row>(CompiledQuery.raw(form.sql, values)).then(({ rows }) => rows[0]);
    },
    run(db, params) {
      const form = formOf(db, params);
      const direct = findTransactionContext(db)?.direct;
      const values = bind(form, params);
      if (direct !== undefined) return direct.run(form.sql, values);
      return db
        .executeQuery(CompiledQuery.raw(form.sql, values))
        .then(({ numAffectedRows }) => Number(numAffectedRows ?? 0n));
    },
  };
}

interface Form {
  readonly sql: string;
  /** What stands at each place: a hole, or a value that is part of the query itself. */
  readonly places: readonly unknown[];
}

/** Stands for a value while the query is built. */
class Hole {
  readonly key: string;
  readonly index: number | undefined;

  constructor(key: string, index: number | undefined) {
    this.key = key;
    this.index = index;
  }
}

function compile(query: Compilable<unknown>): Form {
  const { sql, parameters } = query.compile();
  return { sql, places: parameters };
}

const isList = (value: PreparedParams[string]): value is readonly PreparedValue[] => Array.isArray(value);

function shapeOf(params: PreparedParams): string {
  let shape = '';
  for (const key in params) {
    const value = params[key]!;
    if (isList(value)) shape += `${value.length},`;
  }
  return shape;
}

/** The same shape with holes; the query builder treats them as it treats values. */
function holesOf<Params extends PreparedParams>(params: Params): Params {
  const holes = Object.fromEntries(
    Object.entries(params).map(([key, value]) => [
      key,
      isList(value) ? value.map((_, index) => new Hole(key, index)) : new Hole(key, undefined),
    ]),
  );
  return holes as unknown as Params; // only ever handed on to the query builder, which looks into none of them
}

function bind({ places }: Form, params: PreparedParams): unknown[] {
  const values = new Array<unknown>(places.length);
  for (let n = 0; n < places.length; n += 1) {
    const place = places[n];
    if (!(place instanceof Hole)) {
      values[n] = place;
      continue;
    }
    const value = params[place.key];
    if (value === undefined) throw new TypeError(`no value for ${place.key}`);
    values[n] = place.index === undefined ? value : (value as readonly PreparedValue[])[place.index];
  }
  return values;
}
