import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { runToEnd } from '../testing/launch.ts';

const AGENTS = 20;
const FLEET = ['simulate', '--agents', String(AGENTS), '--heartbeat', '2s', '--spread', '1s', '--seed', '5'];

/** The members that scripts read: what they are called is a promise. */
const said = z.object({
  agents: z.literal(AGENTS),
  lost: z.number(),
  onNewestGeneration: z.number(),
  missedHeartbeatsMax: z.int(),
  secondsTotal: z.number().positive(),
  rotation: z.object({ kind: z.string(), id: z.uuid(), path: z.string(), end: z.string() }),
});

test('F-30 S-10 `simulate --rotate` updates certificates under simulated agents, loses none, and says so in JSON', async (t) => {
  const env = { TMPDIR: await tempFolder(t) };
  for (const kind of ['tls', 'ca'] as const)
    await t.test(kind, async () => {
      const { code, stdout, stderr } = await runToEnd([...FLEET, '--rotate', kind, '--json'], { env });
      assert.equal(code, 0, `${stdout}${stderr}`);
      const { lost, onNewestGeneration, rotation } = said.parse(JSON.parse(stdout));
      assert.deepEqual([lost, onNewestGeneration], [0, AGENTS]);
      assert.deepEqual([rotation.kind, rotation.path, rotation.end], [kind, 'announced', 'done']);
    });
});
