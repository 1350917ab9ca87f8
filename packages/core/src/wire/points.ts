import { z } from 'zod';
import { LISTING_ENTRIES_MAX, PAGE_ROWS_MAX, RESTORE_PATHS_MAX } from '../limits.ts';
import { jobView } from './jobs.ts';
import {
  absolutePath,
  count,
  epochMs,
  hostId,
  jobId,
  planId,
  repositoryName,
  snapshotId,
} from './scalars.ts';
import { route } from './route.ts';

export const pointView = z.object({
  id: snapshotId,
  repository: repositoryName,
  hostId,
  hostName: z.string(),
  mediaHostId: hostId,
  planId: planId.nullable(),
  planName: z.string().nullable(),
  /** T-34: of a plan of an application. */
  virtualName: z.string().nullable().default(null),
  jobId: jobId.nullable(),
  /** Null: a custom point (P-13). */
  scheduleName: z.string().nullable(),
  /** When the media server received it: the only time retention believes (P-02). */
  receivedAtMs: epochMs,
  files: count.nullable(),
  bytes: count.nullable(),
  /** An administrator or retention asked for its removal; it goes when the minimum age allows. */
  removalAskedAtMs: epochMs.nullable(),
});
export type PointView = z.infer<typeof pointView>;

const idParams = z.object({ id: snapshotId });

export const listPoints = route({
  method: 'GET',
  path: '/v1/points',
  right: 'point.read',
  scope: 'group',
  query: z.object({
    host: hostId.optional(),
    plan: planId.optional(),
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(300).optional(),
  }),
  reply: z.object({ points: z.array(pointView), next: z.string().nullable() }),
});
export const getPoint = route({
  method: 'GET',
  path: '/v1/points/:id',
  right: 'point.read',
  scope: 'group',
  params: idParams,
  reply: pointView,
});

/** Asks the host to list one folder of a recovery point; the listing is in the job's report. */
export const browsePoint = route({
  method: 'POST',
  path: '/v1/points/:id/browse',
  right: 'point.read',
  scope: 'group',
  params: idParams,
  body: z.object({ path: absolutePath, limit: z.int().min(1).max(LISTING_ENTRIES_MAX).default(200) }),
  reply: jobView,
});

/** Marks recovery points for removal. `preview` says what would happen and changes nothing. */
export const deletePoints = route({
  method: 'POST',
  path: '/v1/points/delete',
  right: 'point.delete',
  scope: 'group',
  body: z.object({ ids: z.array(snapshotId).min(1).max(200), preview: z.boolean() }),
  reply: z.object({
    points: z.array(z.object({ id: snapshotId, removableFromMs: epochMs, lastOfHost: z.boolean() })),
    jobs: z.array(jobView),
  }),
});

/** Removes what retention and deletions ask for in one host's repository, now. */
export const maintainRepository = route({
  method: 'POST',
  path: '/v1/repositories/:name/maintain',
  right: 'point.delete',
  scope: 'group',
  params: z.object({ name: repositoryName }),
  body: z.object({ preview: z.boolean() }),
  reply: z.object({
    remove: z.array(snapshotId),
    keep: z.array(z.object({ id: snapshotId, reasons: z.array(z.string()) })),
    job: jobView.nullable(),
  }),
});

export const startRestore = route({
  method: 'POST',
  path: '/v1/restores',
  right: 'restore.run',
  scope: 'group',
  body: z.object({
    point: snapshotId,
    paths: z.array(absolutePath).max(RESTORE_PATHS_MAX),
    targetFolder: absolutePath.nullable(),
    conflict: z.enum(['overwrite', 'skip', 'rename']),
    /** T-34: another host that an application mapping has with the point's own; null: the host that made the point. */
    host: hostId.nullable().default(null),
  }),
  reply: jobView,
});
