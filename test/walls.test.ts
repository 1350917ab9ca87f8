import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from './root.ts';

const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'sekisho-walls-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const cruise = (folder: string): string => {
  const done = spawnSync(process.execPath, [CRUISER, 'packages'], { cwd: folder, encoding: 'utf8' });
  return `${done.status} ${done.stdout}${done.stderr}`;
};

test('the sources break no wall', () => {
  assert.match(cruise(ROOT), /^0 /);
});

const BREACHES: readonly { name: string; files: Record<string, string>; rule: string }[] = [
  {
    name: 'core imports a file of pki',
    files: { 'core/src/a.ts': `import '../../pki/src/b.ts';`, 'pki/src/b.ts': 'export const b = 1;' },
    rule: 'wall-of-core',
  },
  {
    name: 'core opens a file',
    files: { 'core/src/a.ts': `import 'node:fs';` },
    rule: 'core-imports-only-zod-and-croner',
  },
  {
    name: 'the agent imports the server, if only a type',
    files: {
      'agent/src/a.ts': `import type { B } from '../../server/src/b.ts';\nexport type A = B;`,
      'server/src/b.ts': 'export type B = 1;',
    },
    rule: 'wall-of-agent',
  },
  {
    name: 'two files need each other',
    files: {
      'pki/src/a.ts': `import { b } from './b.ts';\nexport const a = (): number => b();`,
      'pki/src/b.ts': `import { a } from './a.ts';\nexport const b = (): number => a();`,
    },
    rule: 'no-circles',
  },
  {
    name: "a feature reads another feature's tables",
    files: {
      'server/src/features/jobs/a.ts': `import '../plans/plans.store.ts';`,
      'server/src/features/plans/plans.store.ts': 'export const b = 1;',
    },
    rule: 'a-feature-keeps-its-store',
  },
  {
    name: 'the program needs the test kit',
    files: {
      'agent/src/a.ts': `import '../../testkit/src/b.ts';`,
      'testkit/src/b.ts': 'export const b = 1;',
    },
    rule: 'testkit-is-for-tests',
  },
];

for (const [at, { name, files, rule }] of BREACHES.entries()) {
  test(`a breach is caught: ${name}`, () => {
    const folder = join(scratch, String(at));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, 'packages', path)), { recursive: true });
      writeFileSync(join(folder, 'packages', path), text);
    }
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
      copyFileSync(join(ROOT, file), join(folder, file));
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const said = cruise(folder);
    assert.doesNotMatch(said, /^0 /, said);
    assert.ok(said.includes(rule), said);
  });
}
