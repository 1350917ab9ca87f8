import type { HostId, RepositoryName } from '@sekisho/core/ids.ts';
import type { AssignmentPayload } from '@sekisho/core/wire/documents.ts';

/** P-14 May this host read that repository of another now, by the media server's signed assignment? */
export const mayRead = (
  assignment: Pick<AssignmentPayload, 'readGrants'> | undefined,
  facts: { readonly readerId: HostId; readonly repository: RepositoryName; readonly nowMs: number },
): boolean =>
  assignment?.readGrants.some(
    (grant) =>
      grant.readerId === facts.readerId &&
      grant.repository === facts.repository &&
      facts.nowMs < grant.expiresAtMs,
  ) === true;
