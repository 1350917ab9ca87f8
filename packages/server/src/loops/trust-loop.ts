import { DAY_MS, MINUTE_MS, SECOND_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../context.ts';
import { CrlWatch } from '../features/revocation/watch-crls.ts';
import { renewOcspSigners } from '../features/keys/ocsp-signer.ts';
import { recordFirstUse, revokeOverdue } from '../features/revocation/replace-certificates.ts';
import { publishLists } from '../features/domain/publish-trust.ts';
import { forgetAddresses } from '../features/names/forget-addresses.ts';
import { removeUnkeptPackages } from '../features/packages/package-files.ts';
import { spreadLoad } from '../features/renewals/spread-load.ts';
import { startDuty, startLoop, type Fence } from './loop.ts';

export const TRUST_LOOP_MS = 15 * SECOND_MS;
const LEASE_MS = 3 * MINUTE_MS;
/** Renewals are spread (T-09) so long after a start for the first time, then each day: all certificates are read for it. */
const SPREAD_FIRST_MS = 10 * MINUTE_MS;

/**
 * The duties of the CA: revokes what was replaced and whose grace is over (T-14), signs CRLs at half their validity (T-44).
 * It also carries out what every revocation means in this process, whoever decided it: sockets cut, ticket keys changed.
 */
export function startTrustLoop(
  context: ServerContext,
  parts: { changeTicketKeys: () => void },
): { stop: () => Promise<void> } {
  const { clock, connections, log, registry, store, workerId } = context;
  const crlWatch = new CrlWatch(context);
  let working: Promise<void> = Promise.resolve();

  const afterRevocation = async (fence?: Fence): Promise<void> => {
    const { crlSigner } = context;
    const signed = fence === undefined ? await crlSigner.signDue() : await crlSigner.signFenced(fence);
    if (signed > 0) await context.feed.catchUp();
  };
  registry.listen({
    onRevocation: (hostId) => {
      let cut = 0;
      for (const fingerprint of connections.shownBy(hostId))
        if (registry.lookup(fingerprint)?.revoked !== false) cut += connections.cut(hostId, fingerprint);
      parts.changeTicketKeys();
      if (cut > 0) log.info({ hostId, cut }, 'connections of a revoked certificate were cut');
    },
    onFirstUse: (fingerprint) => {
      const work = recordFirstUse(context, fingerprint)
        .then((hostId) => (hostId === undefined ? undefined : afterRevocation()))
        .catch((error: unknown) => {
          registry.forgetUse(fingerprint);
          log.warn({ err: error, fingerprint }, 'first use of a reissued certificate could not be recorded');
        });
      working = Promise.all([working, work]).then(() => undefined);
    },
  });

  // each worker's own memory
  const pruning = startLoop({
    clock,
    log,
    name: 'registry',
    everyMs: TRUST_LOOP_MS,
    run: async () => {
      registry.prune();
      await context.names.flush();
      await context.shards.flush();
    },
  });
  let spreadDueMs = clock.monotonicMs() + SPREAD_FIRST_MS;
  const duty = startDuty({
    clock,
    log,
    store,
    workerId,
    name: 'trust',
    everyMs: TRUST_LOOP_MS,
    leaseMs: LEASE_MS,
    run: async (fence) => {
      await revokeOverdue(context, fence);
      try {
        await publishLists(context, fence);
        await renewOcspSigners(context, fence);
        await afterRevocation(fence);
      } finally {
        // above all when signing fails
        await crlWatch.look(fence);
      }
      if (clock.monotonicMs() < spreadDueMs) return;
      spreadDueMs = clock.monotonicMs() + DAY_MS;
      await spreadLoad(context, fence);
      const forgotten = await forgetAddresses(context, fence);
      if (forgotten > 0) log.info({ forgotten }, 'addresses under which nobody was met are forgotten');
      await removeUnkeptPackages(context);
    },
  });
  return {
    stop: async () => {
      await pruning.stop();
      await duty.stop();
      await working;
    },
  };
}
