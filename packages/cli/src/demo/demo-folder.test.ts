import { AppError } from '@sekisho/core/errors.ts';
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runCli } from '../main.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { cliFor } from '../testing/test-cli.ts';
import { makeDemoFolder, releaseDemoFolder } from './demo-folder.ts';

async function scratch(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sekisho-demo-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
const refusedWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

test('the demo makes its folder anew, and only what a demo made is removed', async (context) => {
  const root = join(await scratch(context), 'demo');
  const cli = cliFor(fakeTerminal());
  const first = await makeDemoFolder(cli, root);
  await writeFile(join(first.restored, 'old'), 'x');
  await releaseDemoFolder(first);
  const second = await makeDemoFolder(cli, root);
  assert.deepEqual((await readdir(second.root)).sort(), ['logs', 'made-by-sekisho-demo.json', 'restored']);
  assert.deepEqual(await readdir(second.restored), []);
});

test('a folder with files that no demo made is left alone', async (context) => {
  const root = await scratch(context);
  await writeFile(join(root, 'thesis.txt'), 'years of work');
  await assert.rejects(makeDemoFolder(cliFor(fakeTerminal()), root), refusedWith('DEMO_FOLDER_FOREIGN'));
  assert.equal(await readFile(join(root, 'thesis.txt'), 'utf8'), 'years of work');
});

test('a file in the place of the folder is left alone', async (context) => {
  const path = join(await scratch(context), 'file');
  await writeFile(path, 'x');
  await assert.rejects(makeDemoFolder(cliFor(fakeTerminal()), path), refusedWith('DEMO_FOLDER_FOREIGN'));
});

test('the folder of a demo whose process is gone is taken over', async (context) => {
  const root = await scratch(context);
  await writeFile(join(root, 'made-by-sekisho-demo.json'), JSON.stringify({ pid: 2 ** 22 + 1 }));
  await mkdir(join(root, 'server'));
  await makeDemoFolder(cliFor(fakeTerminal()), root);
  assert.ok(!(await readdir(root)).includes('server'));
});

test('the demo refuses a path that does not exist, before it makes anything', async (context) => {
  const root = await scratch(context);
  const terminal = fakeTerminal();
  const code = await runCli(
    ['demo', '--once', '--folder', join(root, 'demo'), join(root, 'nothing')],
    terminal.io,
  );
  assert.equal(code, 1);
  assert.match(terminal.stderr(), /\(DEMO_PATH_MISSING\)/);
  assert.deepEqual(await readdir(root), []);
});
