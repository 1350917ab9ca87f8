import type { Printed } from './fake-terminal.ts';

/** One command of a transcript: how it is run, and what it must print. */
export interface TranscriptEntry {
  /** The line after `$ `, as it was written. */
  readonly line: string;
  readonly env: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly columns: number | undefined;
  readonly input: string | undefined;
  /** Lines before the `$`: remarks and directives, kept as they are. */
  readonly head: readonly string[];
  /** Everything after the `$` line up to the next entry. */
  readonly expected: string;
}

/**
 * Reads a transcript. `# terminal` and `# terminal of 60 columns` before a command give it a terminal, `# types: y` what is
 * typed (or piped in), other `#` lines are remarks. Output follows: standard output as it is, standard error with `! ` in
 * front, `= 2` is the exit code (none: 0).
 */
export function parseTranscript(text: string): TranscriptEntry[] {
  const entries: TranscriptEntry[] = [];
  let head: string[] = [];
  let expected: string[] = [];
  let line: string | undefined;
  const flush = (): void => {
    if (line === undefined) return;
    entries.push(entryOf(line, head, expected.join('\n').trimEnd()));
    head = [];
    expected = [];
    line = undefined;
  };
  for (const raw of text.split('\n')) {
    if (raw.startsWith('# ') && (line === undefined || expected.at(-1) === '')) {
      flush();
      head.push(raw);
    } else if (raw.startsWith('$ ')) {
      flush();
      line = raw.slice(2);
    } else if (line !== undefined) {
      expected.push(raw);
    }
  }
  flush();
  return entries;
}

/** A transcript as it is kept. */
export const renderTranscript = (entries: readonly { entry: TranscriptEntry; actual: string }[]): string =>
  `${entries
    .map(({ entry, actual }) =>
      [...entry.head, `$ ${entry.line}`, ...(actual === '' ? [] : [actual])].join('\n'),
    )
    .join('\n\n')}\n`;

/** What a run printed, as transcripts keep it. Escape codes show as `\\e`. */
export function renderRun(run: { printed: readonly Printed[]; exitCode: number }): string {
  const readable = (text: string): string =>
    text.replaceAll('\r\n', '\n').replaceAll('\u001b', '\\e').replaceAll('\r', '\\r');
  const blocks: { stream: Printed['stream']; text: string }[] = [];
  for (const { stream, text } of run.printed) {
    const last = blocks.at(-1);
    if (last?.stream === stream) last.text += text;
    else blocks.push({ stream, text });
  }
  const lines = blocks.flatMap(({ stream, text }) => {
    const shown = readable(text).replace(/\n$/, '').split('\n');
    return stream === 'stdout' ? shown : shown.map((line) => `! ${line}`.trimEnd());
  });
  return [...lines, ...(run.exitCode === 0 ? [] : [`= ${run.exitCode}`])].join('\n').trimEnd();
}

function entryOf(line: string, head: readonly string[], expected: string): TranscriptEntry {
  const words = shellWords(line);
  const env: Record<string, string> = {};
  while (/^[A-Z_]+=/.test(words[0] ?? '')) {
    const [name = '', value = ''] = (words.shift() ?? '').split('=');
    env[name] = value;
  }
  if (words.shift() !== 'sekisho') throw new Error(`not a sekisho command: ${line}`);
  const columns = head
    .map((one) => /^# terminal of (\d+) columns$/.exec(one)?.[1])
    .find((one) => one !== undefined);
  const typed = head.flatMap((one) => /^# types: (.*)$/.exec(one)?.[1] ?? []);
  return {
    line,
    env,
    argv: words,
    tty: head.some((one) => one.startsWith('# terminal')),
    columns: columns === undefined ? undefined : Number(columns),
    input: typed.length === 0 ? undefined : `${typed.join('\n')}\n`,
    head,
    expected,
  };
}

/** Splits like a shell does, with single and double quotes. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
