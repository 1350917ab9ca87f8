import type { RepositoryName, SnapshotId } from '@sekisho/core/ids.ts';

export type MediaEventName =
  'repository-low' | 'repository-full' | 'repository-quota' | 'repository-sealed' | 'snapshot-quarantined';

/** What a media server tells its agent, which passes it on. A snapshot may be told more than once; its time never changes. */
export type MediaEvent =
  | {
      readonly kind: 'snapshot';
      readonly repository: RepositoryName;
      readonly snapshotId: SnapshotId;
      readonly receivedAtMs: number;
    }
  | {
      readonly kind: 'event';
      readonly event: MediaEventName;
      readonly atMs: number;
      readonly detail: Record<string, string | number>;
    };
