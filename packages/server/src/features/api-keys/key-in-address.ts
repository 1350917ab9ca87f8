import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import { selectKeyByHash } from './api-keys.store.ts';
import { findKeyText, keyHash } from './key-text.ts';

/**
 * Refuses every request with an API key in its address, whether or not there is such a route: addresses lie in logs and histories. Whoever
 * sent it is told that the key has leaked; if it is one of ours, the audit log says which one to revoke.
 */
export function refuseKeysInAddresses(
  app: FastifyInstance,
  context: Pick<ServerContext, 'store' | 'log' | 'refusals'>,
): void {
  app.addHook('onRequest', async (request) => {
    const found = findKeyText(decoded(request.raw.url ?? ''));
    if (found === undefined) return;
    const key = await selectKeyByHash(context.store.db, keyHash(found));
    const origin = originOf(request);
    context.log.warn({ apiKeyId: key?.id, origin }, 'an API key stood in the address of a request');
    if (key !== undefined) {
      const { id: subject, owner: actor, name } = key;
      context.refusals.note({
        act: 'leak-api-key',
        actor,
        origin,
        subject,
        code: 'API_KEY_IN_ADDRESS',
        name,
      });
    }
    throw new AppError('API_KEY_IN_ADDRESS');
  });
}

/** `skk%5F…` is the same key, also where something else in the address cannot be decoded. */
const decoded = (url: string): string =>
  url.replace(/%([2-7][0-9A-Fa-f])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
