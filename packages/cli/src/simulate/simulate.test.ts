import type { SimulationSummary } from '@sekisho/agent/simulate/simulate.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import { z } from 'zod';
import { launch, processesNaming, runToEnd } from '../testing/launch.ts';

const WITHIN_MS = 120_000;
const FLEET = ['simulate', '--agents', '5', '--heartbeat', '5s', '--spread', '0s'];

/** A folder for temporary files, in which a simulation must leave nothing. */
async function scratch(context: TestContext): Promise<{ TMPDIR: string }> {
  return { TMPDIR: await tempFolder(context) };
}

async function nothingLeft(folder: string): Promise<void> {
  assert.deepEqual(await processesNaming(folder), []);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('sekisho-simulate')),
    [],
  );
}

test('S-10 without a server the simulation makes one, and leaves neither process nor folder', async (context) => {
  const env = await scratch(context);
  const { code, stdout, stderr } = await runToEnd(
    [...FLEET, '--duration', '6s', '--jobs-per-hour', '7200', '--json'],
    { env },
  );
  assert.equal(code, 0, `${stdout}${stderr}`);
  const found = z.record(z.string(), z.unknown()).parse(JSON.parse(stdout));
  const expected: Partial<SimulationSummary> = { agents: 5, enrolled: 5, connected: 5, lost: 0 };
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])), expected);
  assert.ok(Number(found['heartbeats']) >= 10, stdout);
  await nothingLeft(env.TMPDIR);
});

test('S-10 Ctrl-C ends a simulation in good order, with what was measured', async (context) => {
  const env = await scratch(context);
  const simulation = launch([...FLEET, '--duration', '1h'], { env });
  context.after(() => simulation.process.kill('SIGKILL'));
  await eventually(
    'the simulation measures',
    () => {
      if (simulation.process.exitCode !== null) throw new Error(simulation.stderr());
      return /Measuring/.test(simulation.stderr()) ? true : undefined;
    },
    WITHIN_MS,
  );
  simulation.process.kill('SIGINT');
  const { code, stdout } = await simulation.ended;
  assert.equal(code, 130);
  assert.match(stdout, /Interrupted: this is what was measured/);
  assert.match(stdout, /^Certificates +5 /m);
  await nothingLeft(env.TMPDIR);
});
