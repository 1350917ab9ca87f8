import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** What the worker is asked, and what it answers. */
export interface VacuumRequest {
  readonly source: string;
  readonly target: string;
}
export type VacuumAnswer =
  | {
      readonly ok: true;
      readonly sha256: string;
      readonly bytes: number;
      readonly rows: Record<string, number>;
    }
  | { readonly ok: false; readonly fault: string };

const CHUNK_BYTES = 1024 * 1024;

/**
 * Copies an SQLite database as of one moment into a new file, checks the copy, and hashes it. All of it on a thread of its
 * own: the server goes on while a large database is copied, and writers are not held up (the journal is a WAL).
 */
function copyAndCheck({ source, target }: VacuumRequest): VacuumAnswer {
  const database = new DatabaseSync(source, { readOnly: true, timeout: 30_000 });
  try {
    // SQLite fills an empty file: ours alone from its first byte, whatever folder it is in, and nobody's link
    closeSync(openSync(target, 'wx', 0o600));
    database.prepare('VACUUM INTO ?').run(target);
  } finally {
    database.close();
  }
  const copy = new DatabaseSync(target, { readOnly: true });
  const rows: Record<string, number> = {};
  try {
    const [first] = copy.prepare('PRAGMA integrity_check(1)').all();
    const found = String(first?.['integrity_check'] ?? 'nothing');
    if (found !== 'ok') return { ok: false, fault: found };
    if (copy.prepare('PRAGMA foreign_key_check').get() !== undefined)
      return { ok: false, fault: 'foreign_key_check' };
    const tables = copy.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`).all();
    for (const table of tables) {
      const name = String(table['name']);
      rows[name] = Number(copy.prepare(`SELECT count(*) AS n FROM "${name}"`).get()?.['n'] ?? 0);
    }
  } finally {
    copy.close();
  }
  return { ok: true, rows, ...hashAndSync(target) };
}

function hashAndSync(path: string): { sha256: string; bytes: number } {
  const file = openSync(path, 'r+');
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let bytes = 0;
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      hash.update(chunk.subarray(0, read));
      bytes += read;
    }
    fsyncSync(file);
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    closeSync(file);
  }
}

const answer = (given: VacuumAnswer): void => {
  parentPort?.postMessage(given);
};
try {
  answer(copyAndCheck(workerData as VacuumRequest));
} catch (error) {
  answer({ ok: false, fault: error instanceof Error ? error.message : String(error) });
}
