import { errorWords, fill, isErrorCode } from '@sekisho/core/errors.ts';
import type { JobState, JobView } from '@sekisho/core/wire/jobs.ts';
import type { Cli } from '../cli.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { renderPairs, visible } from './table.ts';

/** So many unreadable files are listed; the others are counted. */
const UNREADABLE_SHOWN_MAX = 20;

/** The host of a run or a recovery point, behind the virtual name that it carried (T-34). */
export const carrierText = (of: {
  readonly hostName: string;
  readonly virtualName: string | null;
}): string => (of.virtualName === null ? of.hostName : `${of.virtualName} (${of.hostName})`);

/** True once a job will not change any more. A missed run may still be corrected by a late report, but nobody waits for it. */
export function isEnded(state: JobState): boolean {
  return state !== 'queued' && state !== 'active';
}

/** The exit code of a job that ended: 3 when it is incomplete or has warnings, 1 when it did not work. */
export function exitCodeOfJob(state: JobState): ExitCode {
  switch (state) {
    case 'done':
    case 'skipped':
      return EXIT.done;
    case 'warnings':
    case 'incomplete':
      return EXIT.partly;
    case 'queued':
    case 'active':
    case 'failed':
    case 'cancelled':
    case 'missed':
      return EXIT.failed;
  }
}

/** The worst exit code of several jobs. */
export function exitCodeOfJobs(jobs: readonly JobView[]): ExitCode {
  const codes = jobs.map(({ state }) => exitCodeOfJob(state));
  return codes.includes(EXIT.failed) ? EXIT.failed : codes.includes(EXIT.partly) ? EXIT.partly : EXIT.done;
}

/** What happened, in a few lines: the outcome, the figures, the reason with its hint, what could not be read. */
export function jobOutcomeText(cli: Cli, job: JobView): string[] {
  const { words, format, style } = cli;
  const { report } = job;
  const paint =
    job.state === 'done' ? style.green : exitCodeOfJob(job.state) === EXIT.partly ? style.yellow : style.red;
  const facts = {
    host: visible(carrierText(job)),
    kind: words.states.jobKind[job.kind],
    state: paint(words.states.job[job.state]),
  };
  if (report === null) return [fill(words.notes.jobEndedShort, facts)];
  const first = fill(words.notes.jobEnded, {
    ...facts,
    duration: format.duration(report.endedAtMs - report.startedAtMs),
    files: format.counted('file', report.filesDone),
    size: format.bytes(report.bytesDone),
  });
  return [
    report.filesDone > 0 || job.state === 'done' ? first : fill(words.notes.jobEndedShort, facts),
    ...(report.snapshotId !== null && job.kind === 'backup'
      ? [
          `  ${fill(words.notes.jobPoint, { id: report.snapshotId.slice(0, 8) })} · ` +
            fill(words.notes.jobAdded, { size: format.bytes(report.bytesAdded) }),
        ]
      : []),
    ...reasonText(cli, job),
    ...report.warnings.map((warning) => `  ${words.notes.warningWord}: ${visible(warning)}`),
    ...unreadableText(cli, job),
  ];
}

/** Why a job did not work, with the hint, in the reader's language. */
export function reasonText(cli: Cli, { report }: JobView): string[] {
  if (report?.code == null) return [];
  if (!isErrorCode(report.code)) return [`  ${visible(report.code)}`];
  const { words, hint } = errorWords(report.code, report.params, cli.language);
  const { notes } = cli.words;
  return [
    `  ${notes.errorWord}: ${visible(words)} (${report.code})`,
    `  ${notes.hintWord}: ${visible(hint)}`,
  ];
}

function unreadableText(cli: Cli, { kind, report }: JobView): string[] {
  if (report === null || report.unreadableCount === 0) return [];
  const { notes } = cli.words;
  const heading = kind === 'restore' ? notes.jobUnrestored : notes.jobUnreadable;
  const shown = report.unreadable.slice(0, UNREADABLE_SHOWN_MAX);
  const more = report.unreadableCount - shown.length;
  return [
    `  ${fill(heading, { count: cli.format.count(report.unreadableCount) })}`,
    ...shown.map(({ path, reason }) => `    ${visible(path)} (${visible(reason)})`),
    ...(more > 0 ? [`    ${fill(notes.jobUnreadableMore, { count: cli.format.count(more) })}`] : []),
  ];
}

/** Everything about one job, with its log. */
export function jobDetailText(cli: Cli, job: JobView): string[] {
  const { words, format } = cli;
  const { labels, states } = words;
  const { report } = job;
  const when = (atMs: number | null): string => (atMs === null ? '–' : format.timeWithZone(atMs));
  return [
    ...renderPairs([
      [labels.job, job.id],
      [labels.kind, states.jobKind[job.kind]],
      [labels.state, states.job[job.state]],
      [labels.host, `${job.hostName} (${job.hostId})`],
      ...(job.virtualName === null ? [] : [[words.applications.virtualName, job.virtualName] as const]),
      ...(job.planName === null ? [] : [[labels.plan, job.planName] as const]),
      [labels.trigger, job.scheduleName ?? states.trigger[job.trigger]],
      [labels.attempt, format.count(job.attempt)],
      [labels.createdAt, when(job.createdAtMs)],
      [labels.startedAt, when(job.startedAtMs)],
      [labels.endedAt, when(job.endedAtMs)],
      ...(report === null
        ? []
        : ([
            [labels.duration, format.duration(report.endedAtMs - report.startedAtMs)],
            [labels.files, format.count(report.filesDone)],
            [labels.size, format.bytes(report.bytesDone)],
            [labels.added, format.bytes(report.bytesAdded)],
            [labels.point, report.snapshotId ?? '–'],
          ] as const)),
    ]),
    ...reasonText(cli, job),
    ...(report?.warnings ?? []).map((warning) => `  ${words.notes.warningWord}: ${visible(warning)}`),
    ...unreadableText(cli, job),
    ...(report === null || report.log.length === 0
      ? []
      : [`${labels.log}:`, ...report.log.map((line) => `  ${visible(line)}`)]),
  ];
}
