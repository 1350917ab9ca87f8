#!/usr/bin/env node
// The way into every npm script: makes sure that what the script needs is there, then runs it under the pinned Node.
// Plain JavaScript without dependencies: it has to run on the machine's own Node (18 or newer) before anything is installed.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPinnedNode } from './launch/find-pinned-node.mjs';
import { installPackages } from './launch/install-packages.mjs';
import { installSystemTools } from './launch/install-system-tools.mjs';
import { runTarget } from './launch/run-target.mjs';
import { fail, Stop, words } from './launch/words.mjs';

const OWN_NODE_MAJOR_MIN = 18;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const TEST_TOOLS = ['restic', 'openssl', 'gnutls', 'strongswan', 'curl', 'faketime', 'ip', 'postgresql'];

/**
 * What each script runs. `tools`: programs of the system it needs. `here`: runs in the folder the caller stands in, so that
 * relative paths mean what they say. `program`: finds its Node by itself. `group`: runs in a process group of its own, of which nothing is left at the end.
 */
const TARGETS = {
  demo: {
    tools: ['restic'],
    command: ['packages/cli/bin/sekisho', 'demo'],
    program: true,
    here: true,
    group: true,
  },
  test: { tools: TEST_TOOLS, command: ['tools/run-tests.ts'], group: true },
  check: { tools: TEST_TOOLS, command: ['tools/check.ts'], group: true },
  types: { command: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  lint: { command: ['node_modules/eslint/bin/eslint.js', 'packages', 'tools', 'test', 'bench'] },
  format: { command: ['node_modules/prettier/bin/prettier.cjs', '--check', '.'] },
  'format:fix': { command: ['node_modules/prettier/bin/prettier.cjs', '--write', '.'] },
  walls: { command: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', 'packages', 'bench'] },
  reference: { command: ['tools/print-reference.ts'] },
  bench: { tools: ['restic', 'openssl', 'postgresql'], command: ['bench/run.ts'], group: true },
  soak: { tools: ['restic'], command: ['bench/soak/run.ts'], group: true },
  'package:deb': { command: ['tools/package-deb.ts'], here: true },
  mutants: { command: ['tools/mutants.ts'], group: true },
  sekisho: { command: ['packages/cli/bin/sekisho'], program: true, here: true },
};

async function main() {
  const [name = '', ...rest] = process.argv.slice(2);
  const target = TARGETS[name];
  if (target === undefined) fail('targetUnknown', { name, known: Object.keys(TARGETS).join(', ') });
  if (Number(process.versions.node.split('.')[0]) < OWN_NODE_MAJOR_MIN) {
    fail('nodeTooOld', { version: process.versions.node, least: OWN_NODE_MAJOR_MIN });
  }
  await installPackages(root);
  const node = findPinnedNode(root);
  installSystemTools(target.tools ?? []);
  const [script, ...fixed] = target.command;
  if (!existsSync(join(root, script))) fail('scriptMissing', { script });
  return runTarget({
    node,
    root,
    command: [...(target.program === true ? [] : [node]), join(root, script), ...fixed, ...rest],
    folder: target.here === true ? calledFrom() : root,
    group: target.group === true,
  });
}

/** npm runs scripts in the package's folder, and says in INIT_CWD where the caller stood. */
function calledFrom() {
  const from = process.env.INIT_CWD;
  return from !== undefined && existsSync(from) ? from : process.cwd();
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`sekisho: ${words('error')}: ${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`sekisho: ${words('hint')}: ${error.hint}\n`);
  process.exitCode = 1;
}
