import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from './main.ts';
import { startFakeServer, type FakeServer } from './testing/fake-server.ts';
import { fakeTerminal } from './testing/fake-terminal.ts';
import { sampleRoutes } from './testing/sample-domain.ts';
import { parseTranscript, renderRun, renderTranscript, type TranscriptEntry } from './testing/transcript.ts';
import { VERBS } from './verbs.ts';

const FOLDER = join(import.meta.dirname, 'transcripts');
/** Writes what is printed now into the transcripts, to be read before it is committed. */
const UPDATE = process.env['SEKISHO_UPDATE_TRANSCRIPTS'] === '1';

async function play(server: FakeServer, entry: TranscriptEntry): Promise<string> {
  const terminal = fakeTerminal({
    env: { SEKISHO_DATA: server.dataFolder, LANG: 'C.UTF-8', ...entry.env },
    tty: entry.tty,
    ...(entry.columns === undefined ? {} : { columns: entry.columns }),
    ...(entry.input === undefined ? {} : { input: entry.input }),
  });
  const exitCode = await runCli(entry.argv, terminal.io);
  return renderRun({ printed: terminal.printed, exitCode }).replaceAll(server.dataFolder, '$SEKISHO_DATA');
}

const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.txt')).sort();
const transcripts = new Map<string, TranscriptEntry[]>();
for (const name of names) transcripts.set(name, parseTranscript(await readFile(join(FOLDER, name), 'utf8')));

for (const [name, entries] of transcripts) {
  test(`S-01 the commands of ${name} print what it says`, async (context) => {
    const server = await startFakeServer(sampleRoutes());
    context.after(() => server.close());
    const played: { entry: TranscriptEntry; actual: string }[] = [];
    for (const entry of entries) {
      const actual = await play(server, entry);
      played.push({ entry, actual });
      if (UPDATE) continue;
      await context.test(entry.line, () => assert.equal(actual, entry.expected));
    }
    if (UPDATE) await writeFile(join(FOLDER, name), renderTranscript(played));
  });
}

const all = [...transcripts.values()].flat();
const inJapanese = (entry: TranscriptEntry): boolean => entry.env['LANG'] === 'ja_JP.UTF-8';
const ofVerb =
  (path: string) =>
  (entry: TranscriptEntry): boolean =>
    entry.argv.slice(0, path.split(' ').length).join(' ') === path;

for (const { path } of VERBS) {
  test(`S-01 the transcripts hold the help of "${path}" in both languages, with examples`, () => {
    const helps = all.filter(ofVerb(path)).filter(({ argv }) => argv.includes('--help'));
    assert.equal(helps.filter(inJapanese).length, 1);
    assert.equal(helps.filter((entry) => !inJapanese(entry)).length, 1);
    for (const help of helps) assert.match(help.expected, inJapanese(help) ? /\n例:\n/ : /\nExamples:\n/);
  });
}

/** What needs a real server, agent or shell is proved in tests of its own. */
const NEEDS_MORE_THAN_A_SOCKET =
  /^(server (init|join|run|detach-root)|audit verify$|agent |cert (request|sign|install|export|import)$|db migrate$|package (sign|publish)$|doctor$|service print$|demo$|simulate$|completion$)/;

for (const { path } of VERBS.filter((verb) => !NEEDS_MORE_THAN_A_SOCKET.test(verb.path))) {
  test(`S-01 the transcripts hold a success and a refusal of "${path}"`, () => {
    const runs = all.filter(ofVerb(path)).filter(({ argv }) => !argv.includes('--help'));
    assert.ok(
      runs.some(({ expected }) => !/^= \d+$/m.test(expected)),
      'a success',
    );
    assert.ok(
      runs.some(({ expected }) => /^= [12]$/m.test(expected)),
      'a refusal',
    );
  });
}
