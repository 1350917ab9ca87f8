import { HOUR_MS } from '@sekisho/core/time.ts';
import {
  addLegacyHost,
  grantLegacyRead,
  listLegacyHosts,
  removeLegacyHost,
  type LegacyHostView,
} from '@sekisho/core/wire/legacy.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { REPOSITORY, STORE, WEB } from './sample-ids.ts';

type View = z.input<typeof addLegacyHost.reply>;
const OLD: Omit<View, 'key'> = {
  hostId: WEB,
  name: 'web-01.example.com',
  kind: 'client',
  address: '192.0.2.7',
  endpoint: null,
  refusedBy: null,
  version: '1.0',
  lastSeenAtMs: TEST_NOW_MS - HOUR_MS,
  addedAtMs: TEST_NOW_MS - 24 * HOUR_MS,
  addedBy: 'local',
  grants: [],
};
const OLD_STORE: Omit<View, 'key'> = {
  ...OLD,
  hostId: STORE,
  name: 'store-01.example.com',
  kind: 'media',
  address: null,
  endpoint: { address: 'store-01.example.com', port: 8000 },
  version: null,
  lastSeenAtMs: null,
};

/** Canned answers about legacy hosts. */
export const legacyRoutes: readonly FakeRoute[] = [
  fakeRoute(listLegacyHosts, () => ({
    insecureCommunication: true,
    hosts: [OLD_STORE, OLD] as LegacyHostView[],
    next: null,
  })),
  fakeRoute(addLegacyHost, ({ body }) => ({
    ...(body.kind === 'media' ? OLD_STORE : OLD),
    name: body.name,
    key: body.kind === 'media' ? null : 'SAMPLE-KEY-NOT-A-SECRET',
  })),
  fakeRoute(removeLegacyHost, () => ({ removed: OLD.name })),
  fakeRoute(grantLegacyRead, ({ body }) => ({
    ...OLD,
    grants:
      body.seconds === 0 ? [] : [{ repository: REPOSITORY, expiresAtMs: TEST_NOW_MS + body.seconds * 1_000 }],
  })),
];
