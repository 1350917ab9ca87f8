import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXIT } from './exit-codes.ts';

/** A program that stops for ever, as one does whose requests never end; it says how far it is. */
const PROGRAM = `
  const { processIo } = await import(process.env.SEKISHO_TEST_FOLDER + '/io.ts');
  const { untilStopped } = await import(process.env.SEKISHO_TEST_FOLDER + '/until-stopped.ts');
  setInterval(() => undefined, 1_000);
  setImmediate(() => console.log('runs'));
  await untilStopped(
    { io: processIo() },
    {
      info: ({ signal }, text) => console.log(signal, text),
      warn: ({ signal }, text) => console.log(signal, text),
    },
    () => { console.log('stopping'); return new Promise(() => undefined); },
  );
`;

for (const [first, second] of [
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGTERM'],
  ['SIGHUP', 'SIGINT'],
] as const) {
  test(`S-08 after ${first} a program stops in good order, and at ${second} at once, with exit code 130 and both signals in its log`, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      env: { ...process.env, SEKISHO_TEST_FOLDER: join(import.meta.dirname) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    let said = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      const before = said;
      said += String(chunk);
      const isNew = (line: string): boolean => said.includes(line) && !before.includes(line);
      if (isNew('runs')) child.kill(first);
      if (isNew('stopping')) child.kill(second);
    }
    assert.deepEqual(await ended, [EXIT.interrupted, null]);
    assert.equal(said, `runs\n${first} asked to stop\nstopping\n${second} stopping at once\n`);
  });
}
