import { refuse, type Refusal } from '../errors.ts';
import type { JobKind, JobReport, JobState } from '../wire/jobs.ts';

/** States in which nothing more is expected to happen. */
export const ENDED_STATES: ReadonlySet<JobState> = new Set([
  'done',
  'warnings',
  'incomplete',
  'failed',
  'cancelled',
  'missed',
  'skipped',
]);
/** States in which a backup left a recovery point. */
export const POINT_STATES: ReadonlySet<JobState> = new Set(['done', 'warnings', 'incomplete']);

export const isEnded = (state: JobState): boolean => ENDED_STATES.has(state);

/** A job as the rule needs it. `endedBy` is null while it has not ended. */
export interface JobFacts {
  readonly state: JobState;
  readonly endedBy: 'agent' | 'server' | null;
}

/** What can happen to a job. */
export type JobEvent =
  /** The agent has the order on its disk and begins. */
  | { readonly what: 'accepted' }
  /** The agent refuses the order. */
  | { readonly what: 'refused' }
  /** The agent says how it ended. */
  | { readonly what: 'reported'; readonly state: JobReport['state'] }
  /** An administrator wants it to stop. */
  | { readonly what: 'cancel' }
  /** The order ran out before the agent answered. */
  | { readonly what: 'expired' }
  /** The host is back and shows no sign of this job. */
  | { readonly what: 'lost' };

export type JobDecision =
  | { readonly allow: true; readonly change: 'none' }
  | {
      readonly allow: true;
      readonly change: 'state';
      readonly next: JobState;
      readonly endedBy: 'agent' | 'server' | null;
    }
  /** The state stays; the agent is asked to stop until it reports. */
  | { readonly allow: true; readonly change: 'ask-cancel' }
  | Refusal;

/**
 * P-12 The next state of a job. An end that the agent reported is final: the same again changes nothing. An end that the
 * server judged (missed, unanswered, interrupted, cancelled before an answer) yields to whatever the agent says later.
 * Cancelling what has ended is refused with JOB_ENDED.
 */
export function decideJob(job: JobFacts, event: JobEvent): JobDecision {
  const settled = job.endedBy === 'agent';
  switch (event.what) {
    case 'accepted':
      if (settled || job.state === 'active') return UNCHANGED;
      return { allow: true, change: 'state', next: 'active', endedBy: null };
    case 'refused':
      if (settled || job.state === 'active') return UNCHANGED;
      return end('failed', 'agent');
    case 'reported':
      // nobody ran it: that this node was not the active one does not change that
      if (job.state === 'missed' && event.state === 'skipped') return UNCHANGED;
      return settled ? UNCHANGED : end(event.state, 'agent');
    case 'cancel':
      if (isEnded(job.state)) return refuse('JOB_ENDED', { state: job.state });
      return job.state === 'queued' ? end('cancelled', 'server') : { allow: true, change: 'ask-cancel' };
    case 'expired':
      return job.state === 'queued' ? end('failed', 'server') : UNCHANGED;
    case 'lost':
      return job.state === 'active' ? end('failed', 'server') : UNCHANGED;
  }
}

/** May this job be started again? A running one and one without an order of its own may not (JOB_RETRY_REFUSED). */
export function decideRetry(job: {
  kind: JobKind;
  state: JobState;
  planId: string | null;
}): { allow: true } | Refusal {
  if (!isEnded(job.state)) return refuse('JOB_RETRY_RUNNING', { state: job.state });
  if (job.kind === 'backup' && job.planId === null) return refuse('JOB_RETRY_PLAN_GONE');
  if (job.kind === 'maintain' || job.kind === 'seal') return refuse('JOB_RETRY_KIND', { kind: job.kind });
  return { allow: true };
}

const UNCHANGED: JobDecision = { allow: true, change: 'none' };
const end = (next: JobState, endedBy: 'agent' | 'server'): JobDecision => ({
  allow: true,
  change: 'state',
  next,
  endedBy,
});
