import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Everything that must hold before a change is handed in, the quick ones first. */
const STEPS: readonly { name: string; command: readonly string[] }[] = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { name: 'lint', command: ['node_modules/eslint/bin/eslint.js', 'packages', 'tools', 'test', 'bench'] },
  { name: 'format', command: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'] },
  {
    name: 'walls',
    command: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', 'packages', 'bench'],
  },
  { name: 'tests', command: ['tools/run-tests.ts'] },
];

const failed: string[] = [];
for (const { name, command } of STEPS) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, [...command], { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\ncheck: all good' : `\ncheck: failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
