import { eventually } from '@sekisho/testkit/eventually.ts';
import { tempFolder, type HasAfter } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { asOrdinaryUser, launch, processesNaming, runToEnd } from '../testing/launch.ts';

const NOBODY = 65_534;
/** A demo on a busy machine. */
const DEMO_WITHIN_MS = 180_000;

/** A folder with what file systems hold: odd names, links, empty and executable files, rights. */
async function sampleTree(context: HasAfter): Promise<{ folder: string; source: string }> {
  const folder = await tempFolder(context);
  const source = join(folder, '元 files');
  await mkdir(join(source, 'a', '空のフォルダー'), { recursive: true });
  await writeFile(join(source, 'a', 'it\'s "quoted" $HOME\n'), 'odd name');
  await writeFile(join(source, 'empty'), '');
  await writeFile(join(source, 'script.sh'), '#!/bin/sh\n', { mode: 0o750 });
  await writeFile(join(source, 'large'), Buffer.alloc(3_000_000, 'sekisho'));
  await symlink('a/nowhere', join(source, 'broken link'));
  await chmod(join(source, 'a'), 0o2750);
  return { folder, source };
}

const gone = (folder: string) =>
  eventually('no process of the demo is left', async () =>
    (await processesNaming(folder)).length === 0 ? true : undefined,
  );

const proof = z.object({
  proved: z.literal(true),
  backup: z.object({ files: z.int().min(4), bytes: z.int().min(3_000_000) }),
  compared: z.object({ files: z.literal(4), folders: z.literal(3), links: z.literal(1) }),
});

test('S-09 P-12 P-14 the demo backs a folder up, restores it and proves it byte for byte, twice in a row', async (context) => {
  const { folder, source } = await sampleTree(context);
  const argv = ['demo', '--once', '--json', '--folder', join(folder, 'demo'), source];
  for (const round of ['first', 'second']) {
    const { code, stdout, stderr } = await runToEnd(argv);
    assert.equal(code, 0, `${round}: ${stdout}${stderr}`);
    proof.parse(JSON.parse(stdout));
    assert.deepEqual(await processesNaming(folder), []);
  }
});

test('S-09 an ordinary user runs it too; a file that cannot be read means that nothing is proved', async (context) => {
  const prefix = asOrdinaryUser();
  if (prefix === undefined) {
    context.skip('no way to become an ordinary user here');
    return;
  }
  const { folder, source } = await sampleTree(context);
  await writeFile(join(source, 'secret'), 'unreadable');
  await chmod(join(source, 'secret'), 0o000);
  await mkdir(join(folder, 'own'));
  if (prefix.length > 0) {
    await chmod(folder, 0o755);
    for (const path of [source, join(source, 'a'), join(folder, 'own')]) await chmod(path, 0o755);
    await chown(join(folder, 'own'), NOBODY, NOBODY);
  }
  const { code, stdout, stderr } = await runToEnd(
    ['demo', '--once', '--folder', join(folder, 'own', 'demo'), source],
    { prefix, env: { HOME: join(folder, 'own'), LANG: 'ja_JP.UTF-8' } },
  );
  assert.equal(code, 3, `${stdout}${stderr}`);
  assert.match(stderr, /secret/);
  assert.match(stderr, /\(DEMO_JOB_FAILED\)/);
  assert.deepEqual(await processesNaming(folder), []);
});

for (const [signal, step, expected] of [
  ['SIGINT', '[7/9]', 130],
  ['SIGTERM', '[3/9]', 130],
  ['SIGKILL', '[6/9]', null],
] as const) {
  test(`S-09 ${signal} in step ${step} leaves no process behind`, async (context) => {
    const { folder, source } = await sampleTree(context);
    const demo = launch(['demo', '--folder', join(folder, 'demo'), source]);
    context.after(() => demo.process.kill('SIGKILL'));
    await eventually(
      `the demo reaches ${step}`,
      () => {
        if (demo.process.exitCode !== null) throw new Error(demo.stdout() + demo.stderr());
        return demo.stdout().includes(step) ? true : undefined;
      },
      DEMO_WITHIN_MS,
    );
    demo.process.kill(signal);
    assert.equal((await demo.ended).code, expected);
    await gone(folder);
  });
}
