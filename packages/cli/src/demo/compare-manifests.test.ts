import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { compareManifests } from './compare-manifests.ts';
import { readManifest } from './manifest.ts';

const NOTHING = { names: new Set<string>(), paths: new Set<string>() };
const never = new AbortController().signal;
const read = (folder: string) => readManifest(folder, NOTHING, never);

async function tree(context: TestContext): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'sekisho-compare-'));
  context.after(() => rm(root, { recursive: true, force: true }));
  await mkdir(join(root, 'a', '空'), { recursive: true });
  await writeFile(join(root, 'a', 'file'), 'same bytes', { mode: 0o640 });
  await writeFile(join(root, 'empty'), '');
  await symlink('a/file', join(root, 'link'));
  await symlink('nowhere', join(root, 'broken'));
  return root;
}

test('a tree equals itself, and every kind of entry is counted', async (context) => {
  const manifest = await read(await tree(context));
  assert.deepEqual(compareManifests(manifest, manifest, manifest), {
    files: 2,
    bytes: 10,
    folders: 3,
    links: 2,
    skipped: 0,
    changed: 0,
    differences: [],
  });
});

for (const [what, change, expected] of [
  ['a missing file', (root: string) => rm(join(root, 'a', 'file')), { path: 'a/file', kind: 'missing' }],
  [
    'a missing empty folder',
    (root: string) => rm(join(root, 'a', '空'), { recursive: true }),
    { path: 'a/空', kind: 'missing' },
  ],
  ['one file too many', (root: string) => writeFile(join(root, 'more'), ''), { path: 'more', kind: 'extra' }],
  [
    'one byte more',
    (root: string) => writeFile(join(root, 'a', 'file'), 'same bytes!'),
    { path: 'a/file', kind: 'size' },
  ],
  [
    'one other byte',
    (root: string) => writeFile(join(root, 'a', 'file'), 'same byteS'),
    { path: 'a/file', kind: 'content' },
  ],
  ['other rights', (root: string) => chmod(join(root, 'a', 'file'), 0o600), { path: 'a/file', kind: 'mode' }],
  [
    'a link that points elsewhere',
    async (root: string) => {
      await rm(join(root, 'link'));
      await symlink('empty', join(root, 'link'));
    },
    { path: 'link', kind: 'target' },
  ],
  [
    'a file where a link was',
    async (root: string) => {
      await rm(join(root, 'link'));
      await writeFile(join(root, 'link'), 'same bytes');
    },
    { path: 'link', kind: 'kind' },
  ],
] as const) {
  test(`the comparison finds ${what}`, async (context) => {
    const root = await tree(context);
    const original = await read(root);
    await change(root);
    assert.deepEqual(compareManifests(original, original, await read(root)).differences, [expected]);
  });
}

test('a file that changed meanwhile may be in either state, but in no third', async (context) => {
  const root = await tree(context);
  const before = await read(root);
  await writeFile(join(root, 'a', 'file'), 'changed later');
  await writeFile(join(root, 'new'), 'made later');
  const after = await read(root);
  for (const copy of [before, after]) {
    const { differences, changed } = compareManifests(before, after, copy);
    assert.deepEqual(differences, []);
    assert.equal(changed, 2);
  }
  await writeFile(join(root, 'a', 'file'), 'neither of them');
  assert.deepEqual(compareManifests(before, after, await read(root)).differences, [
    { path: 'a/file', kind: 'size' },
  ]);
});

test('what could not be read proves nothing', () => {
  const unreadable = new Map([['secret', { kind: 'unreadable' }]] as const);
  assert.equal(compareManifests(unreadable, unreadable, unreadable).differences[0]?.kind, 'unreadable');
});

test('names and paths that are left out are not read', async (context) => {
  const root = await tree(context);
  const manifest = await readManifest(
    root,
    { names: new Set(['空']), paths: new Set([join(root, 'empty')]) },
    never,
  );
  assert.deepEqual([...manifest.keys()].sort(), ['', 'a', 'a/file', 'broken', 'link']);
});
