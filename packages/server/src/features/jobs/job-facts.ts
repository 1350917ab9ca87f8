import type { JobFacts } from '@sekisho/core/rules/jobs.ts';
import { isEnded } from '@sekisho/core/rules/jobs.ts';
import type { StoredJob } from './jobs.store.ts';

/** A stored job as the rule sees it. */
export const factsOf = (job: StoredJob): JobFacts => ({
  state: job.state,
  endedBy: isEnded(job.state) ? (job.verdict?.by ?? 'server') : null,
});
