import { AppError } from '@sekisho/core/errors.ts';
import {
  acceptRotationLoss,
  getRotation,
  listRotations,
  pauseRotation,
  planRotation,
  resumeRotation,
  rollBackRotation,
  startRotation,
  type rotationView,
} from '@sekisho/core/wire/rotations.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';

type View = z.input<typeof rotationView>;

const HOST = {
  id: '0c1d6a52-5d7c-4c39-9f5e-6f2b8f0c9a11',
  name: 'web-01.example.com',
  lastSeenAtMs: TEST_NOW_MS - 3_600_000,
};
const ASKING: View = {
  id: '7b1c2d3e-4f50-4a61-8b72-9c83ad94be05',
  kind: 'tls',
  path: 'announced',
  phase: 'announced',
  direction: 'forward',
  emergency: null,
  outside: true,
  fromKeyId: 'a'.repeat(64),
  toKeyId: 'b'.repeat(64),
  overlapSeconds: 0,
  startedBy: 'office',
  startedAtMs: TEST_NOW_MS - 1_200_000,
  phaseSinceMs: TEST_NOW_MS - 1_199_000,
  pausedAtMs: null,
  endedAtMs: null,
  waitsFor: 'question',
  untilMs: null,
  problem: { code: 'ROTATION_WOULD_LOSE', params: { hosts: 1 } },
  mayRollBack: true,
  hosts: { total: 214, acknowledged: 213, waiting: 0, silent: 0, late: 0, undecided: 1, accepted: 0 },
  slowest: [],
  behind: null,
  undecided: [{ ...HOST, why: 'would-be-lost' as const }],
  servers: [
    {
      instanceId: 'one',
      addresses: ['backup.example.com'],
      live: true,
      orderedAtMs: null,
      confirmed: false,
    },
  ],
  steps: [{ seq: 1, step: 'start', actor: 'office', atMs: TEST_NOW_MS - 1_200_000, detail: {} }],
};
const DONE: View = {
  ...ASKING,
  id: '1a2b3c4d-5e6f-4071-8293-a4b5c6d7e8f9',
  kind: 'signing',
  path: 'off-on',
  phase: 'done',
  outside: false,
  startedBy: 'system',
  startedAtMs: TEST_NOW_MS - 86_400_000,
  endedAtMs: TEST_NOW_MS - 86_000_000,
  waitsFor: null,
  problem: null,
  mayRollBack: false,
  undecided: [],
  behind: {
    givenUp: { total: 1, hosts: [HOST] },
    cutOff: { total: 0, hosts: [] },
    late: {
      total: 2,
      hosts: [
        { ...HOST, name: 'db-01.example.com' },
        { ...HOST, name: 'db-02.example.com' },
      ],
    },
  },
  steps: [
    {
      seq: 1,
      step: 'changed-meanwhile',
      actor: 'system',
      atMs: TEST_NOW_MS - 86_100_000,
      detail: { departures: [{ group: 'Tokyo', what: 'verification' }] },
    },
  ],
};
const one = (id: string): View => {
  const found = [ASKING, DONE].find((candidate) => candidate.id === id);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'certificate update', id });
  return found;
};

/** An update that asks about a host, and one that is done. */
export const rotationSamples = (): FakeRoute[] => [
  fakeRoute(listRotations, () => ({ rotations: [ASKING, DONE], next: null })),
  fakeRoute(getRotation, ({ params }) => one(params.id)),
  fakeRoute(pauseRotation, ({ params }) => ({
    ...one(params.id),
    waitsFor: 'paused' as const,
    undecided: [],
  })),
  fakeRoute(resumeRotation, ({ params }) => one(params.id)),
  fakeRoute(acceptRotationLoss, ({ params }) => ({
    ...one(params.id),
    waitsFor: null,
    problem: null,
    undecided: [],
  })),
  fakeRoute(rollBackRotation, ({ params }) => ({
    ...one(params.id),
    phase: 'withdrawing' as const,
    direction: 'back' as const,
    waitsFor: 'hosts' as const,
    problem: null,
    undecided: [],
    slowest: [HOST],
  })),
  fakeRoute(startRotation, ({ body }) => {
    if (body.kind === 'ca')
      throw new AppError('ROTATION_UNDER_WAY', { kind: 'tls', by: 'office', id: ASKING.id });
    return { ...ASKING, kind: body.kind, phase: 'prepared' as const, undecided: [], problem: null };
  }),
  fakeRoute(planRotation, ({ body }) => ({
    kind: body.kind,
    path: 'announced' as const,
    reasons: ['all-announce' as const],
    current: {
      keyId: 'a'.repeat(64),
      fingerprint: 'c'.repeat(64),
      notAfterMs: TEST_NOW_MS + 86_400_000 * 80,
      outside: false,
    },
    hosts: { total: 214, online: 213, silent: 1, neverSeen: 0 },
    longestHeartbeatSeconds: 300,
    wouldBeLost: [],
    wouldBeLostTotal: 0,
    late: [HOST],
    lateTotal: 1,
    cutOff: [],
    cutOffTotal: 0,
    unable: [],
    unableTotal: 0,
    notInheriting: [],
    servers: [{ instanceId: 'one', addresses: ['backup.example.com'], live: true }],
    expectedSeconds: 900,
    takesOver:
      body.emergency === undefined
        ? null
        : {
            id: ASKING.id,
            kind: ASKING.kind,
            phase: 'overlap' as const,
            startedBy: ASKING.startedBy,
            becomes: 'finished' as const,
            behind: 3,
          },
    findings: body.kind === 'signing' ? [{ code: 'KEY_DETACHED', params: { role: 'root' } }] : [],
    prevented: body.kind === 'signing',
  })),
];
