import { DAY_MS } from '@sekisho/core/time.ts';
import type { JobState, JobView, jobView } from '@sekisho/core/wire/jobs.ts';
import type { z } from 'zod';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { PLAN, POINT, REPOSITORY, STORE, WEB } from './sample-ids.ts';

/** First digits of a job's ID say how it ends. */
export const JOB_ENDS: Readonly<Record<string, JobState>> = {
  aaaa: 'done',
  bbbb: 'incomplete',
  cccc: 'failed',
  dddd: 'queued',
};
export const jobIdOf = (digits: string): string => digits.repeat(8);

/** A job that has ended as its first digits say. */
export function endedJob(
  digits: string,
  over: Partial<z.input<typeof jobView>> = {},
): z.input<typeof jobView> {
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

/** Its figures at the nth time somebody asks. */
export const progressAt = (poll: number): z.input<typeof jobView>['progress'] => ({
  phase: 'transferring',
  filesDone: 150 * poll,
  filesTotal: 1234,
  bytesDone: Math.round(poll * 0.6 * 1024 ** 3),
  bytesTotal: 5 * 1024 ** 3,
  bytesPerSecond: 120 * 1024 ** 2,
  secondsLeft: 40 - 5 * poll,
  currentFile: null,
});
