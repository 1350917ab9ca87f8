import { z } from 'zod';
import { planApplication } from './applications.ts';
import {
  PAGE_ROWS_MAX,
  PLAN_EXCLUDES_MAX,
  PLAN_PATHS_MAX,
  PLAN_SCHEDULES_MAX,
  PLAN_TARGETS_MAX,
} from '../limits.ts';
import { absolutePath, count, displayName, epochMs, groupId, hostId, planId } from './scalars.ts';
import { route } from './route.ts';

/** When a plan runs: a five-field cron expression in a time zone; a window bounds how late a run may still start. */
export const scheduleSchema = z.object({
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[a-z0-9-]+$/),
  cron: z.string().min(1).max(100),
  timeZone: z.string().min(1).max(64),
  /** A run that could not start within this long after its time is skipped (and judged missed). */
  startWithinMinutes: z
    .int()
    .min(1)
    .max(7 * 24 * 60)
    .default(12 * 60),
});
export type Schedule = z.infer<typeof scheduleSchema>;

/** How many to keep of each; zero keeps none for that reason. All zero keeps everything. */
export const retentionSchema = z.object({
  last: count.default(0),
  hourly: count.default(0),
  daily: count.default(0),
  weekly: count.default(0),
  monthly: count.default(0),
  yearly: count.default(0),
});
export type Retention = z.infer<typeof retentionSchema>;

export const planSpec = z.object({
  name: displayName,
  /** Of a plan with an application: the hosts of its mapping, whatever was given. */
  targets: z
    .object({ hosts: z.array(hostId).max(PLAN_TARGETS_MAX), groups: z.array(groupId).max(PLAN_TARGETS_MAX) })
    .default({ hosts: [], groups: [] }),
  /** T-34: the plan runs on whichever host carries this virtual name. */
  application: planApplication.nullable().default(null),
  paths: z.array(absolutePath).min(1).max(PLAN_PATHS_MAX),
  excludes: z.array(z.string().min(1).max(1024)).max(PLAN_EXCLUDES_MAX).default([]),
  schedules: z.array(scheduleSchema).max(PLAN_SCHEDULES_MAX).default([]),
  retention: retentionSchema.default({ last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }),
  /** Host ID of the media server, then optionally of its fallback. */
  mediaServers: z.array(hostId).min(1).max(2),
  bandwidthKiBps: z.int().min(1).nullable().default(null),
  commands: z
    .object({ pre: z.string().min(1).max(4096).nullable(), post: z.string().min(1).max(4096).nullable() })
    .default({ pre: null, post: null }),
});
export type PlanSpec = z.infer<typeof planSpec>;

export const planView = planSpec.extend({
  id: planId,
  revision: count,
  createdAtMs: epochMs,
  changedAtMs: epochMs,
  /** How many of the plan's hosts have acknowledged the policy that carries this revision. */
  deployed: z.object({ hosts: count, acknowledged: count }),
});
export type PlanView = z.infer<typeof planView>;

/** What has hosts, groups or an application. */
const named = <Spec extends z.ZodType<Pick<PlanSpec, 'targets' | 'application'>>>(spec: Spec): Spec =>
  spec.refine(
    ({ targets, application }) => application !== null || targets.hosts.length + targets.groups.length > 0,
    { path: ['targets'], message: 'names no host and no group' },
  );

export const createPlan = route({
  method: 'POST',
  path: '/v1/plans',
  right: 'plan.write',
  scope: 'group',
  body: named(planSpec),
  reply: planView,
});
export const listPlans = route({
  method: 'GET',
  path: '/v1/plans',
  right: 'plan.read',
  scope: 'group',
  query: z.object({
    /** Only the plan of this name. */
    name: displayName.optional(),
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ plans: z.array(planView), next: z.string().nullable() }),
});
export const getPlan = route({
  method: 'GET',
  path: '/v1/plans/:id',
  right: 'plan.read',
  scope: 'group',
  params: z.object({ id: planId }),
  reply: planView,
});
export const replacePlan = route({
  method: 'PUT',
  path: '/v1/plans/:id',
  right: 'plan.write',
  scope: 'group',
  params: z.object({ id: planId }),
  /** `revision` is the one that was edited: another in between is a conflict. It may be left out with `If-Match`. */
  body: named(planSpec.extend({ revision: count.optional() })),
  reply: planView,
});
export const deletePlan = route({
  method: 'DELETE',
  path: '/v1/plans/:id',
  right: 'plan.write',
  scope: 'group',
  params: z.object({ id: planId }),
  reply: z.object({ deleted: planId }),
});
