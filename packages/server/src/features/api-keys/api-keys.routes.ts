import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { reachOf } from '@sekisho/core/rules/rights.ts';
import {
  createApiKey as createRoute,
  getApiKey,
  listApiKeys,
  revokeApiKey as revokeRoute,
} from '@sekisho/core/wire/api-keys.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { pageOf, parseTimeCursor, timeCursor } from '../../http/cursor.ts';
import { mount } from '../../http/mount.ts';
import { viewKey } from './api-key-state.ts';
import { selectKey, selectKeysPage } from './api-keys.store.ts';
import { createApiKey } from './create-api-key.ts';
import { refuseKeysInAddresses } from './key-in-address.ts';
import { revokeApiKey } from './revoke-api-key.ts';

/** S-04 API keys: make, list, show, revoke. Nobody sees a key of another without the right to read administrators. */
export function apiKeyRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, store } = context;
  refuseKeysInAddresses(app, context);
  mount(app, createRoute, async ({ body, principal }) => {
    const { key, secret } = await createApiKey(context, body, principal);
    return { ...viewKey(key, clock.nowMs()), key: secret.reveal() };
  });
  mount(app, listApiKeys, async ({ query, principal }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const ofAll = reachOf(principal, 'administrator.read') === 'domain';
    const rows = await selectKeysPage(store.db, {
      limit: limit + 1,
      after: parseTimeCursor(query.after),
      owner: ofAll ? undefined : (principal.administratorId ?? undefined),
    });
    const { shown, next } = pageOf(rows, limit, (row) => timeCursor(row.createdAtMs, row.id));
    return { keys: shown.map((row) => viewKey(row, clock.nowMs())), next };
  });
  mount(app, getApiKey, async ({ params, principal }) => {
    const key = await selectKey(store.db, params.id);
    const mine = key !== undefined && key.administratorId === principal.administratorId;
    if (key === undefined || !(mine || reachOf(principal, 'administrator.read') === 'domain'))
      throw new AppError('NOT_FOUND', { what: 'API key', id: params.id });
    return viewKey(key, clock.nowMs());
  });
  mount(app, revokeRoute, async ({ params, principal }) =>
    viewKey(await revokeApiKey(context, params.id, principal), clock.nowMs()),
  );
}
