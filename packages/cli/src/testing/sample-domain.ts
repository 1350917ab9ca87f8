import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import type { jobView } from '@sekisho/core/wire/jobs.ts';
import {
  cancelJob,
  getJob,
  listJobs,
  retryJob,
  runPlan,
  type JobState,
  type JobView,
} from '@sekisho/core/wire/jobs.ts';
import type { planView } from '@sekisho/core/wire/plans.ts';
import { createPlan, deletePlan, getPlan, listPlans, replacePlan } from '@sekisho/core/wire/plans.ts';
import type { pointView } from '@sekisho/core/wire/points.ts';
import {
  browsePoint,
  deletePoints,
  getPoint,
  listPoints,
  maintainRepository,
  startRestore,
} from '@sekisho/core/wire/points.ts';
import type { hostView, tokenView } from '@sekisho/core/wire/trust.ts';
import {
  allowReissue,
  createToken,
  deleteToken,
  getDomain,
  getHost,
  getSecurity,
  importHosts,
  listAudit,
  listCertificates,
  listHosts,
  listKnownHosts,
  listTokens,
  registerHost,
  revokeHost,
  setHostMedia,
  setSecurity,
  unregisterHost,
} from '@sekisho/core/wire/trust.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';

const WEB = '11111111-1111-4111-8111-111111111111';
const STORE = '22222222-2222-4222-8222-222222222222';
const GROUP = '33333333-3333-4333-8333-333333333333';
const PLAN = '44444444-4444-4444-8444-444444444444';
const TOKEN = '55555555-5555-4555-8555-555555555555';
const FINGERPRINT = '0123456789abcdef'.repeat(4);
const POINT = '9c2f41d0'.padEnd(64, '7');
const OLDER_POINT = '9c0e55aa'.padEnd(64, '3');
const REPOSITORY = `${WEB}.1`;

const host = (over: Partial<z.input<typeof hostView>>): z.input<typeof hostView> => ({
  id: WEB,
  name: 'web-01.example.com',
  names: ['web-01', '192.0.2.10'],
  group: GROUP,
  media: false,
  states: ['online'],
  lastSeenAtMs: TEST_NOW_MS - 2_000,
  version: '0.1.0',
  certificate: {
    fingerprint: FINGERPRINT,
    serial: '1f2e3d4c5b6a7988',
    notAfterMs: TEST_NOW_MS + 364 * DAY_MS,
    revokedAtMs: null,
  },
  reissueAllowedUntilMs: null,
  health: [],
  ...over,
});
const HOSTS = [
  host({}),
  host({
    id: STORE,
    name: '倉庫サーバー.example.jp',
    names: ['store-01'],
    media: true,
    states: ['offline', 'certificate-expiring'],
    lastSeenAtMs: TEST_NOW_MS - 3 * HOUR_MS,
    health: ['clock-skew'],
  }),
];

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

const token = (over: Partial<z.input<typeof tokenView>> = {}): z.input<typeof tokenView> => ({
  id: TOKEN,
  name: 'branch office',
  purpose: 'enrol',
  state: 'active',
  usesMax: 50,
  uses: 12,
  expiresAtMs: TEST_NOW_MS + 7 * DAY_MS,
  hostName: null,
  hostId: null,
  media: false,
  createdAtMs: TEST_NOW_MS,
  createdBy: 'local',
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

/** First digits of a job's ID say how it ends. */
const JOB_ENDS: Readonly<Record<string, JobState>> = {
  aaaa: 'done',
  bbbb: 'incomplete',
  cccc: 'failed',
  dddd: 'queued',
};
const jobIdOf = (digits: string): string => digits.repeat(8);

function endedJob(digits: string, over: Partial<z.input<typeof jobView>> = {}): z.input<typeof jobView> {
  const state = JOB_ENDS[digits] ?? 'done';
  const id = jobIdOf(digits);
  const ended = state === 'done' || state === 'incomplete' || state === 'failed' ? state : undefined;
  const kind = over.kind ?? 'backup';
  const good = state !== 'failed';
  return {
    id,
    kind,
    hostId: WEB,
    hostName: 'web-01.example.com',
    planId: PLAN,
    planName: 'web files',
    trigger: 'manual',
    scheduleName: null,
    scheduledAtMs: null,
    attempt: 1,
    state,
    createdAtMs: TEST_NOW_MS - 70_000,
    startedAtMs: TEST_NOW_MS - 65_000,
    endedAtMs: ended === undefined ? null : TEST_NOW_MS - 5_000,
    progress: null,
    report:
      ended === undefined
        ? null
        : {
            jobId: id,
            kind,
            trigger: 'manual',
            planId: PLAN,
            planRevision: 3,
            scheduleName: null,
            scheduledAtMs: null,
            attempt: 1,
            state: ended,
            startedAtMs: TEST_NOW_MS - 65_000,
            endedAtMs: TEST_NOW_MS - 5_000,
            repository: REPOSITORY,
            mediaHostId: STORE,
            snapshotId: good ? POINT : null,
            filesDone: good ? 1234 : 0,
            bytesDone: good ? 5 * 1024 ** 3 : 0,
            bytesAdded: good ? 3 * 1024 ** 2 : 0,
            code: good ? null : 'DISK_FULL',
            params: good ? {} : { path: '/srv/repositories' },
            unreadable:
              state === 'incomplete'
                ? [{ path: '/srv/www/secret\u001b[2J.key', reason: 'permission denied' }]
                : [],
            unreadableCount: state === 'incomplete' ? 3 : 0,
            warnings: [],
            log: ['repository opened', 'snapshot saved'],
            listing: kind === 'browse' ? LISTING : null,
            forgotten: null,
            heldBack: null,
          },
    ...over,
  };
}

const LISTING: NonNullable<JobView['report']>['listing'] = [
  { path: '/srv/www/画像', kind: 'folder', bytes: 0, modifiedAtMs: TEST_NOW_MS - DAY_MS },
  { path: '/srv/www/index.html', kind: 'file', bytes: 12_345, modifiedAtMs: TEST_NOW_MS - DAY_MS },
];

const progressAt = (poll: number): z.input<typeof jobView>['progress'] => ({
  phase: 'transferring',
  filesDone: 150 * poll,
  filesTotal: 1234,
  bytesDone: Math.round(poll * 0.6 * 1024 ** 3),
  bytesTotal: 5 * 1024 ** 3,
  bytesPerSecond: 120 * 1024 ** 2,
  secondsLeft: 40 - 5 * poll,
  currentFile: null,
});

/** Refuses what a server would not find. */
const found = <Item>(item: Item | undefined, what: string, id: string): Item => {
  if (item === undefined) throw new AppError('NOT_FOUND', { what, id });
  return item;
};

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
    ...trustRoutes(),
    fakeRoute(listPlans, () => ({ plans: [plan()] })),
    fakeRoute(getPlan, ({ params }) =>
      found(
        [plan()].find(({ id }) => id === params.id),
        'plan',
        params.id,
      ),
    ),
    fakeRoute(createPlan, ({ body }) => ({ ...plan(), ...body, revision: 1 })),
    fakeRoute(replacePlan, ({ body }) => ({ ...plan(), ...body, revision: body.revision + 1 })),
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

function trustRoutes(): FakeRoute[] {
  const oneHost = (id: string): z.input<typeof hostView> =>
    found(
      HOSTS.find((one) => one.id === id),
      'host',
      id,
    );
  return [
    fakeRoute(getDomain, () => ({
      domainId: '66666666-6666-4666-8666-666666666666',
      name: 'Example 関所',
      caFingerprint: FINGERPRINT,
      caCertificatesPem: '',
      serverId: '77777777-7777-4777-8777-777777777777',
      serverVersion: '0.1.0',
      addresses: [{ address: 'backup.example.com', agentPort: 13000, httpPort: 8014 }],
    })),
    fakeRoute(getSecurity, () => SECURITY),
    fakeRoute(setSecurity, ({ body }) => ({
      level: body.level ?? SECURITY.level,
      requireForwardRecords: body.requireForwardRecords ?? SECURITY.requireForwardRecords,
      hostCertificateHours: body.hostCertificateHours ?? SECURITY.hostCertificateHours,
    })),
    fakeRoute(listHosts, ({ query }) => ({ hosts: HOSTS, next: query.limit === 2 ? 'zzz' : null })),
    fakeRoute(getHost, ({ params }) => oneHost(params.id)),
    fakeRoute(registerHost, ({ body }) => known(body.name)),
    fakeRoute(importHosts, ({ body }) => {
      if (!body.csv.startsWith('name\n'))
        throw new AppError('BODY_INVALID', { detail: 'csv: no header "name"' });
      return { registered: body.csv.trim().split('\n').length - 1, already: 0 };
    }),
    fakeRoute(listKnownHosts, () => ({ hosts: [known('web-02.example.com')], next: null })),
    fakeRoute(unregisterHost, ({ params }) => ({ removed: params.name })),
    fakeRoute(setHostMedia, ({ params, body }) => ({ ...oneHost(params.id), media: body.media })),
    fakeRoute(allowReissue, ({ params, body }) => ({
      ...oneHost(params.id),
      reissueAllowedUntilMs: body.allow ? TEST_NOW_MS + 48 * HOUR_MS : null,
    })),
    fakeRoute(createToken, ({ body }) => ({
      ...token({
        name: body.name,
        usesMax: body.usesMax,
        uses: 0,
        expiresAtMs: TEST_NOW_MS + body.validSeconds * 1_000,
        hostName: body.hostName ?? body.reissueFor,
        media: body.media,
        purpose: body.reissueFor === null ? 'enrol' : 'reissue',
      }),
      token: 'SAMPLE-TOKEN-NOT-A-SECRET',
    })),
    fakeRoute(listTokens, () => ({
      tokens: [token(), token({ state: 'used', name: '一台用', uses: 50 })],
      next: null,
    })),
    fakeRoute(deleteToken, ({ params }) =>
      found(
        [token({ state: 'deleted' })].find(({ id }) => id === params.id),
        'token',
        params.id,
      ),
    ),
    fakeRoute(listCertificates, () => ({
      certificates: [
        {
          fingerprint: FINGERPRINT,
          serial: '1f2e3d4c5b6a7988',
          issuerKeyId: FINGERPRINT,
          hostId: WEB,
          hostName: 'web-01.example.com',
          notBeforeMs: TEST_NOW_MS - DAY_MS,
          notAfterMs: TEST_NOW_MS + 364 * DAY_MS,
          issuedAtMs: TEST_NOW_MS - DAY_MS,
          revokedAtMs: null,
          reason: null,
        },
      ],
      next: null,
    })),
    fakeRoute(revokeHost, ({ params }) => ({ host: oneHost(params.id), revoked: [], cutConnections: 2 })),
    fakeRoute(listAudit, ({ query }) => ({
      rows: [
        {
          seq: (query.before ?? 43) - 1,
          atMs: TEST_NOW_MS,
          category: 'TOKEN',
          act: 'token.create',
          actor: 'local',
          origin: 'socket',
          subject: 'branch office',
          outcome: 'done' as const,
          detail: {},
        },
      ],
    })),
  ];
}

const SECURITY = { level: 'high', requireForwardRecords: false, hostCertificateHours: 8760 } as const;

const known = (name: string) => ({
  name,
  registeredAtMs: TEST_NOW_MS,
  registeredBy: 'local',
  usedAtMs: null,
  hostId: null,
});
