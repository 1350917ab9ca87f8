import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS, SECOND_MS } from '@sekisho/core/time.ts';
import {
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  type apiKeyView,
} from '@sekisho/core/wire/api-keys.ts';
import { linkOidc, unlinkOidc } from '@sekisho/core/wire/oidc.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { administratorById } from './sample-accounts.ts';
import { found } from './sample-ids.ts';

type View = z.input<typeof apiKeyView>;
const OFFICE = { id: '66666666-6666-4666-8666-666666666666', name: 'head.office' };
const KEY = '99999999-aaaa-4aaa-8aaa-999999999999';

const key = (over: Partial<View> = {}): View => ({
  id: KEY,
  name: 'weekly report',
  owner: OFFICE,
  scopes: ['host.read', 'job.read'],
  group: null,
  state: 'active',
  createdAtMs: TEST_NOW_MS,
  createdBy: 'local',
  expiresAtMs: TEST_NOW_MS + 90 * DAY_MS,
  usedAtMs: null,
  revokedAtMs: null,
  ...over,
});
const KEYS: View[] = [
  key({ usedAtMs: TEST_NOW_MS - HOUR_MS }),
  key({
    id: '99999999-bbbb-4bbb-8bbb-999999999999',
    name: '支店のバックアップ',
    scopes: ['job.run'],
    group: '33333333-3333-4333-8333-333333333333',
    state: 'revoked',
    revokedAtMs: TEST_NOW_MS - HOUR_MS,
  }),
];
const byId = (id: string): View =>
  found(
    KEYS.find((one) => one.id === id),
    'API key',
    id,
  );

/** API keys and single sign-on of the sample domain. */
export const accessRoutes = (): FakeRoute[] => [
  fakeRoute(listApiKeys, () => ({ keys: KEYS, next: null })),
  fakeRoute(getApiKey, ({ params }) => byId(params.id)),
  fakeRoute(createApiKey, ({ body }) => {
    if (body.owner === undefined) throw new AppError('API_KEY_OWNER_NEEDED');
    const forbidden = body.scopes.find((right) => right === 'ca.write');
    if (forbidden !== undefined)
      throw new AppError('API_KEY_SCOPE_TOO_WIDE', { right: forbidden, owner: body.owner });
    const expiresAtMs = TEST_NOW_MS + body.validSeconds * SECOND_MS;
    const { name, scopes, group } = body;
    return { ...key({ name, scopes, group, expiresAtMs }), key: 'SAMPLE-KEY-NOT-A-SECRET' };
  }),
  fakeRoute(revokeApiKey, ({ params }) => ({
    ...byId(params.id),
    state: 'revoked' as const,
    revokedAtMs: TEST_NOW_MS,
  })),
  fakeRoute(linkOidc, ({ params, body }) => {
    if (body.provider !== 'company')
      throw new AppError('NOT_FOUND', { what: 'sign-in provider', id: body.provider });
    const oidc = { issuer: 'https://login.example.com', subject: body.subject };
    return { ...administratorById(params.id), oidc };
  }),
  fakeRoute(unlinkOidc, ({ params }) => administratorById(params.id)),
];
