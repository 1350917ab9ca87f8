import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import {
  addApplicationHost,
  createApplication,
  deleteApplication,
  getApplication,
  listApplications,
  removeApplicationHost,
  type applicationView,
} from '@sekisho/core/wire/applications.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { STORE, WEB } from './sample-ids.ts';

const mapping = (over: Partial<z.input<typeof applicationView>> = {}): z.input<typeof applicationView> => ({
  name: 'sql-vip.example.com',
  kind: 'sql-server',
  hosts: [
    { id: WEB, name: 'web-01.example.com' },
    { id: STORE, name: '倉庫サーバー.example.jp' },
  ],
  plans: 1,
  createdAtMs: TEST_NOW_MS - DAY_MS,
  createdBy: 'office',
  changedAtMs: TEST_NOW_MS - DAY_MS,
  ...over,
});

/** One database cluster of two nodes, and a farm that no plan protects. */
export const applicationSamples = (): FakeRoute[] => [
  fakeRoute(listApplications, () => ({
    applications: [mapping(), mapping({ name: 'farm.example.com', kind: 'sharepoint', plans: 0 })],
    next: null,
  })),
  fakeRoute(getApplication, ({ params }) => {
    if (!/^(sql-vip|farm)\./.test(params.name))
      throw new AppError('NOT_FOUND', { what: 'application mapping', id: params.name });
    return mapping({ name: params.name });
  }),
  fakeRoute(createApplication, ({ body }) => mapping({ name: body.name, kind: body.kind, plans: 0 })),
  fakeRoute(addApplicationHost, ({ params }) => mapping({ name: params.name })),
  fakeRoute(removeApplicationHost, ({ params }) => mapping({ name: params.name })),
  fakeRoute(deleteApplication, ({ params }) => {
    if (params.name.startsWith('sql-vip'))
      throw new AppError('APPLICATION_IN_USE', { name: params.name, plan: 'web files' });
    return { deleted: params.name };
  }),
];
