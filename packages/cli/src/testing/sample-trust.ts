import { AppError } from '@sekisho/core/errors.ts';
import { DAY_MS, HOUR_MS } from '@sekisho/core/time.ts';
import { attachRoot, getRoot } from '@sekisho/core/wire/root.ts';
import {
  allowReissue,
  createToken,
  deleteToken,
  getDomain,
  getHost,
  getRevocation,
  getSecurity,
  importHosts,
  listAudit,
  listCertificates,
  listHosts,
  listKnownHosts,
  listRevocations,
  listTokens,
  listUnconfirmed,
  registerHost,
  revokeHost,
  setHostMedia,
  securitySettings,
  setSecurity,
  unregisterHost,
  type hostView,
  type tokenView,
} from '@sekisho/core/wire/trust.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { nameSamples } from './sample-names.ts';
import { FINGERPRINT, found, GROUP, STORE, WEB } from './sample-ids.ts';

const TOKEN = '55555555-5555-4555-8555-555555555555';

const host = (over: Partial<z.input<typeof hostView>>): z.input<typeof hostView> => ({
  id: WEB,
  name: 'web-01.example.com',
  names: ['web-01', '192.0.2.10'],
  group: GROUP,
  media: false,
  states: ['online'],
  reasons: [],
  lastSeenAtMs: TEST_NOW_MS - 2_000,
  version: '0.1.0',
  certificate: {
    fingerprint: FINGERPRINT,
    serial: '1f2e3d4c5b6a7988',
    notAfterMs: TEST_NOW_MS + 364 * DAY_MS,
    revokedAtMs: null,
  },
  reissueAllowedUntilMs: null,
  health: [],
  ...over,
});
const HOSTS = [
  host({}),
  host({
    id: STORE,
    name: '倉庫サーバー.example.jp',
    names: ['store-01'],
    media: true,
    states: ['offline', 'certificate-expiring'],
    reasons: [
      {
        why: 'silent',
        state: 'offline',
        lastSeenAtMs: TEST_NOW_MS - 3 * HOUR_MS,
        heartbeatSeconds: 300,
        missed: 36,
      },
      { why: 'ends', state: 'certificate-expiring', notAfterMs: TEST_NOW_MS + 364 * DAY_MS },
    ],
    lastSeenAtMs: TEST_NOW_MS - 3 * HOUR_MS,
    health: ['clock-skew'],
  }),
];

const token = (over: Partial<z.input<typeof tokenView>> = {}): z.input<typeof tokenView> => ({
  id: TOKEN,
  name: 'branch office',
  purpose: 'enrol',
  state: 'active',
  usesMax: 50,
  uses: 12,
  expiresAtMs: TEST_NOW_MS + 7 * DAY_MS,
  hostName: null,
  hostId: null,
  media: false,
  createdAtMs: TEST_NOW_MS,
  createdBy: 'local',
  ...over,
});

/** Canned answers of the routes of trust: two hosts, two tokens, one certificate. */
export function trustRoutes(): FakeRoute[] {
  const oneHost = (id: string): z.input<typeof hostView> =>
    found(
      HOSTS.find((one) => one.id === id),
      'host',
      id,
    );
  return [
    ...nameSamples(oneHost),
    fakeRoute(getDomain, () => ({
      domainId: '66666666-6666-4666-8666-666666666666',
      name: 'Example 関所',
      caFingerprint: FINGERPRINT,
      caCertificatesPem: '',
      serverId: '77777777-7777-4777-8777-777777777777',
      serverVersion: '0.1.0',
      addresses: [{ address: 'backup.example.com', agentPort: 13000, adminPort: 13291, httpPort: 8014 }],
    })),
    fakeRoute(getRoot, () => ({ fingerprint: FINGERPRINT, state: 'attached' as const })),
    fakeRoute(attachRoot, ({ body }) => {
      if (body.passphrase !== 'correct horse') throw new AppError('PASSPHRASE_WRONG');
      return { fingerprint: FINGERPRINT, state: 'attached' as const };
    }),
    fakeRoute(getSecurity, () => SECURITY),
    fakeRoute(setSecurity, ({ body }) =>
      securitySettings.parse({
        ...SECURITY,
        ...Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)),
      }),
    ),
    fakeRoute(listHosts, ({ query }) => ({ hosts: HOSTS, next: query.limit === 2 ? 'zzz' : null })),
    fakeRoute(getHost, ({ params }) => oneHost(params.id)),
    fakeRoute(registerHost, ({ body }) => known(body.name)),
    fakeRoute(importHosts, ({ body }) => {
      if (!body.csv.startsWith('name\n'))
        throw new AppError('BODY_INVALID', { detail: 'csv: no header "name"' });
      return { registered: body.csv.trim().split('\n').length - 1, already: 0 };
    }),
    fakeRoute(listKnownHosts, () => ({ hosts: [known('web-02.example.com')], next: null })),
    fakeRoute(unregisterHost, ({ params }) => ({ removed: params.name })),
    fakeRoute(setHostMedia, ({ params, body }) => ({ ...oneHost(params.id), media: body.media })),
    fakeRoute(allowReissue, ({ params, body }) => ({
      ...oneHost(params.id),
      reissueAllowedUntilMs: body.allow ? TEST_NOW_MS + 48 * HOUR_MS : null,
    })),
    fakeRoute(createToken, ({ body }) => ({
      ...token({
        name: body.name,
        usesMax: body.usesMax,
        uses: 0,
        expiresAtMs: TEST_NOW_MS + body.validSeconds * 1_000,
        hostName: body.hostName ?? body.reissueFor,
        media: body.media,
        purpose: body.reissueFor === null ? 'enrol' : 'reissue',
      }),
      token: 'SAMPLE-TOKEN-NOT-A-SECRET',
    })),
    fakeRoute(listTokens, () => ({
      tokens: [token(), token({ state: 'used', name: '一台用', uses: 50 })],
      next: null,
    })),
    fakeRoute(deleteToken, ({ params }) =>
      found(
        [token({ state: 'deleted' })].find(({ id }) => id === params.id),
        'token',
        params.id,
      ),
    ),
    fakeRoute(listCertificates, () => ({
      certificates: [
        {
          fingerprint: FINGERPRINT,
          serial: '1f2e3d4c5b6a7988',
          issuerKeyId: FINGERPRINT,
          hostId: WEB,
          hostName: 'web-01.example.com',
          notBeforeMs: TEST_NOW_MS - DAY_MS,
          notAfterMs: TEST_NOW_MS + 364 * DAY_MS,
          issuedAtMs: TEST_NOW_MS - DAY_MS,
          revokedAtMs: null,
          reason: null,
        },
      ],
      next: null,
    })),
    fakeRoute(revokeHost, ({ params }) => ({
      host: oneHost(params.id),
      revoked: [],
      cutConnections: 2,
      revocation: 8,
    })),
    fakeRoute(listRevocations, () => ({ revocations: [REVOCATION], next: null })),
    fakeRoute(getRevocation, ({ params }) =>
      params.id === 7 ? REVOCATION : { ...REVOCATION, id: params.id, confirmed: 41, allAtMs: TEST_NOW_MS },
    ),
    fakeRoute(listUnconfirmed, () => ({
      hosts: [
        { id: STORE, name: '倉庫サーバー.example.jp', lastSeenAtMs: TEST_NOW_MS - 3 * HOUR_MS, crlNumber: 3 },
      ],
      next: null,
    })),
    fakeRoute(listAudit, ({ query }) => ({
      rows: [
        {
          seq: (query.before ?? 43) - 1,
          atMs: TEST_NOW_MS,
          category: 'TOKEN',
          act: 'create-token',
          actor: 'local',
          origin: 'socket',
          subject: 'branch office',
          outcome: 'done' as const,
          detail: {},
        },
        {
          seq: (query.before ?? 43) - 2,
          atMs: TEST_NOW_MS,
          category: 'TOKEN',
          act: 'refuse-token',
          actor: 'anonymous',
          origin: '192.0.2.7',
          subject: 'web-07',
          outcome: 'refused' as const,
          detail: { code: 'TOKEN_REFUSED', reason: 'expired', count: 12 },
        },
      ]
        .filter(({ outcome }) => query.outcome === undefined || outcome === query.outcome)
        .slice(0, query.limit),
      next: null,
    })),
  ];
}

const SECURITY = {
  level: 'high',
  requireForwardRecords: false,
  hostCertificateHours: 8760,
  mapAutomatically: true,
  insecureCommunication: true,
  staleCrl: 'level',
} as const;

/** One that a host has not confirmed yet. */
const REVOCATION = {
  id: 7,
  hostId: WEB,
  hostName: 'laptop-07.example.com',
  reason: 'keyCompromise',
  revokedBy: 'local',
  revokedAtMs: TEST_NOW_MS - 60_000,
  certificates: 1,
  crlNumber: TEST_NOW_MS - 59_000,
  listedAtMs: TEST_NOW_MS - 59_000,
  hosts: 41,
  confirmed: 40,
  halfAtMs: TEST_NOW_MS - 57_000,
  allAtMs: null,
} as const;

const known = (name: string) => ({
  name,
  registeredAtMs: TEST_NOW_MS,
  registeredBy: 'local',
  usedAtMs: null,
  hostId: null,
});
