import { Secret } from '@sekisho/platform/secret.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { findRestic, parseResticVersion, resticVersion } from './find-restic.ts';
import { errorReason, parseResticMessage, type ResticMessage } from './messages.ts';
import { runRestic } from './run-restic.ts';
import { LineSplitter } from './split-lines.ts';

async function script(t: TestContext, body: string): Promise<string> {
  const path = join(await tempFolder(t), 'restic');
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

test('P-11 the restic of the machine is found and new enough; a missing or old one is refused with what to do', async (t) => {
  const path = await findRestic(process.env);
  const version = await resticVersion(path);
  assert.ok(version.major > 0 || version.minor >= 14);
  const old = await script(t, 'echo "restic 0.12.1 compiled with go1.16 on linux/amd64"');
  await assert.rejects(findRestic({ SEKISHO_RESTIC: old }), { code: 'RESTIC_TOO_OLD' });
  const newer = await script(t, 'echo "restic 0.18.0 compiled with go1.24 on linux/amd64"');
  assert.equal(await findRestic({ SEKISHO_RESTIC: newer }), newer);
  await assert.rejects(findRestic({ SEKISHO_RESTIC: '/nowhere/restic' }), { code: 'RESTIC_MISSING' });
  await assert.rejects(findRestic({ PATH: '/nowhere:relative' }), { code: 'RESTIC_MISSING' });
  await assert.rejects(findRestic({ SEKISHO_RESTIC: await script(t, 'echo hello') }), {
    code: 'RESTIC_MISSING',
  });
});

test('P-11 versions are read from what restic prints', () => {
  const table: [string, string | undefined][] = [
    ['restic 0.14.0 compiled with go1.19.8 on linux/amd64', '0.14.0'],
    ['restic 0.17.3 (v0.17.3-1) compiled with go1.23', '0.17.3'],
    ['restic 1.0 compiled with go2', '1.0.0'],
    ['restic v0.16.4', '0.16.4'],
    ['rustic 0.7.0', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of table) {
    const version = parseResticVersion(text);
    assert.equal(version && `${version.major}.${version.minor}.${version.patch}`, expected, text);
  }
});

test('P-12 JSON lines become messages, fields that are zero included, and anything else is passed on', async (t) => {
  const binary = await script(
    t,
    `echo '{"message_type":"status","percent_done":0.5,"current_files":["/a"]}'
echo '{"message_type":"summary","files_new":3,"snapshot_id":"abc"}'
echo 'plain words'
echo '{"message_type":"error","error":{"Op":"open","Path":"/x","Err":13},"during":"archival","item":"/x"}' >&2
echo '{"message_type":"of the future"}'
echo 'a warning' >&2
printf 'no end'
exit 3`,
  );
  const messages: ResticMessage[] = [];
  const lines: string[] = [];
  const errors: string[] = [];
  const result = await runRestic({
    binary,
    args: [],
    env: {},
    onMessage: (message) => messages.push(message),
    onLine: (line) => lines.push(line),
    onStderr: (line) => errors.push(line),
  });
  assert.deepEqual([result.exitCode, result.meaning, result.stderrTail], [3, 'incomplete', ['a warning']]);
  const kinds = messages.map((message) => message.message_type).sort();
  assert.deepEqual(kinds, ['error', 'status', 'summary']);
  const status = messages.find((message) => message.message_type === 'status');
  assert.equal(status?.message_type === 'status' && status.files_done, 0);
  const error = messages.find((message) => message.message_type === 'error');
  assert.equal(error?.message_type === 'error' && errorReason(error), 'open: permission denied');
  assert.deepEqual(lines, ['plain words', '{"message_type":"of the future"}', 'no end']);
  assert.deepEqual(errors, ['a warning']);
});

test('P-11 secrets reach restic through its environment and nothing else of ours does', async (t) => {
  process.env['SEKISHO_SOMETHING_OF_OURS'] = 'x';
  t.after(() => delete process.env['SEKISHO_SOMETHING_OF_OURS']);
  const lines: string[] = [];
  await runRestic({
    binary: await script(t, 'env; echo "args: $*"'),
    args: ['backup'],
    env: { RESTIC_PASSWORD: new Secret('hush') },
    onLine: (line) => lines.push(line),
  });
  assert.ok(lines.includes('RESTIC_PASSWORD=hush'));
  assert.ok(lines.includes('args: backup'));
  assert.ok(lines.some((line) => line.startsWith('RESTIC_PROGRESS_FPS=')));
  assert.ok(!lines.some((line) => line.startsWith('SEKISHO_')));
});

test('P-12 a cancelled restic ends within 5 seconds with everything it started, even one that ignores the signal', async (t) => {
  const folder = await tempFolder(t);
  const pids = join(folder, 'pids');
  for (const trap of ["trap '' INT TERM;", '']) {
    const binary = await script(
      t,
      `${trap} sleep 600 & echo $$ $! > ${pids}; echo started; wait; wait; sleep 600`,
    );
    const abort = new AbortController();
    const startedMs = performance.now();
    const result = await runRestic({
      binary,
      args: [],
      env: {},
      signal: abort.signal,
      onLine: () => abort.abort(),
    });
    assert.equal(result.meaning, 'cancelled');
    assert.ok(performance.now() - startedMs < 5_000);
    for (const pid of (await readFile(pids, 'utf8')).trim().split(' '))
      await untilTrue(() => Promise.resolve(!isAlive(Number(pid))));
  }
  const never = await runRestic({ binary: '/nowhere', args: [], env: {}, signal: AbortSignal.abort() });
  assert.equal(never.meaning, 'cancelled');
});

test('P-12 a line without end costs no memory and is counted', async (t) => {
  const lines: string[] = [];
  const result = await runRestic({
    binary: await script(t, 'head -c 3000000 /dev/zero | tr "\\0" x; echo; echo short'),
    args: [],
    env: {},
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual([lines, result.droppedLines], [['short'], 1]);
});

test('lines come out the same however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zé日]{0,12}$/), { maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      (lines, step) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const seen: string[] = [];
        const splitter = new LineSplitter(20, (line) => seen.push(line));
        for (let offset = 0; offset < bytes.length; offset += step)
          splitter.push(bytes.subarray(offset, offset + step));
        splitter.end();
        assert.deepEqual(
          seen,
          lines.filter((line) => Buffer.byteLength(line) <= 20),
        );
      },
    ),
  );
});

test('what restic prints is never trusted to be JSON', () => {
  for (const line of [
    '',
    '{',
    '{}',
    '[]',
    'null',
    '{"message_type":1}',
    '{"message_type":"status","files_done":"x"}',
  ])
    assert.equal(parseResticMessage(line), undefined, line);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilTrue(question: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('it did not come true');
}
