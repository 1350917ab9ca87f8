import { fill } from '@sekisho/core/errors.ts';
import type { JobProgress, JobState } from '@sekisho/core/wire/jobs.ts';
import stringWidth from 'string-width';
import type { Cli } from '../cli.ts';
import { pad, truncate, visible } from './table.ts';

/** Without a terminal a line about running jobs comes this often. */
export const PROGRESS_LINE_EVERY_MS = 5_000;
const BAR_CELLS_MAX = 24;
const BAR_CELLS_MIN = 8;
const NAME_CELLS_MAX = 24;
const WIDTH_DEFAULT = 80;

/** One running job, as progress shows it. */
export interface ProgressLine {
  readonly name: string;
  readonly state: JobState;
  readonly progress: JobProgress | null;
}

/** Live progress on standard error: bars that move on a terminal, else a line every few seconds, nothing when quiet. */
export interface ProgressDisplay {
  update(lines: readonly ProgressLine[]): void;
  /** Takes the bars away, so that results stand alone. */
  clear(): void;
}

/** Chooses the display that fits where standard error goes. */
export function createProgress(cli: Cli): ProgressDisplay {
  if (cli.json || cli.quiet) return { update: () => undefined, clear: () => undefined };
  return cli.io.stderr.isTTY === true ? barDisplay(cli) : lineDisplay(cli);
}

function barDisplay(cli: Cli): ProgressDisplay {
  const { stderr } = cli.io;
  let shown = 0;
  const erase = (): string => (shown === 0 ? '' : `\u001b[${shown}A\r\u001b[J`);
  return {
    update: (lines) => {
      const width = (stderr.columns ?? WIDTH_DEFAULT) - 1;
      const barCells = Math.max(BAR_CELLS_MIN, Math.min(BAR_CELLS_MAX, Math.floor(width / 4) - 6));
      const nameCells = Math.min(
        NAME_CELLS_MAX,
        Math.max(0, ...lines.map(({ name }) => stringWidth(visible(name)))),
      );
      const text = lines.map((line) => {
        const name = pad(truncate(visible(line.name), nameCells), nameCells, false);
        return truncate(`${name}  ${barText(cli, line, barCells)}`, width);
      });
      stderr.write(`${erase()}${text.map((line) => `${line}\n`).join('')}`);
      shown = text.length;
    },
    clear: () => {
      stderr.write(erase());
      shown = 0;
    },
  };
}

function lineDisplay(cli: Cli): ProgressDisplay {
  let lastAtMs: number | undefined;
  return {
    update: (lines) => {
      const nowMs = cli.io.clock.monotonicMs();
      if (lastAtMs !== undefined && nowMs - lastAtMs < PROGRESS_LINE_EVERY_MS) return;
      const first = lastAtMs === undefined;
      lastAtMs = nowMs;
      if (first) return;
      for (const line of lines) {
        cli.io.stderr.write(`${visible(line.name)}: ${progressText(cli, line)}\n`);
      }
    },
    clear: () => undefined,
  };
}

/** `62 %  1.2 GiB / 1.9 GiB  45.1 MiB/s  12 s left  9 / 12 files` of a job's figures; its phase or state while there are none. */
export function progressText(cli: Cli, { state, progress }: ProgressLine): string {
  const { words, format } = cli;
  if (progress === null) return words.states.job[state];
  const share = shareOf(progress);
  if (progress.phase !== 'transferring' && progress.bytesDone === 0)
    return words.states.phase[progress.phase];
  return [
    ...(share === undefined ? [] : [`${String(Math.floor(share * 100)).padStart(3)} %`]),
    progress.bytesTotal > 0
      ? `${format.bytes(progress.bytesDone)} / ${format.bytes(progress.bytesTotal)}`
      : format.bytes(progress.bytesDone),
    ...(progress.bytesPerSecond > 0 ? [format.rate(progress.bytesPerSecond)] : []),
    ...(progress.secondsLeft !== null && progress.secondsLeft > 0
      ? [fill(words.units.left, { duration: format.duration(Math.ceil(progress.secondsLeft) * 1_000) })]
      : []),
    progress.filesTotal > 0
      ? fill(words.units.many.file, {
          n: `${format.count(progress.filesDone)} / ${format.count(progress.filesTotal)}`,
        })
      : format.counted('file', progress.filesDone),
    ...(progress.phase === 'transferring' ? [] : [words.states.phase[progress.phase]]),
  ].join('  ');
}

function barText(cli: Cli, line: ProgressLine, cells: number): string {
  const share = line.progress === null ? undefined : shareOf(line.progress);
  const full = Math.round((share ?? 0) * cells);
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)}  ${progressText(cli, line)}`;
}

/** Done share from 0 to 1; undefined while the total is unknown. */
function shareOf(progress: JobProgress): number | undefined {
  if (progress.bytesTotal <= 0) return undefined;
  return Math.min(1, progress.bytesDone / progress.bytesTotal);
}
