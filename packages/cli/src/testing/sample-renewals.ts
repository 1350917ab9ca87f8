import { drillResult, forecastRenewals, planDrill, startDrill } from '@sekisho/core/wire/renewals.ts';
import type { taskView } from '@sekisho/core/wire/tasks.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { STORE, WEB } from './sample-ids.ts';

const HOSTS = [
  { id: WEB, name: 'web-01.example.com', online: true },
  { id: STORE, name: '倉庫サーバー.example.jp', online: false },
];

/** A drill over two hosts, one of which is away. */
export const DRILL_TASK: z.input<typeof taskView> = {
  id: '88888888-8888-4888-8888-888888888888',
  kind: 'drill-renewals',
  state: 'done',
  input: { hosts: 2, waitSeconds: 600 },
  progress: { done: 2, total: 2 },
  result: drillResult.parse({
    counts: { renewed: 1, failed: 0, offline: 1, unanswered: 0 },
    hosts: [
      { id: STORE, name: '倉庫サーバー.example.jp', outcome: 'offline', code: null },
      { id: WEB, name: 'web-01.example.com', outcome: 'renewed', code: null },
    ],
    more: 0,
  }),
  code: null,
  params: {},
  createdAtMs: TEST_NOW_MS - 60_000,
  createdBy: 'office',
  endedAtMs: TEST_NOW_MS - 30_000,
};

/** 120 renewals, most of them on the third day. */
export const renewalSamples = (): FakeRoute[] => [
  fakeRoute(forecastRenewals, ({ query }) => ({
    fromMs: TEST_NOW_MS,
    days: [3, 0, 90, 27, 1].slice(0, Number(query.days)),
    total: 5_000,
  })),
  fakeRoute(planDrill, ({ body }) =>
    'hosts' in body
      ? { hosts: HOSTS.filter(({ id }) => body.hosts.some((one) => one === id)), total: body.hosts.length }
      : { hosts: HOSTS, total: 40 },
  ),
  fakeRoute(startDrill, () => ({ taskId: DRILL_TASK.id })),
];
