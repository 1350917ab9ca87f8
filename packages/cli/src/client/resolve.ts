import { AppError } from '@sekisho/core/errors.ts';
import {
  parseHostId,
  parseJobId,
  parsePlanId,
  parseSnapshotId,
  type HostId,
  type JobId,
} from '@sekisho/core/ids.ts';
import { PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getJob, listJobs } from '@sekisho/core/wire/jobs.ts';
import { getPlan, listPlans, type PlanView } from '@sekisho/core/wire/plans.ts';
import { getPoint, listPoints, type PointView } from '@sekisho/core/wire/points.ts';
import { getHost, listHosts, type HostView } from '@sekisho/core/wire/trust.ts';

/** Names are looked for in so many pages of hosts, then in no more. */
const HOST_PAGES_MAX = 2_000;
/** No domain has more plans (PLANS_PER_POLICY_MAX, with room). */
const PLANS_MAX = 10_000;
/** Fewer digits of an ID than this name nothing. */
const ID_DIGITS_MIN = 4;

/** The host of a name (primary, or another it goes by) or ID. Refusals: HOST_UNKNOWN, HOST_AMBIGUOUS. */
export async function resolveHost(call: Caller, given: string): Promise<HostView> {
  const id = parseHostId(given);
  if (id !== undefined) return known(() => call(getHost, { params: { id } }), 'HOST_UNKNOWN', given);
  const wanted = given.toLowerCase();
  const others: HostView[] = [];
  const { hosts } = await call(listHosts, { query: { name: wanted } });
  for (const host of hosts) {
    if (host.name.toLowerCase() === wanted) return host;
    if (host.names.some((name) => name.toLowerCase() === wanted)) others.push(host);
  }
  return single(others, given, 'HOST_UNKNOWN', 'HOST_AMBIGUOUS');
}

/** Every host, page by page. */
export async function* allHosts(call: Caller): AsyncGenerator<HostView> {
  let after: string | undefined;
  for (let page = 0; page < HOST_PAGES_MAX; page += 1) {
    const { hosts, next } = await call(listHosts, {
      query: { limit: PAGE_ROWS_MAX, ...(after === undefined ? {} : { after }) },
    });
    yield* hosts;
    if (next === null) return;
    after = next;
  }
}

/** Every plan, page by page. */
export async function allPlans(call: Caller): Promise<PlanView[]> {
  const all: PlanView[] = [];
  let after: string | undefined;
  do {
    const page = await call(listPlans, {
      query: { limit: PAGE_ROWS_MAX, ...(after === undefined ? {} : { after }) },
    });
    all.push(...page.plans);
    after = page.next ?? undefined;
  } while (after !== undefined && all.length < PLANS_MAX);
  return all;
}

/** Host IDs of names or IDs, in their order. */
export async function resolveHostIds(call: Caller, given: readonly string[]): Promise<HostId[]> {
  const ids: HostId[] = [];
  for (const one of given) ids.push((await resolveHost(call, one)).id);
  return ids;
}

/** The plan of a name or ID. Refusals: PLAN_UNKNOWN, PLAN_AMBIGUOUS. */
export async function resolvePlan(call: Caller, given: string): Promise<PlanView> {
  const id = parsePlanId(given);
  if (id !== undefined) return known(() => call(getPlan, { params: { id } }), 'PLAN_UNKNOWN', given);
  const { plans } = await call(listPlans, { query: { name: given } });
  return single(
    plans.filter((plan) => plan.name === given),
    given,
    'PLAN_UNKNOWN',
    'PLAN_AMBIGUOUS',
  );
}

/** The job of an ID or its first digits (of the newest jobs). Refusals: JOB_UNKNOWN, ID_AMBIGUOUS. */
export async function resolveJobId(call: Caller, given: string): Promise<JobId> {
  const id = parseJobId(given);
  if (id !== undefined) return (await known(() => call(getJob, { params: { id } }), 'JOB_UNKNOWN', given)).id;
  if (!isPrefix(given)) throw new AppError('JOB_UNKNOWN', { given });
  const { jobs } = await call(listJobs, { query: { limit: PAGE_ROWS_MAX } });
  return single(
    jobs.filter((job) => job.id.startsWith(given)),
    given,
    'JOB_UNKNOWN',
    'ID_AMBIGUOUS',
  ).id;
}

/** Which of several recovery points `latest` may be. */
export interface PointScope {
  readonly hostId?: HostId;
}

/** The recovery point of an ID, its first digits, or `latest`. Refusals: POINT_UNKNOWN, ID_AMBIGUOUS. */
export async function resolvePoint(call: Caller, given: string, scope: PointScope = {}): Promise<PointView> {
  const id = parseSnapshotId(given);
  if (id !== undefined) return known(() => call(getPoint, { params: { id } }), 'POINT_UNKNOWN', given);
  const host = scope.hostId === undefined ? {} : { host: scope.hostId };
  if (given === 'latest') {
    const { points } = await call(listPoints, { query: { ...host, limit: 1 } });
    return single(points, given, 'POINT_UNKNOWN', 'ID_AMBIGUOUS');
  }
  if (!isPrefix(given)) throw new AppError('POINT_UNKNOWN', { given });
  const { points } = await call(listPoints, { query: { ...host, limit: PAGE_ROWS_MAX } });
  return single(
    points.filter((point) => point.id.startsWith(given)),
    given,
    'POINT_UNKNOWN',
    'ID_AMBIGUOUS',
  );
}

const isPrefix = (given: string): boolean => given.length >= ID_DIGITS_MIN && /^[0-9a-f]+$/.test(given);

type UnknownCode = 'HOST_UNKNOWN' | 'PLAN_UNKNOWN' | 'JOB_UNKNOWN' | 'POINT_UNKNOWN';

function single<Item extends { readonly id: string }>(
  found: readonly Item[],
  given: string,
  unknown: UnknownCode,
  ambiguous: 'HOST_AMBIGUOUS' | 'PLAN_AMBIGUOUS' | 'ID_AMBIGUOUS',
): Item {
  const [first, ...more] = found;
  if (first === undefined) throw new AppError(unknown, { given });
  if (more.length > 0) {
    throw new AppError(ambiguous, {
      given,
      ids: found
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', '),
    });
  }
  return first;
}

/** The server's NOT_FOUND in this program's words, which name the list to look at. */
async function known<Item>(ask: () => Promise<Item>, unknown: UnknownCode, given: string): Promise<Item> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof AppError && error.status === 404) {
      throw new AppError(unknown, { given }, { cause: error });
    }
    throw error;
  }
}
