import type { HostId } from '@sekisho/core/ids.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { certificateStandings } from '../fleet/certificate-standing.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import type { FleetHost } from '../fleet/read-hosts.ts';
import { refreshAssignments } from '../fleet/refresh-assignments.ts';
import { insertRepository, selectRepositoriesOf } from './repositories.store.ts';

/** A repository's password: 256 random bits. */
const PASSWORD_BYTES = 32;

/** T-50 A legacy host keeps its own password: it never crosses the plain protocol, so it is not known here. */
export const PASSWORD_UNKNOWN = '';

/** Binds a sealed password to its repository: sealed text moved to another row does not open. */
export const passwordContext = (name: string): string => `repository-password:${name}`;

/**
 * P-01, P-11 Every host gets a repository on each of these media servers: one row and one sealed password, the next
 * generation after a sealed one. A host without a valid certificate gets none: after a key compromise the next generation
 * waits until the host was reissued. Returns how many were made; their hosts' assignments are signed anew.
 */
export async function ensureRepositories(
  context: FleetContext,
  tx: Tx,
  hosts: readonly FleetHost[],
  mediaHostIds: readonly HostId[],
): Promise<number> {
  const nowMs = context.clock.nowMs();
  const lacking = await lackingPairs(tx, hosts, mediaHostIds);
  if (lacking.length === 0) return 0;
  const standings = await certificateStandings(tx, [...new Set(lacking.map((pair) => pair.hostId))], nowMs);
  const legacy = new Set(hosts.filter((host) => host.isLegacy).map((host) => host.id));
  const changed = new Set<HostId>();
  let made = 0;
  const generations = await newestGenerations(
    tx,
    lacking.map((pair) => pair.hostId),
  );
  for (const { hostId, mediaHostId } of lacking) {
    const isLegacy = legacy.has(hostId);
    if (standings.get(hostId) !== 'valid' && !isLegacy) continue;
    const generation = (generations.get(hostId) ?? 0) + 1;
    generations.set(hostId, generation);
    const sealedPassword = isLegacy
      ? PASSWORD_UNKNOWN
      : newSealedPassword(context, `${hostId}.${generation}`);
    const name = await insertRepository(tx, {
      hostId,
      mediaHostId,
      generation,
      sealedPassword,
      createdAtMs: nowMs,
    });
    await recordChange(tx, 'repository', name);
    changed.add(hostId);
    made += 1;
  }
  await refreshAssignments(context, tx, [...changed]);
  return made;
}

async function lackingPairs(
  tx: Tx,
  hosts: readonly FleetHost[],
  mediaHostIds: readonly HostId[],
): Promise<{ hostId: HostId; mediaHostId: HostId }[]> {
  const existing = await selectRepositoriesOf(
    tx,
    hosts.map((host) => host.id),
  );
  const open = new Set(
    existing.filter((one) => one.sealedAtMs === null).map((one) => `${one.hostId} ${one.mediaHostId}`),
  );
  return hosts
    .flatMap((host) => mediaHostIds.map((mediaHostId) => ({ hostId: host.id, mediaHostId })))
    .filter(({ hostId, mediaHostId }) => !open.has(`${hostId} ${mediaHostId}`));
}

async function newestGenerations(tx: Tx, hostIds: readonly HostId[]): Promise<Map<HostId, number>> {
  const newest = new Map<HostId, number>();
  for (const { hostId, generation } of await selectRepositoriesOf(tx, [...new Set(hostIds)]))
    newest.set(hostId, Math.max(generation, newest.get(hostId) ?? 0));
  return newest;
}

function newSealedPassword(context: FleetContext, name: string): string {
  const password = Buffer.from(context.random.bytes(PASSWORD_BYTES)).toString('base64url');
  return context.secrets.seal(new TextEncoder().encode(password), passwordContext(name));
}
