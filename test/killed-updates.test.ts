import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { test } from 'node:test';
import { proveKilledUpdates } from './killed-updates.ts';

const BEGIN = ['rotation.announce.before-commit', 'rotation.switch.before-commit'] as const;
const END = ['rotation.withdraw.before-commit', 'rotation.finish.before-commit'] as const;
const SWITCHED = ['rotation.switch.committed', 'rotation.confirm.before-commit'] as const;
const SETTLE = 'rotation.settle.before-commit' satisfies CrashPoint;

test('F-33 F-37 a server that is killed with SIGKILL at every step of an announced update goes on, and no agent is lost', (t) =>
  proveKilledUpdates(t, [
    { kind: 'tls', path: 'announced', points: [...BEGIN, ...SWITCHED, SETTLE, ...END] },
    { kind: 'signing', path: 'announced', points: [...BEGIN, SETTLE, ...END] },
    {
      kind: 'ca',
      path: 'announced',
      points: [...BEGIN, SETTLE, 'rotation.rekey.before-commit', ...END],
    },
  ]));
