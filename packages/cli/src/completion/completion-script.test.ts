import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { wordsOf } from '../language.ts';
import { VERBS } from '../verbs.ts';
import { completionScript, SHELLS } from './completion-script.ts';

const bash = completionScript('bash', wordsOf('en'), VERBS);

/** What real bash offers after the given words; the last one is being typed. */
function offered(...words: string[]): string[] {
  const quoted = ['sekisho', ...words].map((word) => `'${word}'`).join(' ');
  const script = `${bash}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _sekisho; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const found = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' });
  return found.split('\n').filter((line) => line !== '');
}

for (const [words, expected] of [
  [['ho'], ['host']],
  [['host', 'l'], ['list']],
  [['host', 'list', '--l'], ['--limit']],
  [['--json', 'host', 'sh'], ['show']],
  [['security', 'set', '--level', 'v'], ['very-high']],
  [['cert', 'revoke', 'web-01', '--reason', 'key'], ['keyCompromise']],
  [['demo', '--on'], ['--once']],
] as const) {
  test(`S-01 bash completes "${words.join(' ')}" with ${expected.join(' ')}`, () => {
    assert.deepEqual(offered(...words), expected);
  });
}

test('S-01 bash offers files where a file is wanted', () => {
  assert.ok(offered('agent', 'setup', '--token-file', '/etc/pass').includes('/etc/passwd'));
});

for (const shell of SHELLS) {
  test(`S-01 the ${shell} script names every verb and is read by ${shell} without complaint`, (context) => {
    const script = completionScript(shell, wordsOf('ja'), VERBS);
    for (const { path } of VERBS) assert.ok(script.includes(path.split(' ').at(-1) ?? path), path);
    const read = spawnSync(shell, ['-n'], { input: script, encoding: 'utf8' });
    if (read.error !== undefined) {
      context.diagnostic(`${shell} is not installed here`);
      return;
    }
    assert.equal(read.stderr, '');
    assert.equal(read.status, 0);
  });
}
