import type { FleetParts } from '../../context.ts';
import { publishServerList } from './server-list.ts';
import { bundleContent } from './trust-bundle.ts';

/** At each start: trust bundle and server list say the addresses and ports of now. Unchanged ones are not made again. */
export async function publishTrust(parts: FleetParts): Promise<void> {
  const { config, domain, documents, keys, ports, store } = parts;
  await store.transaction(async (tx) => {
    await documents.make(tx, 'bundle', '', bundleContent(keys, ports.http));
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
