import { AppError, fill } from '@sekisho/core/errors.ts';
import type { AuditEntryView } from '@sekisho/core/wire/audit.ts';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BYTE_ORDER_MARK, csvHead, csvRow } from '../../audit/csv.ts';
import { rowProgress } from '../../audit/progress.ts';
import { exportEntryLine, exportHeadLine, serverSource } from '../../audit/sources.ts';
import type { AuditSource } from '../../audit/verify-log.ts';
import type { Cli } from '../../cli.ts';
import { codeOf, serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { choiceOr, on, text } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

const FORMATS = ['jsonl', 'csv'] as const;
/** Lines are written together up to so many characters: what is held in memory. */
const CHUNK_LENGTH = 256 * 1024;

/** `audit export`: the whole log as a stream, with what proves it. */
export const auditExport = defineVerb({
  path: 'audit export',
  args: {},
  flags: {
    data: serverData,
    format: choiceOr('--format <format>', FORMATS, 'jsonl'),
    out: text('--out <file>'),
    bom: on('--bom'),
  },
  examples: {
    plain: 'sekisho audit export --out audit.jsonl',
    excel: 'sekisho audit export --format csv --bom --out audit.csv',
  },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const source = await serverSource(call);
      const isCsv = flags.format === 'csv';
      const head = isCsv ? `${flags.bom ? BYTE_ORDER_MARK : ''}${csvHead()}` : exportHeadLine(source);
      const line = isCsv ? csvRow : exportEntryLine;
      const isStdout = flags.out === undefined || flags.out === '-';
      const rows = isStdout
        ? await writeAll(cli, source, { head, line }, (chunk) => writeStdout(cli, chunk))
        : await writeFile(cli, resolve(cli.io.cwd, flags.out ?? ''), source, { head, line });
      if (isStdout) return { json: undefined, text: [] };
      const file = flags.out ?? '';
      return {
        json: { file, rows },
        bare: file,
        text: [fill(cli.words.audit.exported, { rows: cli.format.count(rows), file })],
      };
    }),
});

interface Shape {
  readonly head: string;
  readonly line: (entry: AuditEntryView) => string;
}

async function writeFile(cli: Cli, file: string, source: AuditSource, shape: Shape): Promise<number> {
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      const rows = await writeAll(cli, source, shape, async (chunk) => {
        await handle.appendFile(chunk, 'utf8');
      });
      await handle.sync();
      return rows;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (codeOf(error) === 'EEXIST') throw new AppError('FILE_EXISTS', { path: file }, { cause: error });
    throw new AppError(
      'FILE_NOT_WRITABLE',
      { path: file, reason: codeOf(error) ?? 'unknown' },
      { cause: error },
    );
  }
}

async function writeAll(
  cli: Cli,
  source: AuditSource,
  shape: Shape,
  write: (chunk: string) => Promise<void>,
): Promise<number> {
  const progress = rowProgress(cli);
  const total = Number(source.checkpoint.split('\n')[1] ?? 0);
  let [rows, chunk] = [0, shape.head];
  try {
    for await (const entry of source.entries()) {
      rows += 1;
      chunk += shape.line(entry);
      if (chunk.length < CHUNK_LENGTH) continue;
      await write(chunk);
      chunk = '';
      progress.update(rows, Math.max(rows, total));
    }
    await write(chunk);
    return rows;
  } finally {
    progress.clear();
  }
}

/** Waits until the reader has taken it, where the stream says so. */
async function writeStdout(cli: Cli, chunk: string): Promise<void> {
  const { stdout } = cli.io;
  if (stdout.write(chunk) !== false || !('once' in stdout)) return;
  const stream = stdout as typeof stdout & NodeJS.WritableStream;
  await new Promise<void>((done) =>
    stream.once('drain', () => {
      done();
    }),
  );
}
