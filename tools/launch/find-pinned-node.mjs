import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from './words.mjs';

/** The least Node that has what the program uses (node:sqlite without a flag, argon2, TypeScript stripping). */
const NODE_MIN = [24, 15];

/** The Node that npm installed for this machine; elsewhere the machine's own when it is new enough. */
export function findPinnedNode(root) {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (runs(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath;
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return fail('pinnedNodeMissing', {
    version: Object.values(optionalDependencies)[0],
    platform: `${process.platform} ${process.arch}`,
    own: process.versions.node,
    least: NODE_MIN.join('.'),
  });
}

const runs = (node) => spawnSync(node, ['-e', ''], { stdio: 'ignore' }).status === 0;
