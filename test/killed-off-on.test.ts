import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { test } from 'node:test';
import { proveKilledUpdates } from './killed-updates.ts';

const STEPS = [
  'rotation.announce.before-commit',
  'rotation.switch.before-commit',
  'rotation.settle.before-commit',
  'rotation.withdraw.before-commit',
  'rotation.finish.before-commit',
] as const satisfies readonly CrashPoint[];

test('F-31 F-33 a server that is killed with SIGKILL at every step of path 3 goes on, and verification is on again everywhere', (t) =>
  proveKilledUpdates(t, [
    { kind: 'tls', path: 'off-on', points: STEPS },
    { kind: 'signing', path: 'off-on', points: STEPS },
  ]));
