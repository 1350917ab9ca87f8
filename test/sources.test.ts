import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesBelow, readText, sourceFiles, testFiles } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

const LINES_USUALLY_MAX = 300;
const SHARE_UNDER = 0.9;

/** Lines of the given files that match, as `file:line: text`. */
const find = (files: readonly string[], pattern: RegExp): string[] =>
  files.flatMap((file) =>
    readText(ROOT, file)
      .split('\n')
      .flatMap((line, at) => (pattern.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
  );

test('time and randomness are arguments everywhere outside platform', () => {
  const files = sourceFiles(ROOT).filter((file) => !file.startsWith('packages/platform/'));
  assert.deepEqual(find(files, /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(/), []);
});

test('core does no I/O: it imports nothing of Node', () => {
  const files = sourceFiles(ROOT).filter((file) => file.startsWith('packages/core/'));
  assert.deepEqual(find(files, /from '(node:|fs|crypto)/), []);
});

test('no test is left out for good and none runs alone', () => {
  const files = testFiles(ROOT).filter((file) => file !== 'test/sources.test.ts');
  // a test may find out that this machine or user can't do what it needs, and say so
  const pattern =
    /\b(test|it|describe|suite)\.(only|skip|todo)\(|\bt\.todo\(|\b(only|todo): (?!false)|\bskip: (true|['"`])/;
  assert.deepEqual(find(files, pattern), []);
});

test('nothing is left to be done later in the sources', () => {
  const files = [...sourceFiles(ROOT), ...filesBelow(ROOT, 'tools')];
  assert.deepEqual(find(files, /\b(TODO|FIXME|XXX|HACK)\b|[Nn]ot implemented/), []);
});

test('nine in ten source files are under 300 lines', () => {
  const files = [...sourceFiles(ROOT), ...testFiles(ROOT)];
  const long = files.filter((file) => readText(ROOT, file).split('\n').length > LINES_USUALLY_MAX);
  assert.ok(
    long.length <= files.length * (1 - SHARE_UNDER),
    `${long.length} of ${files.length}: ${long.join(', ')}`,
  );
});

test('file names are kebab-case and sources have no default export', () => {
  for (const file of [...sourceFiles(ROOT), ...testFiles(ROOT)]) {
    assert.match(file.split('/').at(-1) ?? '', /^[a-z0-9]+([.-][a-z0-9]+)*\.ts$/, file);
  }
  assert.deepEqual(find(sourceFiles(ROOT), /^export default\b/), []);
});

test('no file carries a path of the machine it was written on, or the host of a package registry', () => {
  const work = ['', 'work', '(main|shared|\\.library)'].join('/');
  const hosts = [
    ['registry', 'npmjs', 'org'],
    ['deb', 'debian', 'org'],
    ['proxy', 'golang', 'org'],
  ];
  const pattern = new RegExp([`${work}\\b`, ...hosts.map((labels) => labels.join('\\.'))].join('|'));
  const files = filesBelow(ROOT).filter((file) =>
    /\.(ts|mjs|cjs|js|json|md|sql|sh|yml)$|^\.[a-z]|\/run$/.test(file),
  );
  assert.deepEqual(find(files, pattern), []);
});

test('the lock file names versions and hashes, and no download address', () => {
  const lock = JSON.parse(readText(ROOT, 'package-lock.json')) as {
    packages: Record<string, { resolved?: string; link?: boolean; integrity?: string }>;
  };
  for (const [path, { resolved, link, integrity }] of Object.entries(lock.packages)) {
    if (!path.includes('node_modules/')) continue;
    assert.equal(resolved === undefined || link === true, true, path);
    assert.ok(link === true || integrity !== undefined, path);
  }
});

test('what every package depends on is pinned to one version', () => {
  const files = filesBelow(ROOT).filter((file) => /(^|\/)package\.json$/.test(file));
  for (const file of files) {
    const manifest = JSON.parse(readText(ROOT, file)) as Record<string, Record<string, string> | undefined>;
    for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
        assert.match(version, /^\d+\.\d+\.\d+$/, `${name} in ${file}`);
      }
    }
  }
});
