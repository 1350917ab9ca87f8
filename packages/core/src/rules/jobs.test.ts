import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JOB_STATES, type JobState } from '../wire/jobs.ts';
import {
  decideJob,
  decideRetry,
  isEnded,
  POINT_STATES,
  type JobDecision,
  type JobEvent,
  type JobFacts,
} from './jobs.ts';

const queued: JobFacts = { state: 'queued', endedBy: null };
const active: JobFacts = { state: 'active', endedBy: null };
const by = (endedBy: 'agent' | 'server', state: JobState): JobFacts => ({ state, endedBy });
const word = (decision: JobDecision): string => {
  if (!decision.allow) return decision.code;
  return decision.change === 'state'
    ? `${decision.next} by ${decision.endedBy ?? 'nobody'}`
    : decision.change;
};

const cases: [string, JobFacts, JobEvent, string][] = [
  ['a queued job that the agent takes becomes active', queued, { what: 'accepted' }, 'active by nobody'],
  ['an answer that comes twice changes nothing', active, { what: 'accepted' }, 'none'],
  ['a queued job that the agent refuses has failed', queued, { what: 'refused' }, 'failed by agent'],
  ['a refusal after the start changes nothing', active, { what: 'refused' }, 'none'],
  ['a report ends a queued job', queued, { what: 'reported', state: 'done' }, 'done by agent'],
  ['a report ends an active job', active, { what: 'reported', state: 'incomplete' }, 'incomplete by agent'],
  [
    'a missed job stays missed when its node says that it was not the active one',
    by('server', 'missed'),
    { what: 'reported', state: 'skipped' },
    'none',
  ],
  [
    'an active job of which its node says so is skipped',
    active,
    { what: 'reported', state: 'skipped' },
    'skipped by agent',
  ],
  ['a skipped job cannot be cancelled', by('agent', 'skipped'), { what: 'cancel' }, 'JOB_ENDED'],
  [
    'a late report corrects missed',
    by('server', 'missed'),
    { what: 'reported', state: 'done' },
    'done by agent',
  ],
  [
    'a late report corrects interrupted',
    by('server', 'failed'),
    { what: 'reported', state: 'warnings' },
    'warnings by agent',
  ],
  [
    'a late report corrects cancelled before an answer',
    by('server', 'cancelled'),
    { what: 'reported', state: 'done' },
    'done by agent',
  ],
  [
    'what the agent reported once is final',
    by('agent', 'done'),
    { what: 'reported', state: 'failed' },
    'none',
  ],
  [
    'a taken order whose job was given up is active after all',
    by('server', 'failed'),
    { what: 'accepted' },
    'active by nobody',
  ],
  ['a taken order after the report changes nothing', by('agent', 'done'), { what: 'accepted' }, 'none'],
  ['a queued job is cancelled at once', queued, { what: 'cancel' }, 'cancelled by server'],
  ['an active job is asked to stop', active, { what: 'cancel' }, 'ask-cancel'],
  ['a finished job cannot be cancelled', by('agent', 'done'), { what: 'cancel' }, 'JOB_ENDED'],
  ['a missed job cannot be cancelled', by('server', 'missed'), { what: 'cancel' }, 'JOB_ENDED'],
  ['an order that ran out unanswered has failed', queued, { what: 'expired' }, 'failed by server'],
  ['an order that was taken does not run out', active, { what: 'expired' }, 'none'],
  ['an active job that its host does not know has failed', active, { what: 'lost' }, 'failed by server'],
  ['a queued job is not lost', queued, { what: 'lost' }, 'none'],
];
for (const [sentence, job, event, expected] of cases) {
  test(`P-12 ${sentence}`, () => {
    assert.equal(word(decideJob(job, event)), expected);
  });
}

const anyEvent: fc.Arbitrary<JobEvent> = fc.oneof(
  fc.constantFrom<JobEvent>(
    { what: 'accepted' },
    { what: 'refused' },
    { what: 'cancel' },
    { what: 'expired' },
    { what: 'lost' },
  ),
  fc
    .constantFrom('done', 'warnings', 'incomplete', 'failed', 'cancelled', 'missed')
    .map((state): JobEvent => ({ what: 'reported', state: state as 'done' })),
);

test('P-12 whatever happens in whatever order, what the agent reported first stays', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 20 }), (events) => {
      let job: JobFacts = queued;
      let reported: JobState | undefined;
      for (const event of events) {
        const decision = decideJob(job, event);
        if (decision.allow && decision.change === 'state')
          job = { state: decision.next, endedBy: decision.endedBy };
        if (reported === undefined && job.endedBy === 'agent') reported = job.state;
        assert.ok(JOB_STATES.includes(job.state));
        assert.equal(job.endedBy === null, !isEnded(job.state), 'what ended has a judge, and only that');
        if (reported !== undefined) assert.equal(job.state, reported);
      }
    }),
  );
});

const retries: [string, Parameters<typeof decideRetry>[0], string][] = [
  ['a failed backup may be retried', { kind: 'backup', state: 'failed', planId: 'p' }, 'allowed'],
  ['a running backup may not', { kind: 'backup', state: 'active', planId: 'p' }, 'JOB_RETRY_RUNNING'],
  [
    'a backup whose plan is gone may not',
    { kind: 'backup', state: 'failed', planId: null },
    'JOB_RETRY_PLAN_GONE',
  ],
  ['maintenance may not', { kind: 'maintain', state: 'failed', planId: null }, 'JOB_RETRY_KIND'],
  ['sealing may not', { kind: 'seal', state: 'failed', planId: null }, 'JOB_RETRY_KIND'],
  ['a restore may', { kind: 'restore', state: 'cancelled', planId: null }, 'allowed'],
];
for (const [sentence, job, expected] of retries) {
  test(`P-13 ${sentence}`, () => {
    const decision = decideRetry(job);
    assert.equal(decision.allow ? 'allowed' : decision.code, expected);
  });
}

test('P-12 a refusal says in which state the job is, or of which kind', () => {
  assert.deepEqual(decideJob(by('agent', 'done'), { what: 'cancel' }), {
    allow: false,
    code: 'JOB_ENDED',
    params: { state: 'done' },
  });
  assert.deepEqual(decideRetry({ kind: 'restore', state: 'queued', planId: null }), {
    allow: false,
    code: 'JOB_RETRY_RUNNING',
    params: { state: 'queued' },
  });
  assert.deepEqual(decideRetry({ kind: 'maintain', state: 'done', planId: null }), {
    allow: false,
    code: 'JOB_RETRY_KIND',
    params: { kind: 'maintain' },
  });
});

test('P-12 a backup that was done, with warnings or incomplete, left a recovery point; no other did', () => {
  assert.deepEqual(
    JOB_STATES.filter((state) => POINT_STATES.has(state)),
    ['done', 'warnings', 'incomplete'],
  );
});
