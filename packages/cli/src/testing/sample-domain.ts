import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import {
  cancelJob,
  getJob,
  listJobs,
  retryJob,
  runPlan,
  type JobView,
  type jobView,
} from '@sekisho/core/wire/jobs.ts';
import {
  createPlan,
  deletePlan,
  getPlan,
  listPlans,
  replacePlan,
  type planView,
} from '@sekisho/core/wire/plans.ts';
import {
  browsePoint,
  deletePoints,
  getPoint,
  listPoints,
  maintainRepository,
  startRestore,
  type pointView,
} from '@sekisho/core/wire/points.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { accessRoutes } from './sample-access.ts';
import { accountRoutes } from './sample-accounts.ts';
import { found, OLDER_POINT, PLAN, POINT, REPOSITORY, STORE, WEB } from './sample-ids.ts';
import { endedJob, JOB_ENDS, jobIdOf, progressAt } from './sample-jobs.ts';
import { sampleDatabase } from './sample-database.ts';
import { applicationSamples } from './sample-applications.ts';
import { auditSampleRoutes } from './sample-audit.ts';
import { legacyRoutes } from './sample-legacy.ts';
import { clusterSamples } from './sample-clusters.ts';
import { packageSamples } from './sample-packages.ts';
import { serverListSamples } from './sample-server-lists.ts';
import { groupSamples } from './sample-groups.ts';
import { renewalSamples } from './sample-renewals.ts';
import { rotationSamples } from './sample-rotations.ts';
import { taskSamples } from './sample-tasks.ts';
import { trustRoutes } from './sample-trust.ts';

const plan = (over: Partial<z.input<typeof planView>> = {}): z.input<typeof planView> => ({
  id: PLAN,
  name: 'web files',
  targets: { hosts: [WEB], groups: [] },
  paths: ['/srv/www', '/etc/nginx'],
  excludes: ['*.tmp'],
  schedules: [{ name: 'nightly', cron: '0 2 * * *', timeZone: 'Asia/Tokyo', startWithinMinutes: 720 }],
  retention: { last: 0, hourly: 0, daily: 14, weekly: 0, monthly: 12, yearly: 0 },
  mediaServers: [STORE],
  bandwidthKiBps: null,
  commands: { pre: null, post: null },
  revision: 3,
  createdAtMs: TEST_NOW_MS - 30 * DAY_MS,
  changedAtMs: TEST_NOW_MS - DAY_MS,
  deployed: { hosts: 1, acknowledged: 1 },
  ...over,
});

const points: z.input<typeof pointView>[] = [
  {
    id: POINT,
    repository: REPOSITORY,
    hostId: WEB,
    hostName: 'web-01.example.com',
    mediaHostId: STORE,
    planId: PLAN,
    planName: 'web files',
    jobId: 'a'.repeat(32),
    scheduleName: 'nightly',
    receivedAtMs: TEST_NOW_MS - 12 * HOUR_MS,
    files: 1234,
    bytes: 5 * 1024 ** 3,
    removalAskedAtMs: null,
  },
  {
    id: OLDER_POINT,
    repository: REPOSITORY,
    hostId: WEB,
    hostName: 'web-01.example.com',
    mediaHostId: STORE,
    planId: PLAN,
    planName: 'web files',
    jobId: null,
    scheduleName: null,
    receivedAtMs: TEST_NOW_MS - 40 * DAY_MS,
    files: null,
    bytes: null,
    removalAskedAtMs: TEST_NOW_MS - DAY_MS,
  },
];

/** Canned answers of every administrative route: two hosts, a plan, two recovery points, jobs that end in every way. */
export function sampleRoutes(): FakeRoute[] {
  const polls = new Map<string, number>();
  const kinds = new Map<string, JobView['kind']>();
  const started = (digits: string, kind: JobView['kind']): z.input<typeof jobView> => {
    polls.set(jobIdOf(digits), 0);
    kinds.set(jobIdOf(digits), kind);
    return {
      ...endedJob(digits, { kind }),
      state: 'queued',
      report: null,
      startedAtMs: null,
      endedAtMs: null,
    };
  };
  return [
    ...sampleDatabase(),
    ...trustRoutes(),
    ...taskSamples(),
    ...rotationSamples(),
    ...renewalSamples(),
    ...clusterSamples(),
    ...serverListSamples(),
    ...packageSamples(),
    ...groupSamples(),
    ...legacyRoutes,
    ...applicationSamples(),
    ...auditSampleRoutes(),
    ...accountRoutes(),
    ...accessRoutes(),
    ...auditSampleRoutes(),
    fakeRoute(listPlans, () => ({ plans: [plan()], next: null })),
    fakeRoute(getPlan, ({ params }) =>
      found(
        [plan()].find(({ id }) => id === params.id),
        'plan',
        params.id,
      ),
    ),
    fakeRoute(createPlan, ({ body }) => ({ ...plan(), ...body, revision: 1 })),
    fakeRoute(replacePlan, ({ body }) => ({ ...plan(), ...body, revision: (body.revision ?? 0) + 1 })),
    fakeRoute(deletePlan, ({ params }) => ({ deleted: params.id })),
    fakeRoute(runPlan, ({ body }) => ({
      jobs: [
        started(
          body.scheduleName === 'fails' ? 'cccc' : body.scheduleName === 'partly' ? 'bbbb' : 'aaaa',
          'backup',
        ),
      ],
    })),
    fakeRoute(listJobs, ({ query }) => ({
      jobs: Object.keys(JOB_ENDS)
        .map((digits) => endedJob(digits))
        .filter(({ state }) => query.state === undefined || state === query.state),
      next: null,
    })),
    fakeRoute(getJob, ({ params }): z.input<typeof jobView> => {
      const digits = params.id.slice(0, 4);
      if (JOB_ENDS[digits] === undefined) throw new AppError('NOT_FOUND', { what: 'job', id: params.id });
      const poll = polls.get(params.id);
      const job = endedJob(digits, { kind: kinds.get(params.id) ?? 'backup' });
      if (poll === undefined || job.kind === 'browse' || poll >= 8) return job;
      polls.set(params.id, poll + 1);
      return {
        ...job,
        state: 'active',
        report: null,
        endedAtMs: null,
        progress: poll === 0 ? null : progressAt(poll),
      };
    }),
    fakeRoute(cancelJob, ({ params }) => endedJob(params.id.slice(0, 4))),
    fakeRoute(retryJob, () => started('aaaa', 'backup')),
    fakeRoute(listPoints, ({ query }) => ({
      points: query.host === STORE ? [] : points.slice(0, query.limit ?? points.length),
      next: (query.limit ?? points.length) < points.length ? 'zzz' : null,
    })),
    fakeRoute(getPoint, ({ params }) =>
      found(
        points.find(({ id }) => id === params.id),
        'point',
        params.id,
      ),
    ),
    fakeRoute(browsePoint, () => started('aaaa', 'browse')),
    fakeRoute(deletePoints, ({ body }) => ({
      points: body.ids.map((id) => ({
        id,
        removableFromMs: TEST_NOW_MS + 2 * DAY_MS,
        lastOfHost: id === POINT,
      })),
      jobs: [],
    })),
    fakeRoute(maintainRepository, ({ body, params }) => ({
      remove: params.name === REPOSITORY ? [OLDER_POINT] : [],
      keep: [{ id: POINT, reasons: ['daily', 'monthly'] }],
      job: body.preview ? null : started('aaaa', 'maintain'),
    })),
    fakeRoute(startRestore, () => started('aaaa', 'restore')),
  ];
}
