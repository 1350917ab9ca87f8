import { MINUTE_MS, DAY_MS } from '@sekisho/core/time.ts';
import {
  addMapping,
  approveName,
  deleteMapping,
  explainPeers,
  listMappings,
  listPendingNames,
  rejectName,
  resetHost,
  type ExplainedCheck,
  type MappingView,
  type PendingView,
} from '@sekisho/core/wire/names.ts';
import { PEER_CHECKS, type PeerCheck } from '@sekisho/core/rules/peer.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { STORE, WEB } from './sample-ids.ts';

type Mapping = z.input<typeof listMappings.reply>['mappings'][number];
type Pending = z.input<typeof listPendingNames.reply>['pending'][number];

const WEB_HOST = { id: WEB, name: 'web-01.example.com' };
const STORE_HOST = { id: STORE, name: 'store-01' };

const mapping = (name: string, host: typeof WEB_HOST, kind: MappingView['kind']): Mapping => ({
  name,
  shown: name,
  warnings: [],
  host,
  kind,
  createdAtMs: TEST_NOW_MS - 10 * DAY_MS,
  lastSeenAtMs: kind === 'automatic' ? TEST_NOW_MS - DAY_MS : null,
});
const MAPPINGS: readonly Mapping[] = [
  mapping('192.0.2.7', WEB_HOST, 'automatic'),
  mapping('store-01', STORE_HOST, 'primary'),
  mapping('web-01.example.com', WEB_HOST, 'primary'),
  mapping('www.example.com', WEB_HOST, 'approved'),
];

const waiting = (over: Partial<Pending>): Pending => ({
  name: 'www.example.com',
  shown: 'www.example.com',
  warnings: [],
  host: STORE_HOST,
  owner: { ...WEB_HOST, kind: 'approved' },
  reason: 'taken',
  askedBy: WEB_HOST,
  state: 'pending',
  firstSeenAtMs: TEST_NOW_MS - DAY_MS,
  lastSeenAtMs: TEST_NOW_MS - 5 * MINUTE_MS,
  seen: 12,
  rejectedAtMs: null,
  rejectedBy: null,
  ...over,
});
const PENDING: readonly Pending[] = [
  waiting({}),
  waiting({
    name: 'xn--pypal-4ve.example',
    shown: 'p\u0430ypal.example',
    warnings: ['mixed-script'] satisfies PendingView['warnings'],
    owner: null,
    reason: 'map-off',
  }),
];

const DECIDED_BY: Readonly<Record<PeerCheck, ExplainedCheck['decidedBy']>> = {
  protocol: { kind: 'protocol', name: 'protocol', value: 'TLS' },
  chain: { kind: 'certificate', name: 'issuer', value: '4f'.repeat(20) },
  role: { kind: 'record', name: 'media', value: 'on' },
  domain: { kind: 'certificate', name: 'spiffe', value: `spiffe://${WEB}/host/${STORE}` },
  dates: { kind: 'certificate', name: 'notAfter', value: new Date(TEST_NOW_MS + 200 * DAY_MS).toISOString() },
  'revocation-list': {
    kind: 'list',
    name: 'crl',
    value: `12 ${new Date(TEST_NOW_MS + 5 * DAY_MS).toISOString()}`,
  },
  revocation: { kind: 'record', name: 'certificate', value: '0f'.repeat(10) },
  name: { kind: 'record', name: 'mapping', value: 'primary' },
};

const check = (name: PeerCheck): ExplainedCheck => ({
  check: name,
  outcome: 'passed',
  code: null,
  params: {},
  decidedBy: DECIDED_BY[name],
  command: null,
});
const refusedName: ExplainedCheck = {
  ...check('name'),
  outcome: 'failed',
  code: 'PEER_NAME_PENDING',
  params: { name: 'www.example.com', host: STORE },
  decidedBy: { kind: 'record', name: 'owner', value: WEB_HOST.name },
  command: `sekisho mapping approve www.example.com --host ${STORE_HOST.name} --move`,
};

/** Names of the sample domain: one conflict, one look-alike, and a name under which nobody may talk. */
export function nameSamples(oneHost: (id: string) => z.input<typeof resetHost.reply>['host']): FakeRoute[] {
  const after = { mappings: [mapping('www.example.com', STORE_HOST, 'approved')], pending: [] };
  return [
    fakeRoute(listMappings, ({ query }) => ({
      mappings: MAPPINGS.filter(({ kind }) => query.kind === undefined || kind === query.kind),
      next: null,
    })),
    fakeRoute(listPendingNames, () => ({ pending: [...PENDING], next: null })),
    fakeRoute(addMapping, ({ body }) => {
      if (body.how === null)
        throw new AppError('NAME_OF_OTHER_HOST', { name: body.name, owner: WEB_HOST.name });
      return after;
    }),
    fakeRoute(approveName, () => after),
    fakeRoute(rejectName, ({ body }) => {
      if (body.name !== 'www.example.com') return { mappings: [], pending: [] };
      throw new AppError('NAME_ALREADY_REJECTED', {
        name: body.name,
        host: STORE_HOST.name,
        by: 'head.office',
        at: new Date(TEST_NOW_MS - MINUTE_MS).toISOString(),
      });
    }),
    fakeRoute(deleteMapping, () => ({ mappings: [], pending: [] })),
    fakeRoute(resetHost, ({ params }) => ({
      host: oneHost(params.id),
      removedNames: ['192.0.2.7', 'www.example.com'],
    })),
    fakeRoute(explainPeers, ({ query }) => {
      if (query.from === 'nobody') throw new AppError('NOT_FOUND', { what: 'host', id: query.from });
      const refused = query.as === 'www.example.com';
      const checks = PEER_CHECKS.map((name) => (refused && name === 'name' ? refusedName : check(name)));
      const side = { decides: WEB_HOST, about: STORE_HOST, allow: !refused, checks };
      return {
        from: WEB_HOST,
        to: STORE_HOST,
        allow: !refused,
        sides: [
          { ...side, direction: 'dialled' as const, name: query.as ?? STORE_HOST.name },
          {
            direction: 'accepted' as const,
            decides: STORE_HOST,
            about: WEB_HOST,
            name: WEB_HOST.name,
            allow: true,
            checks: PEER_CHECKS.map(check),
          },
        ],
      };
    }),
  ];
}
