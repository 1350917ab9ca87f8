import type { HostId } from '@sekisho/core/ids.ts';
import { LEGACY_PORT_DEFAULT } from '@sekisho/core/limits.ts';
import type { Tx } from '../../store/tables.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { selectGrants } from '../restores/grant-rows.ts';
import { letsLegacyIn } from '../legacy/lets-legacy-in.ts';
import { repositoriesOf } from '../repositories/read-repositories.ts';
import type { FleetContext } from './fleet-context.ts';
import { findHosts } from './read-hosts.ts';

/** Repositories that an assignment names, the newest; a host with more keeps reading the others by hand. */
const REPOSITORIES_MAX = 64;

/**
 * F-04 Signs the assignments of these hosts anew: group, list, media role and repositories. One whose content is the same
 * keeps its serial.
 */
export async function refreshAssignments(
  context: FleetContext,
  tx: Tx,
  hostIds: readonly HostId[],
): Promise<void> {
  if (hostIds.length === 0) return;
  const tree = await readGroupTree(tx);
  const hasLegacy = await letsLegacyIn(tx);
  const repositories = await repositoriesOf(tx, hostIds);
  for (const host of await findHosts(tx, hostIds)) {
    const list = tree.listOf(host.groupId);
    if (list === undefined) {
      context.log.warn(
        { hostId: host.id, groupId: host.groupId },
        'no management server list for this group',
      );
      continue;
    }
    await context.documents.make(tx, 'assignment', host.id, {
      hostId: host.id,
      name: host.name,
      group: host.groupId,
      list,
      media:
        host.media === null || host.isLegacy
          ? null
          : {
              quotaBytesPerHost: host.media.quotaBytesPerHost,
              ...(hasLegacy ? { legacyPort: host.media.legacyPort ?? LEGACY_PORT_DEFAULT } : {}),
            },
      repositories: repositories
        .filter((one) => one.hostId === host.id)
        .slice(-REPOSITORIES_MAX)
        .map((one) => ({
          repository: one.name,
          mediaHostId: one.mediaHostId,
          sealed: one.sealedAtMs !== null,
        })),
      readGrants: host.media === null ? [] : await readGrantsOf(context, tx, host.id),
    });
  }
}

/** P-14 What hosts may read of others on a media server at present. */
const readGrantsOf = async (context: FleetContext, tx: Tx, mediaHostId: HostId) =>
  (await selectGrants(tx, mediaHostId, context.clock.nowMs())).map(
    ({ repository, readerId, jobId, expiresAtMs }) => ({ repository, readerId, jobId, expiresAtMs }),
  );
