import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import {
  createAdministrator,
  disableAdministrator,
  enableAdministrator,
  endSession,
  getAdministrator,
  listAdministrators,
  listSessions,
  makeFirstLink,
  resetAdministrator,
  setGrants,
  type adminSessionView,
  type administratorView,
  type linkView,
} from '@sekisho/core/wire/administrators.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { found } from './sample-ids.ts';

const OFFICE = '66666666-6666-4666-8666-666666666666';
const SHOP = '77777777-7777-4777-8777-777777777777';
const SESSION = '88888888-8888-4888-8888-888888888888';
const GROUP = '33333333-3333-4333-8333-333333333333';

type View = z.input<typeof administratorView>;

const administrator = (over: Partial<View> = {}): View => ({
  id: OFFICE,
  name: 'head.office',
  displayName: '本社 管理',
  state: 'active',
  grants: [{ role: 'administrator', group: null }],
  password: true,
  totp: true,
  oidc: null,
  createdAtMs: TEST_NOW_MS - 30 * DAY_MS,
  createdBy: 'local',
  disabledAtMs: null,
  usedAtMs: TEST_NOW_MS - HOUR_MS,
  revision: 3,
  ...over,
});
const ADMINISTRATORS: View[] = [
  administrator(),
  administrator({
    id: SHOP,
    name: 'shop',
    displayName: 'Night Shift',
    state: 'invited',
    grants: [
      { role: 'viewer', group: null },
      { role: 'operator', group: GROUP },
    ],
    password: false,
    totp: false,
    createdBy: 'head.office',
    usedAtMs: null,
    revision: 1,
  }),
];

const link = (purpose: z.input<typeof linkView>['purpose']): z.input<typeof linkView> => ({
  purpose,
  link: `https://backup.example.com:13291/${purpose}#SAMPLE-CODE-NOT-A-SECRET`,
  code: 'SAMPLE-CODE-NOT-A-SECRET',
  expiresAtMs: TEST_NOW_MS + DAY_MS,
});

const session: z.input<typeof adminSessionView> = {
  id: SESSION,
  administrator: { id: OFFICE, name: 'head.office' },
  method: 'password',
  origin: '192.0.2.44',
  userAgent: 'Mozilla/5.0',
  createdAtMs: TEST_NOW_MS - 2 * HOUR_MS,
  usedAtMs: TEST_NOW_MS - HOUR_MS,
  expiresAtMs: TEST_NOW_MS + 10 * HOUR_MS,
  current: false,
};

/** One of the sample administrators. */
export const administratorById = (id: string): View =>
  found(
    ADMINISTRATORS.find((one) => one.id === id),
    'administrator',
    id,
  );

/** Administrators and sessions of the sample domain. */
export const accountRoutes = (): FakeRoute[] => [
  fakeRoute(listAdministrators, () => ({ administrators: ADMINISTRATORS, next: null })),
  fakeRoute(getAdministrator, ({ params }) => administratorById(params.id)),
  fakeRoute(createAdministrator, ({ body }) => {
    if (body.name === 'shop') throw new AppError('ADMINISTRATOR_NAME_TAKEN', { name: body.name });
    const made = { name: body.name, displayName: body.displayName, grants: body.grants };
    return {
      administrator: administrator({
        ...made,
        id: SHOP,
        state: 'invited',
        password: false,
        totp: false,
        createdAtMs: TEST_NOW_MS,
        usedAtMs: null,
      }),
      link: link('invitation'),
    };
  }),
  fakeRoute(setGrants, ({ params, body }) => {
    const row = administratorById(params.id);
    if (row.id === OFFICE) throw new AppError('LAST_ADMINISTRATOR', { name: row.name });
    return { ...row, grants: body.grants };
  }),
  fakeRoute(disableAdministrator, ({ params }) => {
    const row = administratorById(params.id);
    if (row.id === OFFICE) throw new AppError('LAST_ADMINISTRATOR', { name: row.name });
    return { ...row, state: 'disabled' as const, disabledAtMs: TEST_NOW_MS };
  }),
  fakeRoute(enableAdministrator, ({ params }) => administratorById(params.id)),
  fakeRoute(resetAdministrator, ({ params, body }) => {
    administratorById(params.id);
    return { ...link('reset'), revokedApiKeys: body.keepApiKeys ? 0 : 2 };
  }),
  fakeRoute(makeFirstLink, () => link('first')),
  fakeRoute(listSessions, ({ query }) => ({
    sessions: query.administrator === SHOP ? [] : [session],
    next: null,
  })),
  fakeRoute(endSession, ({ params }) =>
    found(params.id === SESSION ? session : undefined, 'session', params.id),
  ),
];
