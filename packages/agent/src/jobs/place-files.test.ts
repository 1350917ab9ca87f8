import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { placeFiles, type Conflict, type Placement } from './place-files.ts';

type Tree = Record<string, string>;

async function make(root: string, tree: Tree): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    if (content.startsWith('-> ')) await symlink(content.slice(3), join(root, path));
    else await writeFile(join(root, path), content);
  }
}

async function read(root: string, below = ''): Promise<Tree> {
  const tree: Tree = {};
  for (const name of (await readdir(join(root, below))).sort()) {
    const path = join(below, name);
    const entry = await lstat(join(root, path));
    if (entry.isDirectory()) Object.assign(tree, await read(root, path));
    else if (entry.isSymbolicLink()) tree[path] = `-> ${await readlink(join(root, path))}`;
    else tree[path] = await readFile(join(root, path), 'utf8');
  }
  return tree;
}

async function place(
  t: TestContext,
  staged: Tree,
  existing: Tree,
  conflict: Conflict,
): Promise<{ tree: Tree; placement: Placement; root: string }> {
  const root = await tempFolder(t);
  await make(join(root, 'staging'), staged);
  await make(join(root, 'target'), existing);
  const placement = await placeFiles({
    staging: join(root, 'staging'),
    target: join(root, 'target'),
    conflict,
    signal: new AbortController().signal,
  });
  return { tree: await read(join(root, 'target')), placement, root };
}

test('P-14 a warning names the original place, not the part below the folder that is there', async (t) => {
  const root = await tempFolder(t);
  await make(join(root, 'staging'), { 'documents/f': 'new' });
  await make(join(root, 'target'), { 'documents/f': 'old' });
  const { warnings } = await placeFiles({
    staging: join(root, 'staging'),
    target: join(root, 'target'),
    above: '/srv/files',
    conflict: 'skip',
    signal: new AbortController().signal,
  });
  assert.deepEqual(warnings, ['/srv/files/documents/f: skipped, it exists']);
});

const cases: {
  name: string;
  conflict: Conflict;
  there: Tree;
  after: Tree;
  skipped: number;
  renamed: number;
}[] = [
  {
    name: 'overwrite replaces files and keeps what is not in the recovery point',
    conflict: 'overwrite',
    there: { 'a/f': 'old', 'a/mine': 'mine' },
    after: { 'a/f': 'new', 'a/g': 'g', 'a/mine': 'mine' },
    skipped: 0,
    renamed: 0,
  },
  {
    name: 'skip keeps files and says so',
    conflict: 'skip',
    there: { 'a/f': 'old' },
    after: { 'a/f': 'old', 'a/g': 'g' },
    skipped: 1,
    renamed: 0,
  },
  {
    name: 'rename puts the restored file beside the old one',
    conflict: 'rename',
    there: { 'a/f': 'old', 'a/f.restored': 'older' },
    after: { 'a/f': 'old', 'a/f.restored': 'older', 'a/f.restored-2': 'new', 'a/g': 'g' },
    skipped: 0,
    renamed: 1,
  },
  {
    name: 'overwrite never removes a folder that is in the way of a file',
    conflict: 'overwrite',
    there: { 'a/f/inner': 'kept' },
    after: { 'a/f/inner': 'kept', 'a/g': 'g' },
    skipped: 1,
    renamed: 0,
  },
  {
    name: 'overwrite replaces a file that is in the way of a folder',
    conflict: 'overwrite',
    there: { a: 'file' },
    after: { 'a/f': 'new', 'a/g': 'g' },
    skipped: 0,
    renamed: 0,
  },
  {
    name: 'rename puts a whole folder beside a file of its name',
    conflict: 'rename',
    there: { a: 'file' },
    after: { a: 'file', 'a.restored/f': 'new', 'a.restored/g': 'g' },
    skipped: 0,
    renamed: 1,
  },
];
for (const { name, conflict, there, after, skipped, renamed } of cases) {
  test(`P-14 ${name}`, async (t) => {
    const { tree, placement } = await place(t, { 'a/f': 'new', 'a/g': 'g' }, there, conflict);
    assert.deepEqual(tree, after);
    assert.deepEqual([placement.skipped, placement.renamed], [skipped, renamed]);
    assert.equal(placement.warnings.length, skipped + renamed);
  });
}

for (const conflict of ['overwrite', 'skip', 'rename'] as const) {
  test(`P-14 ${conflict} writes nothing through a link that leaves the target`, async (t) => {
    const root = await tempFolder(t);
    await make(join(root, 'outside'), { f: 'outside' });
    await make(join(root, 'staging'), { 'link/f': 'new', flink: 'new' });
    await make(join(root, 'target'), {
      link: `-> ${join(root, 'outside')}`,
      flink: `-> ${join(root, 'outside/f')}`,
    });
    await placeFiles({
      staging: join(root, 'staging'),
      target: join(root, 'target'),
      conflict,
      signal: new AbortController().signal,
    });
    assert.deepEqual(await read(join(root, 'outside')), { f: 'outside' });
    const tree = await read(join(root, 'target'));
    if (conflict === 'overwrite') assert.deepEqual(tree, { flink: 'new', 'link/f': 'new' });
  });
}

test('P-14 a target that is itself a link is refused', async (t) => {
  const root = await tempFolder(t);
  await make(join(root, 'staging'), { f: 'new' });
  await make(join(root, 'outside'), {});
  await symlink(join(root, 'outside'), join(root, 'target'));
  await assert.rejects(
    placeFiles({
      staging: join(root, 'staging'),
      target: join(root, 'target'),
      conflict: 'overwrite',
      signal: new AbortController().signal,
    }),
    { code: 'RESTORE_TARGET_UNUSABLE' },
  );
});

test('P-14 modes and times come along, links stay links, and everything is counted', async (t) => {
  const root = await tempFolder(t);
  await make(join(root, 'staging'), { 'd/f': 'four', 'd/l': '-> /nowhere' });
  await make(join(root, 'target'), {});
  await utimes(join(root, 'staging/d/f'), 1_600_000_000, 1_600_000_000);
  await chmod(join(root, 'staging/d/f'), 0o640);
  await chmod(join(root, 'staging/d'), 0o750);
  const placement = await placeFiles({
    staging: join(root, 'staging'),
    target: join(root, 'target'),
    conflict: 'skip',
    signal: new AbortController().signal,
  });
  const file = await lstat(join(root, 'target/d/f'));
  assert.deepEqual([file.mode & 0o777, file.mtimeMs], [0o640, 1_600_000_000_000]);
  assert.equal((await lstat(join(root, 'target/d'))).mode & 0o777, 0o750);
  assert.equal(await readlink(join(root, 'target/d/l')), '/nowhere');
  assert.deepEqual([placement.files, placement.bytes], [2, 4]);
});

test('P-14 on another file system files are copied, with their modes, times and links', async (t) => {
  const root = await tempFolder(t);
  const other = await mkdtemp('/dev/shm/sekisho-').catch(() => undefined);
  if (other === undefined) {
    t.skip('there is no second file system here');
    return;
  }
  t.after(() => rm(other, { recursive: true, force: true }));
  await make(other, { 'd/f': 'four', 'd/l': '-> /nowhere', x: 'new' });
  await utimes(join(other, 'd/f'), 1_600_000_000, 1_600_000_000);
  await chmod(join(other, 'd/f'), 0o640);
  await make(join(root, 'target'), { x: 'old' });
  const placement = await placeFiles({
    staging: other,
    target: join(root, 'target'),
    conflict: 'overwrite',
    signal: new AbortController().signal,
  });
  assert.deepEqual(await read(join(root, 'target')), { 'd/f': 'four', 'd/l': '-> /nowhere', x: 'new' });
  const file = await lstat(join(root, 'target/d/f'));
  assert.deepEqual([file.mode & 0o777, file.mtimeMs], [0o640, 1_600_000_000_000]);
  assert.deepEqual([placement.files, placement.bytes], [3, 7]);
  assert.deepEqual(await readdir(other), []);
});

test('P-14 a file that the system refuses is listed with its reason, and all others are placed', async (t) => {
  const long = 'n'.repeat(250); // with ".restored" behind it, longer than a name may be
  const { tree, placement } = await place(
    t,
    { [long]: 'new', [`deep/${long}`]: 'new', 'deep/other.txt': 'new', 'z.txt': 'new' },
    { [long]: 'old', [`deep/${long}`]: 'old' },
    'rename',
  );
  assert.deepEqual(tree, { [long]: 'old', [`deep/${long}`]: 'old', 'deep/other.txt': 'new', 'z.txt': 'new' });
  assert.deepEqual(
    placement.failed.map(({ path, reason }) => [path, reason]).sort(),
    [
      [`/${long}`, 'ENAMETOOLONG'],
      [`/deep/${long}`, 'ENAMETOOLONG'],
    ].sort(),
  );
  assert.equal(placement.files, 2);
});
