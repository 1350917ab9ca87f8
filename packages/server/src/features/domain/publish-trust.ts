import { AppError } from '@sekisho/core/errors.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetParts } from '../../context.ts';
import { publishServerList } from './server-list.ts';
import { bundleContent } from './trust-bundle.ts';

/** At each start: trust bundle and server list say the addresses and ports of now. Unchanged ones are not made again. */
export async function publishTrust(parts: FleetParts): Promise<void> {
  const { config, domain, documents, ports, store } = parts;
  await store.transaction(async (tx) => {
    await publishBundle(parts, tx);
    const own = {
      instanceId: config.instanceId,
      serverId: domain.serverId,
      addresses: config.addresses,
      port: ports.agent,
    };
    await publishServerList(tx, documents.make, own, parts.clock.nowMs());
  });
  await parts.feed.catchUp();
}

/** A detached root signs nothing new: what agents hold stays in force, and the log says what it lacks. */
async function publishBundle(parts: FleetParts, tx: Tx): Promise<void> {
  try {
    await parts.documents.make(tx, 'bundle', '', bundleContent(parts.keys, parts.ports.http));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'KEY_DETACHED') throw error;
    parts.log.error(
      { code: error.code },
      'the trust bundle is not current: bring the root key back, and restart',
    );
  }
}
