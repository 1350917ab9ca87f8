import { errorWords, isErrorCode } from '@sekisho/core/errors.ts';
import type { TaskView } from '@sekisho/core/wire/tasks.ts';
import type { Cli } from '../cli.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { renderPairs } from './table.ts';

/** `3 / 10`, `3`, or a dash. */
export function taskProgressText(cli: Cli, { progress }: Pick<TaskView, 'progress'>): string {
  if (progress === null) return '–';
  const done = cli.format.count(progress.done);
  return progress.total === null ? done : `${done} / ${cli.format.count(progress.total)}`;
}

/** A task in full. */
export function taskDetailText(cli: Cli, task: TaskView): string[] {
  const { labels, states } = cli.words;
  const failure =
    task.code !== null && isErrorCode(task.code)
      ? errorWords(task.code, task.params, cli.language)
      : undefined;
  return renderPairs([
    [labels.task, task.id],
    [labels.kind, task.kind],
    [labels.state, states.task[task.state]],
    [labels.progress, taskProgressText(cli, task)],
    [labels.startedAt, cli.format.time(task.createdAtMs)],
    [labels.endedAt, cli.format.time(task.endedAtMs)],
    [labels.by, task.createdBy],
    ...(failure === undefined
      ? []
      : [[labels.reason, [`${failure.words} (${task.code ?? ''})`, failure.hint]] as [string, string[]]]),
    ...(task.result === null ? [] : [[labels.result, JSON.stringify(task.result)] as [string, string]]),
  ]);
}

/** The exit code of a task that has ended. */
export const exitCodeOfTask = ({ state }: TaskView): ExitCode => (state === 'done' ? EXIT.done : EXIT.failed);

/** Has the task ended? */
export const isTaskEnded = ({ endedAtMs }: TaskView): boolean => endedAtMs !== null;
