import { AppError } from '@sekisho/core/errors.ts';
import type { ServerContext } from '../context.ts';
import type { ConfirmPeer } from './app.ts';

/**
 * Asks once more, when an answer is ready: the process may have been suspended since the request came, and the host revoked elsewhere.
 * Refusals: SERVER_STOPPING while the change feed is not read, CERTIFICATE_REVOKED.
 */
export const createConfirmPeer =
  ({ feed, registry }: Pick<ServerContext, 'feed' | 'registry'>): ConfirmPeer =>
  ({ identity }) => {
    if (identity.kind !== 'peer') return;
    if (!feed.fresh) throw new AppError('SERVER_STOPPING');
    if (registry.lookup(identity.peer.fingerprint)?.revoked !== false)
      throw new AppError('CERTIFICATE_REVOKED');
  };
