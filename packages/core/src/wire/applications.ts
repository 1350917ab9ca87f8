import { z } from 'zod';
import { APPLICATION_HOSTS_MAX, PAGE_ROWS_MAX } from '../limits.ts';
import { address, count, epochMs, hostId } from './scalars.ts';
import { route } from './route.ts';

/** Applications that move between hosts under one virtual name. */
export const APPLICATION_KINDS = ['sql-server', 'exchange', 'sharepoint', 'other'] as const;
export const applicationKind = z.enum(APPLICATION_KINDS);
export type ApplicationKind = z.infer<typeof applicationKind>;

/** What a plan protects when it protects an application instead of hosts (T-34). */
export const planApplication = z.object({
  kind: applicationKind,
  /** The virtual name of a database cluster or an availability group; the mapping says which hosts may carry it. */
  virtualName: address,
});
export type PlanApplication = z.infer<typeof planApplication>;

/** T-34 An application's virtual name and the hosts that may carry it. */
export const applicationView = z.object({
  name: z.string(),
  kind: applicationKind,
  hosts: z.array(z.object({ id: hostId, name: z.string() })).max(APPLICATION_HOSTS_MAX),
  /** How many plans protect it. */
  plans: count,
  createdAtMs: epochMs,
  createdBy: z.string(),
  changedAtMs: epochMs,
});
export type ApplicationView = z.infer<typeof applicationView>;

const nameParams = z.object({ name: address });

/** Maps a virtual name to hosts: from then on each of them may restore the others' recovery points. */
export const createApplication = route({
  method: 'POST',
  path: '/v1/applications',
  right: 'host.write',
  scope: 'group',
  body: z.object({
    name: address,
    kind: applicationKind,
    hosts: z.array(hostId).min(1).max(APPLICATION_HOSTS_MAX),
  }),
  reply: applicationView,
});
export const listApplications = route({
  method: 'GET',
  path: '/v1/applications',
  right: 'host.read',
  scope: 'group',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ applications: z.array(applicationView), next: z.string().nullable() }),
});
export const getApplication = route({
  method: 'GET',
  path: '/v1/applications/:name',
  right: 'host.read',
  scope: 'group',
  params: nameParams,
  reply: applicationView,
});
export const addApplicationHost = route({
  method: 'POST',
  path: '/v1/applications/:name/hosts',
  right: 'host.write',
  scope: 'group',
  params: nameParams,
  body: z.object({ hostId }),
  reply: applicationView,
});
/** What the host may read of the others by this mapping ends at once. */
export const removeApplicationHost = route({
  method: 'DELETE',
  path: '/v1/applications/:name/hosts/:hostId',
  right: 'host.write',
  scope: 'group',
  params: nameParams.extend({ hostId }),
  reply: applicationView,
});
export const deleteApplication = route({
  method: 'DELETE',
  path: '/v1/applications/:name',
  right: 'host.write',
  scope: 'group',
  params: nameParams,
  reply: z.object({ deleted: z.string() }),
});
