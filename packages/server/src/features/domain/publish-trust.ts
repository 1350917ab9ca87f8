import { AppError } from '@sekisho/core/errors.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetParts } from '../../context.ts';
import { openDueShards } from '../revocation/open-shard.ts';
import { documentMaker } from '../documents/document-service.ts';
import { otherAddresses, publishServerList } from './server-list.ts';
import { bundleContent } from './trust-bundle.ts';

/** At each start: trust bundle and server list say the addresses and ports of now. Unchanged ones are not made again. */
export async function publishTrust(parts: FleetParts): Promise<void> {
  const { config, domain, documents, ports, store } = parts;
  await store.transaction(async (tx) => {
    const own = {
      instanceId: config.instanceId,
      serverId: domain.serverId,
      addresses: config.addresses,
      port: ports.agent,
      httpPort: ports.http,
    };
    await publishServerList(tx, documents.make, own, parts.clock.nowMs());
    await publishBundle(parts, tx);
  });
  await parts.feed.catchUp();
}

/** Opens the shards of revocation lists that are needed, and publishes the trust bundle that names them. */
export async function publishLists(parts: FleetParts, fence: (tx: Tx) => Promise<void>): Promise<void> {
  // without the root nothing can be named that is not named already
  if (!parts.keys.isHere('root')) return;
  await parts.store.transaction(async (tx) => {
    await fence(tx);
    await publishBundle(parts, tx);
  });
}

/** A detached root signs nothing new: what agents hold stays in force, and the log says what it lacks. */
async function publishBundle(parts: FleetParts, tx: Tx): Promise<void> {
  try {
    await makeBundle(parts, tx);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'KEY_DETACHED') throw error;
    parts.log.error(
      { code: error.code },
      'the trust bundle is not current: bring the root key back, and restart',
    );
  }
}

/**
 * Makes the trust bundle of the keys as this transaction sees them (a certificate update changes them, perhaps on another server process);
 * returns its generation. Refusal: KEY_DETACHED.
 */
export async function makeBundle(parts: FleetParts, tx: Tx): Promise<number> {
  const { clock, config, domain, ports } = parts;
  const keys = await parts.keys.readIn(tx);
  const places = {
    own: config.addresses,
    others: await otherAddresses(tx, config.instanceId),
    httpPort: ports.http,
  };
  const shards = await openDueShards(tx, keys, places, clock.nowMs());
  const { make } = documentMaker({ clock, domainId: domain.id, keys });
  return await make(tx, 'bundle', '', bundleContent(keys, ports.http, shards));
}
