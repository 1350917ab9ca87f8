import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { decideRelay } from '@sekisho/core/rules/tunnel.ts';
import { RELAYS_MAX, getPublicRelays, type RelayEndpoint } from '@sekisho/core/wire/relay.ts';
import type { FastifyInstance } from 'fastify';
import type { FleetParts } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import type { RelayStreams } from '../../http/relay-streams.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { endpointsOf, findHosts } from '../fleet/read-hosts.ts';

/** T-60, T-62 May this host relay for others? Refusals: RELAY_LEGACY, RELAY_NOT_MEDIA_SERVER. */
export async function admitRelay(context: FleetParts, hostId: HostId, origin: string): Promise<void> {
  const row = await context.store.db
    .selectFrom('hosts')
    .select(['name', 'media_since_ms', 'legacy_since_ms', 'secure_since_ms'])
    .where('id', '=', hostId)
    .executeTakeFirst();
  const decision = decideRelay({
    host: row?.name ?? hostId,
    isMedia: row !== undefined && row.media_since_ms !== null,
    isLegacy: row !== undefined && row.legacy_since_ms !== null && row.secure_since_ms === null,
  });
  if (decision.allow) return;
  const { code, params } = decision;
  context.refusals.note({ act: 'refuse-peer', actor: hostId, origin, subject: hostId, code });
  throw new AppError(code, params);
}

/** A host that is no media server any more relays no longer: its streams end. The result stops listening. */
export function followRelays(context: FleetParts, streams: RelayStreams): () => void {
  const look = async (hostId: HostId): Promise<void> => {
    try {
      await admitRelay(context, hostId, 'local');
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const cut = streams.cut(hostId);
      context.log.warn({ hostId, cut, code: error.code }, 'tunnels through this host were cut');
    }
  };
  return context.feed.subscribe(
    ['host'],
    async ({ key }) => {
      const hostId = parseHostId(key);
      if (hostId !== undefined && streams.relays().includes(hostId)) await look(hostId);
    },
    async () => {
      for (const hostId of streams.relays()) await look(hostId);
    },
  );
}

/** T-60 Where hosts in a DMZ find media servers that relay: one entry for each endpoint. */
export async function listRelays(db: DbOrTx): Promise<RelayEndpoint[]> {
  const rows = await db
    .selectFrom('hosts')
    .select('id')
    .where('media_since_ms', 'is not', null)
    .where((where) =>
      where.or([where('legacy_since_ms', 'is', null), where('secure_since_ms', 'is not', null)]),
    )
    .orderBy('id')
    .limit(RELAYS_MAX)
    .execute();
  const found = await findHosts(
    db,
    rows.flatMap(({ id }) => parseHostId(id) ?? []),
  );
  return found
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap((host) => endpointsOf(host).map((endpoint) => ({ hostId: host.id, ...endpoint })))
    .slice(0, RELAYS_MAX);
}

/** The same to everybody, as it is needed before anything is trusted: addresses, and nothing that gives a right. */
export function relayRoutes(app: FastifyInstance, context: FleetParts): void {
  mount(app, getPublicRelays, async () => ({ relays: await listRelays(context.store.db) }));
}
