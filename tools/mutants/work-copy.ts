import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A copy of the checkout that may be mutated. */
export interface WorkCopy {
  readonly folder: string;
  remove(): void;
}

/**
 * Copies packages, the pages that tests read, and settings to a temporary folder. The packages are linked to each other there, so that a test sees the
 * mutant also through another package; what others published is linked from here.
 */
export function makeWorkCopy(root: string): WorkCopy {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-mutants-'));
  const wanted = ['packages', 'docs', 'package.json', 'tsconfig.json'];
  const listed = spawnSync('git', ['ls-files', '-z', '-co', '--exclude-standard', '--', ...wanted], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.stdout.split('\0').filter((name) => name !== '')) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(root, file), join(folder, file));
  }
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '@sekisho'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@sekisho') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const name of readdirSync(join(folder, 'packages'))) {
    symlinkSync(join(folder, 'packages', name), join(modules, '@sekisho', name));
    const own = join(root, 'packages', name, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(folder, 'packages', name, 'node_modules'));
  }
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
