import { AppError } from '@sekisho/core/errors.ts';
import { LOG_LINE_LENGTH_MAX, LOG_TAIL_LINES_MAX, UNREADABLE_FILES_MAX } from '@sekisho/core/limits.ts';
import { nothingDone, type JobProgress, type JobReport } from '@sekisho/core/wire/jobs.ts';
import { stripVTControlCharacters } from 'node:util';
import type { JobFacts } from './ledger.ts';

/** A report stays below this as JSON, so that it fits a frame with room to spare. */
export const REPORT_BYTES_MAX = 512 * 1024;
const WARNINGS_MAX = 50;

/** What a job's work leaves behind, beyond what it was. */
export type JobOutcome = Partial<
  Pick<
    JobReport,
    | 'repository'
    | 'mediaHostId'
    | 'snapshotId'
    | 'filesDone'
    | 'bytesDone'
    | 'bytesAdded'
    | 'listing'
    | 'forgotten'
    | 'heldBack'
    | 'code'
    | 'params'
  >
> & { state: 'done' | 'warnings' | 'incomplete' | 'skipped' };

/** One run while it works: where it says what it sees, and hears that it is to stop. */
export class RunningJob {
  readonly facts: JobFacts;
  readonly startedAtMs: number;
  readonly #abort = new AbortController();
  readonly #onProgress: (progress: JobProgress) => void;
  readonly #log: string[] = [];
  readonly #warnings: string[] = [];
  readonly #unreadable: { path: string; reason: string }[] = [];
  readonly #secrets: string[] = [];
  #unreadableCount = 0;
  /** Known before the end, so that a failed run says where it went. */
  repository: JobReport['repository'] = null;
  mediaHostId: JobReport['mediaHostId'] = null;

  constructor(facts: JobFacts, startedAtMs: number, onProgress: (progress: JobProgress) => void) {
    this.facts = facts;
    this.startedAtMs = startedAtMs;
    this.#onProgress = onProgress;
    this.repository = facts.repository;
    this.mediaHostId = facts.mediaHostId;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Stops the run: `cancelled` for an administrator's wish, a refusal for anything else. */
  stop(reason: 'cancelled' | AppError): void {
    this.#abort.abort(reason);
  }

  /** Throws the reason when the run was told to stop. */
  check(): void {
    if (!this.#abort.signal.aborted) return;
    const reason: unknown = this.#abort.signal.reason;
    throw reason instanceof AppError ? reason : new CancelledError();
  }

  progress(progress: JobProgress): void {
    this.#onProgress(progress);
  }

  /** Never to be seen in a log line. */
  hide(secret: string): void {
    this.#secrets.push(secret);
  }

  /** restic clears the line of its progress before it speaks, with a terminal or without. */
  log(line: string): void {
    this.#log.push(this.#clean(stripVTControlCharacters(line)));
    if (this.#log.length > LOG_TAIL_LINES_MAX) this.#log.shift();
  }

  warn(line: string): void {
    this.log(line);
    if (this.#warnings.length < WARNINGS_MAX) this.#warnings.push(this.#clean(line));
  }

  unreadable(path: string, reason: string): void {
    this.#unreadableCount += 1;
    if (this.#unreadable.length < UNREADABLE_FILES_MAX)
      this.#unreadable.push({ path: path.slice(0, 4096), reason: this.#clean(reason) });
  }

  get hasUnreadable(): boolean {
    return this.#unreadableCount > 0;
  }

  get hasWarnings(): boolean {
    return this.#warnings.length > 0;
  }

  /** The report of a run that came to an end by itself. */
  reportOutcome(outcome: JobOutcome, nowMs: number): JobReport {
    return fit({ ...this.#base(nowMs), ...outcome });
  }

  /** The report of a run that was stopped or failed. */
  reportFailure(error: unknown, nowMs: number): JobReport {
    if (error instanceof CancelledError) return fit({ ...this.#base(nowMs), state: 'cancelled' });
    const { code, params } = error instanceof AppError ? error : new AppError('INTERNAL');
    this.log(error instanceof Error ? error.message : String(error));
    return fit({ ...this.#base(nowMs), state: 'failed', code, params: cleanParams(params) });
  }

  #base(nowMs: number): JobReport {
    return {
      ...emptyReport(this.facts, this.startedAtMs, nowMs),
      repository: this.repository,
      mediaHostId: this.mediaHostId,
      unreadable: this.#unreadable,
      unreadableCount: this.#unreadableCount,
      warnings: this.#warnings,
      log: this.#log,
    };
  }

  #clean(line: string): string {
    let text = line;
    for (const secret of this.#secrets) text = text.replaceAll(secret, '[redacted]');
    return text.slice(0, LOG_LINE_LENGTH_MAX);
  }
}

/** The run was stopped because somebody wanted it. */
export class CancelledError extends Error {
  constructor() {
    super('cancelled');
    this.name = 'CancelledError';
  }
}

/** A report that says nothing but what the run was; its state is to be set. */
export const emptyReport = (facts: JobFacts, startedAtMs: number, endedAtMs: number): JobReport => ({
  ...facts,
  state: 'failed',
  startedAtMs,
  endedAtMs: Math.max(startedAtMs, endedAtMs),
  ...nothingDone(),
});

/** Shortens lists until the report fits; counts stay true. */
function fit(report: JobReport): JobReport {
  let fitted = report;
  while (Buffer.byteLength(JSON.stringify(fitted)) > REPORT_BYTES_MAX) {
    const { unreadable, log, listing } = fitted;
    if (unreadable.length + log.length + (listing?.length ?? 0) === 0) break;
    fitted = {
      ...fitted,
      unreadable: unreadable.slice(0, Math.floor(unreadable.length / 2)),
      log: log.slice(Math.ceil(log.length / 2)),
      listing: listing === null ? null : listing.slice(0, Math.floor(listing.length / 2)),
    };
  }
  return fitted;
}

const cleanParams = (params: Readonly<Record<string, string | number>>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name.slice(0, 64),
      typeof value === 'string' ? value.slice(0, 4096) : value,
    ]),
  );
