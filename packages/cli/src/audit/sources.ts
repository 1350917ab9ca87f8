import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import {
  auditEntry,
  auditKeyView,
  getAuditCheckpoint,
  getAuditKey,
  listAuditCheckpoints,
  listAuditEntries,
  type AuditEntryView,
} from '@sekisho/core/wire/audit.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { auditRow } from '@sekisho/core/wire/trust.ts';
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { z } from 'zod';
import { codeOf } from '../client/data-folder.ts';
import type { AuditSource } from './verify-log.ts';

/** Checkpoints that are asked for; of a long log the server keeps one an hour. */
const CHECKPOINT_PAGES_MAX = 400;
/** A line of an export is one row: its detail is limited. */
const LINE_LENGTH_MAX = 256 * 1024;

/** The log of a server, page by page. */
export async function serverSource(call: Caller): Promise<AuditSource> {
  const key = await call(getAuditKey);
  const { checkpoint } = await call(getAuditCheckpoint);
  const earlier: string[] = [];
  let from: number | null = 0;
  for (let page = 0; page < CHECKPOINT_PAGES_MAX && from !== null; page += 1) {
    const { checkpoints, nextFrom }: { checkpoints: { checkpoint: string }[]; nextFrom: number | null } =
      await call(listAuditCheckpoints, { query: { from } });
    earlier.push(...checkpoints.map((one) => one.checkpoint));
    from = nextFrom;
  }
  let written = 0;
  const entries = serverEntries(call, (count) => {
    written = count;
  });
  return { key, checkpoint, earlier, entries: () => entries, written: () => written };
}

async function* serverEntries(
  call: Caller,
  onWritten: (written: number) => void,
): AsyncGenerator<AuditEntryView> {
  for (let from: number | null = 0; from !== null;) {
    const page: { entries: AuditEntryView[]; nextFrom: number | null; written: number } = await call(
      listAuditEntries,
      { query: { from, limit: PAGE_ROWS_MAX } },
    );
    onWritten(page.written);
    yield* page.entries;
    from = page.nextFrom;
  }
}

/** The first line of an export: all that is needed to prove the others. */
const exportHead = z.object({ sekishoAuditExport: z.literal(1), key: auditKeyView, checkpoint: z.string() });
const exportLine = auditRow
  .extend({ seq: z.int(), outcome: z.string() })
  .partial()
  .extend({ seq: z.int(), leaf: z.string().nullable(), missing: z.literal(true).optional() });

/** The first line of an export. */
export const exportHeadLine = ({ key, checkpoint }: AuditSource): string =>
  `${JSON.stringify({ sekishoAuditExport: 1, key, checkpoint } satisfies z.input<typeof exportHead>)}\n`;

/** One place of the log as a line. */
export const exportEntryLine = ({ seq, leaf, row }: AuditEntryView): string =>
  `${JSON.stringify(row === null ? { seq, leaf, missing: true } : { ...row, leaf })}\n`;

/** An export in a file. Refusals: AUDIT_EXPORT_MALFORMED, FILE_NOT_READABLE. */
export async function fileSource(path: string): Promise<AuditSource> {
  const lines = linesOf(path);
  const { value: first } = await lines.next();
  const { key, checkpoint } = await readHead(lines, first ?? '');
  return { key, checkpoint, earlier: [], entries: () => fileEntries(lines) };
}

async function readHead(
  lines: AsyncGenerator<string, void>,
  first: string,
): Promise<z.output<typeof exportHead>> {
  try {
    return parsed(exportHead, first, 1);
  } catch (error) {
    await lines.return();
    throw error;
  }
}

async function* fileEntries(lines: AsyncGenerator<string, void>): AsyncGenerator<AuditEntryView> {
  let number = 1;
  for await (const line of lines) {
    number += 1;
    const { leaf, missing, ...row } = parsed(exportLine, line, number);
    const place = { seq: row.seq, leaf, row: missing === true ? null : row };
    const entry = auditEntry.safeParse(place);
    if (!entry.success) throw malformed(number, 'not a row');
    yield entry.data;
  }
}

const READ_BYTES = 64 * 1024;

async function* linesOf(path: string): AsyncGenerator<string, void> {
  let file;
  try {
    file = await open(path, 'r');
    const decoder = new StringDecoder('utf8');
    let [rest, number] = ['', 1];
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES);
      const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.length > LINE_LENGTH_MAX) throw malformed(number, 'too long');
        number += 1;
        yield line;
      }
      if (rest.length > LINE_LENGTH_MAX) throw malformed(number, 'too long');
      if (bytesRead > 0) continue;
      if (rest !== '') yield rest;
      return;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('FILE_NOT_READABLE', { path, reason: codeOf(error) ?? 'unknown' }, { cause: error });
  } finally {
    await file?.close();
  }
}

function parsed<Out>(schema: z.ZodType<Out>, line: string, number: number): Out {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new AppError('AUDIT_EXPORT_MALFORMED', { line: number, detail: 'not JSON' }, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw malformed(number, result.error.issues[0]?.path.join('.') ?? 'not a row');
  return result.data;
}

const malformed = (line: number, detail: string): AppError =>
  new AppError('AUDIT_EXPORT_MALFORMED', { line, detail });
