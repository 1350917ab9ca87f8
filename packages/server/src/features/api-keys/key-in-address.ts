import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import { recordRepeatedRefusal } from '../audit/record-audit.ts';
import { selectKeyByHash } from './api-keys.store.ts';
import { findKeyText, keyHash } from './key-text.ts';
import { RefusalsKept } from './refusals-kept.ts';

/**
 * Refuses every request with an API key in its address, whatever the route: addresses lie in logs and histories. Whoever
 * sent it is told that the key has leaked; if it is one of ours, the audit log says which one to revoke.
 */
export function refuseKeysInAddresses(
  app: FastifyInstance,
  context: Pick<ServerContext, 'store' | 'clock' | 'log'>,
): void {
  const kept = new RefusalsKept();
  app.addHook('onRequest', async (request) => {
    const found = findKeyText(decoded(request.raw.url ?? ''));
    if (found === undefined) return;
    const nowMs = context.clock.nowMs();
    const key = await selectKeyByHash(context.store.db, keyHash(found));
    const origin = originOf(request);
    context.log.warn({ apiKeyId: key?.id, origin }, 'an API key stood in the address of a request');
    if (key !== undefined && kept.take(key.id, nowMs)) {
      const { id: subject, owner: actor, name } = key;
      const act = 'leak-api-key';
      const detail = { code: 'API_KEY_IN_ADDRESS', name };
      const entry = { act, actor, origin, subject, outcome: 'refused', detail } as const;
      await context.store.transaction((tx) => recordRepeatedRefusal(tx, entry, nowMs));
    }
    throw new AppError('API_KEY_IN_ADDRESS');
  });
}

/** `skk%5F…` is the same key. */
function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
