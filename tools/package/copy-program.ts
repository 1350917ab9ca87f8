import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a program begins: what it imports, package by package, is what a release holds. */
const ENTRY = 'packages/cli';
const OWN_SCOPE = '@sekisho/';
/** Folders of our packages that only tests read. */
const TEST_FOLDERS = /\/(testing|transcripts|golden|test)(\/|$)/;
/** Of other people's packages: what only compilers, debuggers and their own tests read. Licences stay. */
const FOR_TOOLS =
  /\.(d\.[cm]?ts|map|md)$|\.test\.[cm]?[jt]s$|\/(tests?|__tests__|benchmarks?|\.github)(\/|$)/;

/**
 * Copies the program, as it runs, into an empty folder: the packages without their tests, what they depend on (as
 * `package-lock.json` pins it), and the pinned Node of this machine's kind. There is no build step, so nothing is compiled:
 * `packages/cli/bin/sekisho` in that folder is the program.
 */
export function copyProgram(root: string, to: string): void {
  const lock = readLock(root);
  const own = new Set<string>();
  const others = new Set<string>();
  const visit = (folder: string): void => {
    const found = lock[folder];
    if (found === undefined) throw new Error(`package-lock.json does not know ${folder}`);
    const set = folder.startsWith('packages/') ? own : others;
    if (set.has(folder)) return;
    set.add(folder);
    for (const name of Object.keys(found.dependencies ?? {})) visit(resolve(lock, folder, name));
  };
  visit(ENTRY);
  for (const folder of own) {
    for (const part of ['package.json', 'bin', 'src']) {
      if (part === 'bin' && folder !== ENTRY) continue;
      cpSync(join(root, folder, part), join(to, folder, part), {
        recursive: true,
        filter: (path) => !TEST_FOLDERS.test(path.slice(root.length)) && !path.endsWith('.test.ts'),
      });
    }
    const link = join(to, 'node_modules', OWN_SCOPE, folder.slice('packages/'.length));
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join('..', '..', folder), link);
  }
  for (const folder of others)
    cpSync(join(root, folder), join(to, folder), {
      recursive: true,
      filter: (path) =>
        !FOR_TOOLS.test(path.slice(root.length)) &&
        !path.slice(join(root, folder).length).includes('/node_modules'),
    });
  const node = `node_modules/node-${process.platform}-${process.arch}`;
  for (const part of ['package.json', 'LICENSE', 'bin/node'])
    cpSync(join(root, node, part), join(to, node, part), { dereference: true });
}

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readLock(root: string): Readonly<Record<string, Locked>> {
  const parsed = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>;
  };
  return parsed.packages;
}

/** Where Node finds a package for somebody in a folder: the nearest `node_modules` upwards; our own lie in `packages/`. */
function resolve(lock: Readonly<Record<string, Locked>>, from: string, name: string): string {
  if (name.startsWith(OWN_SCOPE)) return `packages/${name.slice(OWN_SCOPE.length)}`;
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = folder === '.' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock[candidate] !== undefined) return candidate;
    if (folder === '.') throw new Error(`${name}, which ${from} needs, is not in package-lock.json`);
  }
}
