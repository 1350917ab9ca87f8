import { errorWords, fill, isErrorCode, type ErrorParams } from '@sekisho/core/errors.ts';
import type { PeerCheck } from '@sekisho/core/rules/peer.ts';
import type { ExplainedCheck, ExplainedSide, ExplainReply } from '@sekisho/core/wire/names.ts';
import stringWidth from 'string-width';
import type { Cli } from '../cli.ts';
import { pathText } from './group-text.ts';
import { pad, visible } from './table.ts';

const TERMINAL_COLUMNS = 80;
const INDENT = '  ';

/** Both sides' decisions about each other, check by check, within 80 columns (T-36). */
export function explainText(cli: Cli, reply: ExplainReply): string[] {
  const { explain } = cli.words.names;
  const verdict = fill(reply.allow ? explain.may : explain.mayNot, {
    from: reply.from.name,
    to: reply.to.name,
  });
  return [
    ...reply.sides.flatMap((side) => [...sideText(cli, side), '']),
    paint(cli, reply.allow)(visible(verdict)),
    ...(reply.allow ? [] : [explain.both]),
  ];
}

function sideText(cli: Cli, side: ExplainedSide): string[] {
  const { explain } = cli.words.names;
  const { decides, about, name, direction } = side;
  const title = fill(explain[direction], { decides: decides.name, about: about.name, name });
  return [
    ...wrap(visible(title), 0).map((line) => cli.style.bold(line)),
    ...side.checks.flatMap((check) => checkText(cli, check, sourceText(cli, check))),
  ];
}

/** One check: whether it passed, what decided it; of one that failed the words, and the command that changes it. */
export function checkText(
  cli: Cli,
  check: Pick<ExplainedCheck, 'outcome' | 'code' | 'params'> & {
    readonly check: PeerCheck | 'other';
    readonly command?: string | null;
  },
  source: string,
): string[] {
  const { explain } = cli.words.names;
  const labels = [...Object.values(explain.checks), explain.otherSide];
  const width = Math.max(...labels.map((label) => stringWidth(label)));
  const outcomes = Object.values(explain.outcomes).map((outcome) => stringWidth(outcome));
  const label = check.check === 'other' ? explain.otherSide : explain.checks[check.check];
  const mark = pad(explain.outcomes[check.outcome], Math.max(...outcomes), false);
  const { outcome } = check;
  const painted =
    outcome === 'failed' ? cli.style.red(mark) : outcome === 'passed' ? cli.style.green(mark) : mark;
  const begin = INDENT.length + Math.max(...outcomes) + 2 + width + 2;
  const room = TERMINAL_COLUMNS - begin;
  const shown = stringWidth(source) <= room ? source : `${source.slice(0, Math.max(1, room - 1))}…`;
  const line = `${INDENT}${painted}  ${pad(label, width, false)}  ${visible(shown)}`.trimEnd();
  if (outcome !== 'failed') return [line];
  const further = INDENT.length + 4;
  return [
    line,
    ...refusalLines(cli, check.code, check.params, further),
    ...(check.command == null ? [] : [`${' '.repeat(further)}${explain.command}: ${visible(check.command)}`]),
  ];
}

function refusalLines(cli: Cli, code: string | null, params: ErrorParams, indent: number): string[] {
  if (code === null) return [];
  const words = isErrorCode(code) ? errorWords(code, params, cli.language).words : code;
  return wrap(visible(words), indent);
}

function sourceText(cli: Cli, { outcome, decidedBy }: ExplainedCheck): string {
  const { explain } = cli.words.names;
  if (outcome === 'skipped') return '';
  const known = (table: Readonly<Record<string, string>>, key: string): string => table[key] ?? key;
  const time = /^(?:(\d+) )?(\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(decidedBy.value);
  const value =
    time === null
      ? known(explain.values, decidedBy.value)
      : `${time[1] === undefined ? '' : `${time[1]}, `}${cli.format.time(Date.parse(time[2] ?? ''))}`;
  const source = `${known(explain.sources, decidedBy.name)}: ${value}`;
  return decidedBy.group === undefined
    ? source
    : fill(explain.byGroup, { source, group: pathText(decidedBy.group.path) });
}

const paint = (cli: Cli, allow: boolean): ((text: string) => string) =>
  allow ? cli.style.green : cli.style.red;

/** Lines within 80 cells; words of languages without spaces break anywhere. */
function wrap(text: string, indent: number): string[] {
  const room = TERMINAL_COLUMNS - indent;
  const lines: string[] = [];
  let line = '';
  for (const piece of text.split(/(?<=\s)|(?<=[\u3000-\u30ff\u4e00-\u9fff])/u)) {
    if (stringWidth(line + piece.trimEnd()) > room && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines.map((one) => `${' '.repeat(indent)}${one}`);
}
