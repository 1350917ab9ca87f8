import { until } from './until.ts';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { POSTGRES_URL_VARIABLE } from './postgres.ts';

const RUNNER = join(import.meta.dirname, 'run-with-postgres.ts');
const PRINT_URL = `console.log(process.env.${POSTGRES_URL_VARIABLE}); process.exitCode = 7; if (process.argv[1] === 'stay') setInterval(() => {}, 1e6)`;
const folderOf = (output: string): string => new URL(output.trim()).searchParams.get('host') ?? '';

test('a command gets a PostgreSQL of its own; its exit code comes back and the server is gone', () => {
  const run = spawnSync(process.execPath, [RUNNER, process.execPath, '-e', PRINT_URL], { encoding: 'utf8' });
  assert.equal(run.status, 7, run.stderr);
  const folder = folderOf(run.stdout);
  assert.match(folder, /sekisho-pg-/);
  assert.equal(existsSync(folder), false);
});

test('a run that is interrupted stops its command and its PostgreSQL', async () => {
  const run = spawn(process.execPath, [RUNNER, process.execPath, '-e', PRINT_URL, 'stay'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  run.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve) => run.once('exit', resolve));
  await until('it runs', () => said.includes('\n'));
  const folder = folderOf(said);
  assert.equal(existsSync(folder), true);
  run.kill('SIGTERM');
  assert.equal(await ended, 143);
  assert.equal(existsSync(folder), false);
});

test(
  'a run that is killed takes its PostgreSQL with it',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const run = spawn(process.execPath, [RUNNER, process.execPath, '-e', PRINT_URL, 'stay'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let said = '';
    run.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    await until('it runs', () => said.includes('\n'));
    const folder = folderOf(said);
    t.after(async () => {
      if (run.pid !== undefined) process.kill(-run.pid, 'SIGKILL'); // the command, in the group of its own
      await rm(folder, { recursive: true, force: true });
    });
    run.kill('SIGKILL');
    await until('its socket is gone', () => !existsSync(join(folder, '.s.PGSQL.5432')));
  },
);
