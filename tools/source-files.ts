import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

const SKIPPED_FOLDERS = new Set(['node_modules', '.git', '.sekisho', 'coverage']);

/** All files below a folder, as paths relative to the root with forward slashes, sorted. */
export function filesBelow(root: string, folder = '.'): string[] {
  const found: string[] = [];
  const walk = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const full = join(path, entry.name);
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) walk(full);
      } else if (entry.isFile()) {
        found.push(relative(root, full).split(sep).join('/'));
      }
    }
  };
  const start = join(root, folder);
  if (statSync(start, { throwIfNoEntry: false }) !== undefined) walk(start);
  return found.sort();
}

/** Every test file of the repository. */
export const testFiles = (root: string): string[] => [
  ...filesBelow(root, 'packages').filter((path) => /^packages\/[^/]+\/(src|test)\/.*\.test\.ts$/.test(path)),
  ...filesBelow(root, 'test').filter((path) => path.endsWith('.test.ts')),
];

/** Every TypeScript source of the packages that ships: no tests, no test kit. */
export const sourceFiles = (root: string): string[] =>
  filesBelow(root, 'packages').filter((path) =>
    /^packages\/(?!testkit\/)[^/]+\/src\/.*(?<!\.test)\.ts$/.test(path),
  );

/** A file's text. */
export const readText = (root: string, path: string): string => readFileSync(join(root, path), 'utf8');
