import { z } from 'zod';
import { DRILL_HOSTS_MAX, FORECAST_DAYS_MAX } from '../limits.ts';
import { route } from './route.ts';
import { count, epochMs, hostId, taskId } from './scalars.ts';

/** T-09 How many certificates are renewed on each of the coming days, as agents and server reckon alike. */
export const forecastView = z.object({
  /** Day 0 begins here; each has 24 hours. What is overdue counts to day 0. */
  fromMs: epochMs,
  days: z.array(count),
  /** Certificates in use, whenever they are renewed. */
  total: count,
});
export type ForecastView = z.infer<typeof forecastView>;
export const forecastRenewals = route({
  method: 'GET',
  path: '/v1/renewals/forecast',
  right: 'certificate.read',
  query: z.object({ days: z.coerce.number().int().min(1).max(FORECAST_DAYS_MAX).default(30) }),
  reply: forecastView,
});

const drillHost = z.object({ id: hostId, name: z.string(), online: z.boolean() });

/** Chooses the hosts of a drill, and changes nothing. Share: percent of all hosts with a certificate, at least one. */
export const planDrill = route({
  method: 'POST',
  path: '/v1/renewals/drill/plan',
  right: 'host.write',
  scope: 'group',
  body: z.union([
    z.strictObject({ sharePercent: z.number().gt(0).max(100) }),
    z.strictObject({ hosts: z.array(hostId).min(1).max(DRILL_HOSTS_MAX) }),
  ]),
  reply: z.object({ hosts: z.array(drillHost), total: count }),
});

/** How long a drill waits for a host that is online and does not renew. */
const DRILL_WAIT_SECONDS_MAX = 86_400;

/** Renews the certificates of exactly these hosts now, as a task; its result is a `drillResult`. */
export const startDrill = route({
  method: 'POST',
  path: '/v1/renewals/drill',
  right: 'host.write',
  scope: 'group',
  body: z.object({
    hosts: z.array(hostId).min(1).max(DRILL_HOSTS_MAX),
    waitSeconds: z.int().min(10).max(DRILL_WAIT_SECONDS_MAX).default(600),
  }),
  reply: z.object({ taskId }),
});

/** `offline`: the host was not there; `unanswered`: it was, and has neither renewed nor said why not. */
export const DRILL_OUTCOMES = ['renewed', 'failed', 'offline', 'unanswered'] as const;
export type DrillOutcome = (typeof DRILL_OUTCOMES)[number];

export const drillResult = z.object({
  counts: z.record(z.enum(DRILL_OUTCOMES), count),
  /** Those that did not renew first; at most `DRILL_RESULTS_MAX`. */
  hosts: z.array(
    z.object({
      id: hostId,
      name: z.string(),
      outcome: z.enum(DRILL_OUTCOMES),
      /** Why it failed: a code of core/errors, as the host says. */
      code: z.string().nullable(),
    }),
  ),
  /** Hosts that found no room above. */
  more: count,
});
export type DrillResult = z.infer<typeof drillResult>;
