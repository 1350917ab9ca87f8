import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDomainId, parseHostId, parseTokenId, type HostId } from '../ids.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { SECURITY_LEVELS } from '../wire/trust.ts';
import {
  decideIssuance,
  recordedIssuance,
  type EnrolContext,
  type HostFacts,
  type RequestFacts,
} from './issuance.ts';
import type { TokenFacts } from './token.ts';

const must = <T>(value: T | undefined): T => {
  assert(value !== undefined);
  return value;
};
const domainId = must(parseDomainId('00000000-0000-4000-8000-00000000000d'));
const newHostId = must(parseHostId('00000000-0000-4000-8000-000000000001'));
const hostA = must(parseHostId('00000000-0000-4000-8000-00000000000a'));
const hostB = must(parseHostId('00000000-0000-4000-8000-00000000000b'));
const NOW = 1_700_000_000_000;

const token: TokenFacts = {
  id: must(parseTokenId('00000000-0000-4000-8000-0000000000cc')),
  purpose: 'enrol',
  usesMax: 1,
  uses: 0,
  expiresAtMs: NOW + DAY_MS,
  deletedAtMs: null,
  hostName: null,
  hostId: null,
  media: false,
};
const reissueToken: TokenFacts = { ...token, purpose: 'reissue', hostId: hostA };
const existing: HostFacts = {
  id: hostA,
  name: 'web1',
  names: ['web1', 'web1.example.com', '192.0.2.7'],
  media: false,
  reissueUntilMs: null,
  revoked: false,
  isServer: false,
};
const owned = new Map([...existing.names].map((name) => [name, hostA] as const));
const request: RequestFacts = { name: 'web1', furtherNames: [], uris: [], wantsMedia: false };
const base: EnrolContext = {
  kind: 'enrol',
  domainId,
  newHostId,
  security: { level: 'high', requireForwardRecords: false, hostCertificateHours: 8760 },
  issuerNotAfterMs: NOW + 3650 * DAY_MS,
  token: undefined,
  host: undefined,
  owners: new Map(),
  known: new Map(),
  forwardRecordsMatch: undefined,
};
const at = (level: (typeof SECURITY_LEVELS)[number], requireForwardRecords = false) => ({
  security: { level, requireForwardRecords, hostCertificateHours: 8760 },
});
const unused = new Map([['web1', false]]);
const used = new Map([['web1', true]]);
const withToken = (found: TokenFacts | undefined): Partial<EnrolContext> => ({ token: { found } });
const asHostA = { host: existing, owners: owned };

const asLegacyMedia = { host: { ...existing, media: true, isLegacy: true }, owners: owned };

type Case = readonly [
  sentence: string,
  request: Partial<RequestFacts>,
  context: Partial<EnrolContext>,
  outcome: string,
];
const cases: readonly Case[] = [
  [
    'T-12 T-18 a legacy media server is taken over by no token that is not for media servers',
    {},
    { ...asLegacyMedia, ...withToken(token) },
    'MEDIA_NOT_APPROVED',
  ],
  [
    'T-12 T-17 T-18 nor by a file whose signer does not say so',
    {},
    { ...asLegacyMedia, manual: { media: false } },
    'MEDIA_NOT_APPROVED',
  ],
  [
    'T-12 T-18 and a token for media servers upgrades it',
    {},
    { ...asLegacyMedia, ...withToken({ ...token, media: true }) },
    'token media',
  ],
  [
    'T-17 T-18 as does a file whose signer says so',
    {},
    { ...asLegacyMedia, manual: { media: true } },
    'manual media',
  ],
  // T-61: through the tunnel of a media server
  [
    'T-61 T-12 medium asks for a token through a tunnel',
    {},
    { ...at('medium'), isRelayed: true },
    'TUNNEL_TOKEN_REQUIRED',
  ],
  [
    'T-61 T-12 a known host needs a token through a tunnel',
    {},
    { ...at('high'), known: unused, isRelayed: true },
    'TUNNEL_TOKEN_REQUIRED',
  ],
  [
    'T-61 T-16 an allowed reissue needs a token through a tunnel',
    {},
    { ...at('high'), host: { ...existing, reissueUntilMs: NOW + 1 }, owners: owned, isRelayed: true },
    'TUNNEL_TOKEN_REQUIRED',
  ],
  [
    'T-61 T-12 forward records do not help through a tunnel',
    {},
    { ...at('medium', true), forwardRecordsMatch: true, isRelayed: true },
    'TUNNEL_TOKEN_REQUIRED',
  ],
  [
    'T-61 a token approves through a tunnel too',
    {},
    { ...at('very-high'), ...withToken(token), isRelayed: true },
    'token',
  ],
  [
    'T-61 T-14 a reissue token approves through a tunnel too',
    {},
    { ...asHostA, ...withToken(reissueToken), isRelayed: true },
    'reissue-token',
  ],
  // T-12: the three levels
  ['T-12 medium needs no token', {}, at('medium'), 'level-medium'],
  [
    'T-12 medium asks for a token when the forward records lack the address',
    {},
    { ...at('medium', true), forwardRecordsMatch: false },
    'TOKEN_REQUIRED',
  ],
  [
    'T-12 medium asks for a token when the forward records could not be read',
    {},
    at('medium', true),
    'TOKEN_REQUIRED',
  ],
  [
    'T-12 medium goes on when the forward records fit',
    {},
    { ...at('medium', true), forwardRecordsMatch: true },
    'level-medium',
  ],
  ['T-12 high refuses an unknown host without a token', {}, at('high'), 'TOKEN_REQUIRED'],
  ['T-12 high lets a known host in without a token', {}, { ...at('high'), known: unused }, 'known-host'],
  [
    'T-12 the name of a known host is case-folded',
    { name: 'WEB1' },
    { ...at('high'), known: unused },
    'known-host',
  ],
  ['T-12 a known host comes in once', {}, { ...at('high'), known: used }, 'TOKEN_REQUIRED'],
  [
    'T-12 very high refuses a known host without a token',
    {},
    { ...at('very-high'), known: unused },
    'TOKEN_REQUIRED',
  ],
  ['T-12 very high lets a token in', {}, { ...at('very-high'), ...withToken(token) }, 'token'],
  [
    'T-12 a known host gets no media role without a token',
    { wantsMedia: true },
    { known: unused },
    'TOKEN_REQUIRED',
  ],
  ['T-12 medium gives no media role without a token', { wantsMedia: true }, at('medium'), 'TOKEN_REQUIRED'],
  // T-13: tokens
  [
    'T-13 a wrong token is refused, also where none is needed',
    {},
    { ...at('medium'), ...withToken(undefined) },
    'TOKEN_REFUSED unknown',
  ],
  [
    'T-13 an expired token is refused',
    {},
    withToken({ ...token, expiresAtMs: NOW }),
    'TOKEN_REFUSED expired',
  ],
  ['T-13 a used-up token is refused', {}, withToken({ ...token, uses: 1 }), 'TOKEN_REFUSED used-up'],
  ['T-13 a deleted token is refused', {}, withToken({ ...token, deletedAtMs: 1 }), 'TOKEN_REFUSED deleted'],
  [
    'T-13 a token of another host name is refused',
    {},
    withToken({ ...token, hostName: 'db1' }),
    'TOKEN_REFUSED foreign',
  ],
  [
    'a token with the media role approves it',
    { wantsMedia: true },
    withToken({ ...token, media: true }),
    'token media',
  ],
  [
    'a token with the media role gives none that was not asked for',
    {},
    withToken({ ...token, media: true }),
    'token',
  ],
  [
    'a token without the media role does not approve it',
    { wantsMedia: true },
    withToken(token),
    'MEDIA_NOT_APPROVED',
  ],
  // T-14: reissue tokens
  [
    'T-14 a reissue token gives the host a new certificate',
    {},
    { ...asHostA, ...withToken(reissueToken) },
    'reissue-token',
  ],
  [
    'T-14 a request by host ID means that host',
    { name: hostA },
    { ...asHostA, ...withToken(reissueToken) },
    'reissue-token',
  ],
  [
    'T-14 a reissue token for another host is refused',
    { name: 'db1' },
    { ...asHostA, ...withToken(reissueToken) },
    'TOKEN_REFUSED foreign',
  ],
  ['T-14 a reissue token is refused for a new name', {}, withToken(reissueToken), 'TOKEN_REFUSED foreign'],
  [
    'T-14 a reissue token keeps the media role',
    {},
    { ...asHostA, host: { ...existing, media: true }, ...withToken(reissueToken) },
    'reissue-token media',
  ],
  [
    'T-14 a reissue token brings no media role',
    { wantsMedia: true },
    { ...asHostA, ...withToken(reissueToken) },
    'MEDIA_NOT_APPROVED',
  ],
  [
    'T-43 a revoked host comes back with a reissue token',
    {},
    { ...asHostA, host: { ...existing, revoked: true }, ...withToken(reissueToken) },
    'reissue-token',
  ],
  [
    'the management server is never reissued',
    {},
    { ...asHostA, host: { ...existing, isServer: true }, ...withToken(reissueToken) },
    'TOKEN_REFUSED foreign',
  ],
  // T-15: names
  [
    'T-15 a name that is mapped to another host ID is refused',
    {},
    { ...withToken(token), owners: new Map([['web1', hostB]]) },
    'HOST_NAME_TAKEN',
  ],
  [
    'T-15 an enrolment token takes no name of a host',
    {},
    { ...asHostA, ...withToken(token) },
    'HOST_NAME_TAKEN',
  ],
  [
    'T-15 an enrolment token takes no name of a host, even if that is mapped to nobody',
    {},
    { host: existing, ...withToken(token) },
    'HOST_NAME_TAKEN',
  ],
  [
    'T-15 a further name that is mapped to another host ID is refused',
    { furtherNames: ['DB1'] },
    { ...withToken(token), owners: new Map([['db1', hostB]]) },
    'HOST_NAME_TAKEN',
  ],
  [
    'T-15 a further name of another host is refused on reissue',
    { furtherNames: ['db1'] },
    { ...asHostA, owners: new Map<string, HostId>([...owned, ['db1', hostB]]), ...withToken(reissueToken) },
    'HOST_NAME_TAKEN',
  ],
  [
    'T-15 a name that is not valid is refused',
    { name: '*.example.com' },
    withToken(token),
    'HOST_NAME_INVALID',
  ],
  [
    'T-15 a further name that is not valid is refused',
    { furtherNames: ['a b'] },
    withToken(token),
    'HOST_NAME_INVALID',
  ],
  [
    'T-15 a loopback name is refused',
    { furtherNames: ['127.0.0.1'] },
    withToken(token),
    'HOST_NAME_RESERVED',
  ],
  [
    'T-15 too many names are refused',
    { furtherNames: Array.from({ length: 33 }, (_, n) => `n${n}.example`) },
    withToken(token),
    'HOST_NAMES_TOO_MANY',
  ],
  [
    'a host at medium takes no further name that is registered for another',
    { furtherNames: ['db1'] },
    { ...at('medium'), known: new Map([['db1', false]]) },
    'HOST_NAME_RESERVED',
  ],
  [
    "T-15 a request that names another host's SPIFFE ID is refused",
    { uris: [`spiffe://${domainId}/host/${hostB}`] },
    withToken(token),
    'HOST_NAME_INVALID',
  ],
  [
    'a reissue may name its own SPIFFE ID',
    { uris: [`spiffe://${domainId}/host/${hostA}`] },
    { ...asHostA, ...withToken(reissueToken) },
    'reissue-token',
  ],
  [
    'T-14 a reissue token that approves the media role gives it when it is asked for',
    { wantsMedia: true },
    { ...asHostA, ...withToken({ ...reissueToken, media: true }) },
    'reissue-token media',
  ],
  [
    'T-14 a reissue token that approves the media role gives none that was not asked for',
    {},
    { ...asHostA, ...withToken({ ...reissueToken, media: true }) },
    'reissue-token',
  ],
  [
    'T-16 automatic reissue gives no media role',
    { wantsMedia: true },
    { ...asHostA, host: { ...existing, reissueUntilMs: NOW + 1 } },
    'reissue-allowed',
  ],
  [
    'T-16 automatic reissue never applies to the management server',
    {},
    { ...asHostA, host: { ...existing, isServer: true, reissueUntilMs: NOW + 1 } },
    'HOST_NAME_TAKEN',
  ],
  [
    'T-15 thirty-two names are accepted',
    { furtherNames: Array.from({ length: 31 }, (_, n) => `n${n}.example`) },
    withToken(token),
    'token',
  ],
  [
    'T-15 thirty-two further names are one too many',
    { furtherNames: Array.from({ length: 32 }, (_, n) => `n${n}.example`) },
    withToken(token),
    'HOST_NAMES_TOO_MANY',
  ],
  [
    'T-15 a name that is repeated counts once',
    { furtherNames: ['WEB1', ...Array.from({ length: 31 }, (_, n) => `n${n}.example`)] },
    withToken(token),
    'token',
  ],
  ['T-12 a known host comes in at medium, too', {}, { ...at('medium'), known: unused }, 'known-host'],
  [
    'T-12 a known host at medium needs fitting forward records, too',
    {},
    { ...at('medium', true), known: unused, forwardRecordsMatch: false },
    'TOKEN_REQUIRED',
  ],
  [
    'T-12 a registered name that was used up is no reason against a further name at medium',
    { furtherNames: ['db1'] },
    { ...at('medium'), known: new Map([['db1', true]]) },
    'level-medium',
  ],
  [
    'T-15 its own SPIFFE ID beside a foreign one does not help',
    { uris: [`spiffe://${domainId}/host/${hostA}`, 'spiffe://other/host/1'] },
    { ...asHostA, ...withToken(reissueToken) },
    'HOST_NAME_INVALID',
  ],
  [
    'T-14 the ID of a host that is not there is no name',
    { name: hostA },
    withToken(token),
    'HOST_NAME_INVALID',
  ],
  // T-16, T-43
  ['a host that had a certificate needs a reissue token', {}, asHostA, 'REISSUE_TOKEN_REQUIRED'],
  [
    'a host that had a certificate needs a reissue token at medium too',
    {},
    { ...asHostA, ...at('medium') },
    'REISSUE_TOKEN_REQUIRED',
  ],
  [
    'T-16 automatic reissue needs no token',
    {},
    { ...asHostA, host: { ...existing, reissueUntilMs: NOW + 1 } },
    'reissue-allowed',
  ],
  [
    'T-16 automatic reissue holds at very high too',
    {},
    { ...asHostA, ...at('very-high'), host: { ...existing, reissueUntilMs: NOW + 1 } },
    'reissue-allowed',
  ],
  [
    'T-16 automatic reissue ends',
    {},
    { ...asHostA, host: { ...existing, reissueUntilMs: NOW } },
    'REISSUE_TOKEN_REQUIRED',
  ],
  [
    'T-43 automatic reissue never applies to a revoked host',
    {},
    { ...asHostA, host: { ...existing, reissueUntilMs: NOW + 1, revoked: true } },
    'REISSUE_TOKEN_REQUIRED',
  ],
  [
    'automatic reissue never applies to a media server',
    {},
    { ...asHostA, host: { ...existing, reissueUntilMs: NOW + 1, media: true } },
    'REISSUE_TOKEN_REQUIRED',
  ],
  [
    "nobody enrols under the management server's name",
    {},
    { ...asHostA, ...at('medium'), host: { ...existing, isServer: true } },
    'HOST_NAME_TAKEN',
  ],
];
for (const [sentence, facts, context, outcome] of cases) {
  test(sentence, () => {
    const decision = decideIssuance({ ...request, ...facts }, { ...base, ...context }, NOW);
    const said = decision.allow
      ? `${decision.basis}${decision.plan.media ? ' media' : ''}`
      : `${decision.code}${decision.adminReason === undefined ? '' : ` ${decision.adminReason}`}`;
    assert.equal(said, outcome);
  });
}

const told: readonly (readonly [
  code: string,
  request: Partial<RequestFacts>,
  context: Partial<EnrolContext>,
  params: Readonly<Record<string, string | number>>,
])[] = [
  ['TOKEN_REQUIRED', {}, at('high'), { name: 'web1', level: 'high' }],
  ['TOKEN_REQUIRED', { wantsMedia: true }, at('medium'), { name: 'web1', level: 'medium' }],
  ['TUNNEL_TOKEN_REQUIRED', {}, { ...at('medium'), isRelayed: true }, { name: 'web1' }],
  ['HOST_NAME_TAKEN', {}, { ...withToken(token), weak: new Map([['web1', 'shared']]) }, { name: 'web1' }],
  ['TOKEN_REFUSED', {}, withToken(undefined), {}],
  ['TOKEN_REFUSED', {}, withToken(reissueToken), {}],
  ['HOST_NAME_TAKEN', {}, { ...withToken(token), owners: new Map([['web1', hostB]]) }, { name: 'web1' }],
  [
    'HOST_NAME_TAKEN',
    { furtherNames: ['DB1'] },
    { ...withToken(token), owners: new Map([['db1', hostB]]) },
    { name: 'db1' },
  ],
  [
    'HOST_NAME_TAKEN',
    { furtherNames: ['db1'] },
    { ...asHostA, owners: new Map<string, HostId>([...owned, ['db1', hostB]]), ...withToken(reissueToken) },
    { name: 'db1' },
  ],
  ['HOST_NAME_TAKEN', {}, { ...asHostA, host: { ...existing, isServer: true } }, { name: 'web1' }],
  ['MEDIA_NOT_APPROVED', { wantsMedia: true }, withToken(token), { name: 'web1' }],
  ['MEDIA_NOT_APPROVED', { wantsMedia: true }, { manual: { media: false } }, { name: 'web1' }],
  ['MEDIA_NOT_APPROVED', { wantsMedia: true }, { ...asHostA, ...withToken(reissueToken) }, { name: 'web1' }],
  ['REISSUE_TOKEN_REQUIRED', {}, asHostA, { name: 'web1' }],
  ['HOST_NAME_INVALID', { uris: ['spiffe://x y'] }, withToken(token), { name: 'spiffe://x?y' }],
  ['HOST_NAME_INVALID', { name: '*' }, withToken(token), { name: '*' }],
  ['HOST_NAME_INVALID', { furtherNames: ['a b'] }, withToken(token), { name: 'a?b' }],
  [
    'HOST_NAME_RESERVED',
    { furtherNames: ['x.example', 'db1'] },
    { ...at('medium'), known: new Map([['db1', false]]) },
    { name: 'db1' },
  ],
  ...[32, 33].map(
    (length) =>
      [
        'HOST_NAMES_TOO_MANY',
        { furtherNames: Array.from({ length }, (_, n) => `n${n}.example`) },
        withToken(token),
        { limit: 32 },
      ] as const,
  ),
];
for (const [index, [code, facts, context, params]] of told.entries()) {
  test(`T-15 the refusal ${code} (${index + 1}) says what it is about`, () => {
    const decision = decideIssuance({ ...request, ...facts }, { ...base, ...context }, NOW);
    assert(!decision.allow);
    assert.deepEqual([decision.code, decision.params], [code, params]);
  });
}

test('T-01 a domain is born with a host certificate for its server, of any names that are valid', () => {
  const birth = { ...base, kind: 'birth', newHostId } as const;
  const decision = decideIssuance({ ...request, furtherNames: ['192.0.2.7'], wantsMedia: true }, birth, NOW);
  assert(decision.allow);
  assert.deepEqual(
    [decision.basis, decision.plan.hostId, decision.plan.dns, decision.plan.ips, decision.plan.media],
    ['birth', newHostId, ['web1'], ['192.0.2.7'], false],
  );
  assert.deepEqual(
    [decision.newHost, decision.replacesOld, decision.namesNotGranted],
    [{ name: 'web1', names: ['web1', '192.0.2.7'] }, false, []],
  );
  const invalid = decideIssuance({ ...request, name: '*' }, birth, NOW);
  assert.equal(invalid.allow || invalid.code, 'HOST_NAME_INVALID');
});

test('T-03 no validity is longer than 825 days, the ten minutes back included', () => {
  const security = { ...base.security, hostCertificateHours: 825 * 24 };
  const decision = decideIssuance(request, { ...base, security, ...withToken(token) }, NOW);
  assert(decision.allow);
  assert.equal(decision.plan.notAfterMs, NOW - 600_000 + 825 * 86_400_000);
});

test('T-03 the plan names the host ID, its names, and a year from ten minutes ago', () => {
  const decision = decideIssuance(
    { ...request, furtherNames: ['Web1.Example.com', '192.0.2.7', 'web1'] },
    { ...base, ...withToken(token) },
    NOW,
  );
  assert(decision.allow);
  assert.deepEqual(
    { ...decision.plan },
    {
      hostId: newHostId,
      domainId,
      dns: ['web1', 'web1.example.com'],
      ips: ['192.0.2.7'],
      media: false,
      notBeforeMs: NOW - 600_000,
      notAfterMs: NOW + 8760 * HOUR_MS,
    },
  );
  assert.deepEqual(decision.newHost, { name: 'web1', names: ['web1', 'web1.example.com', '192.0.2.7'] });
});

test('T-12 a known host gets the registered name alone', () => {
  const decision = decideIssuance({ ...request, furtherNames: ['db1'] }, { ...base, known: unused }, NOW);
  assert(decision.allow);
  assert.deepEqual(decision.plan.dns, ['web1']);
  assert.deepEqual(decision.namesNotGranted, ['db1']);
});

test('T-12 a known host gets the registered name alone at medium, too', () => {
  const decision = decideIssuance(
    { ...request, furtherNames: ['db1'] },
    { ...base, ...at('medium'), known: unused },
    NOW,
  );
  assert(decision.allow);
  assert.deepEqual([decision.plan.dns, decision.namesNotGranted], [['web1'], ['db1']]);
});

test('T-13 a token that is bound to a name approves that name alone', () => {
  const decision = decideIssuance(
    { ...request, furtherNames: ['db1'] },
    { ...base, ...withToken({ ...token, hostName: 'web1' }) },
    NOW,
  );
  assert(decision.allow);
  assert.deepEqual(decision.newHost, { name: 'web1', names: ['web1'] });
  assert.deepEqual([decision.replacesOld, decision.namesNotGranted], [false, ['db1']]);
});

test('T-08 validity stays inside the issuer', () => {
  const issuerNotAfterMs = NOW + DAY_MS;
  const decision = decideIssuance(request, { ...base, issuerNotAfterMs, ...withToken(token) }, NOW);
  assert(decision.allow);
  assert.equal(decision.plan.notAfterMs, issuerNotAfterMs);
});

test('T-14 a reissue keeps host ID and approved names, and replaces what was there', () => {
  const decision = decideIssuance(
    { ...request, furtherNames: ['new.example'] },
    { ...base, ...asHostA, ...withToken(reissueToken) },
    NOW,
  );
  assert(decision.allow);
  assert.equal(decision.plan.hostId, hostA);
  assert.deepEqual(decision.plan.dns, ['web1', 'web1.example.com']);
  assert.deepEqual(decision.namesNotGranted, ['new.example']);
  assert.deepEqual([decision.replacesOld, decision.newHost], [true, undefined]);
});

test('T-04 a renewal takes names and role from the registry', () => {
  const decision = decideIssuance(
    { ...request, wantsMedia: true },
    { ...base, kind: 'renew', host: existing, namesMatch: true },
    NOW,
  );
  assert(decision.allow);
  assert.equal(decision.plan.media, false);
  assert.deepEqual([...decision.plan.dns, ...decision.plan.ips], existing.names);
});

test('T-04 a renewal makes no new host, and takes nothing from the old certificate', () => {
  const context = { ...base, kind: 'renew', host: { ...existing, media: true }, namesMatch: true } as const;
  const decision = decideIssuance(request, context, NOW);
  assert(decision.allow);
  const { basis, newHost, replacesOld, namesNotGranted, plan } = decision;
  assert.deepEqual(
    { basis, newHost, replacesOld, namesNotGranted, media: plan.media },
    { basis: 'certificate', newHost: undefined, replacesOld: false, namesNotGranted: [], media: true },
  );
});

test('T-03 a name of the registry that would not be approved today is left out', () => {
  const host = { ...existing, names: ['web1', 'not a name', '192.0.2.7'] };
  const decision = decideIssuance(request, { ...base, kind: 'renew', host, namesMatch: true }, NOW);
  assert(decision.allow);
  assert.deepEqual([decision.plan.dns, decision.plan.ips], [['web1'], ['192.0.2.7']]);
});

for (const [sentence, host, namesMatch, code] of [
  ['T-06 a renewal with other names is refused', existing, false, 'RENEWAL_NAMES_DIFFER'],
  ['T-43 a revoked host does not renew', { ...existing, revoked: true }, true, 'REISSUE_TOKEN_REQUIRED'],
] as const) {
  test(sentence, () => {
    const decision = decideIssuance(request, { ...base, kind: 'renew', host, namesMatch }, NOW);
    assert.equal(decision.allow ? '' : decision.code, code);
    assert.deepEqual(decision.allow || decision.params, { name: 'web1' });
  });
}

const recorded = {
  hostId: newHostId,
  domainId,
  dns: ['web1'],
  ips: [],
  media: false,
  notBeforeMs: 1,
  notAfterMs: 2,
};
for (const [what, change] of [
  ['another host ID', { hostId: 'x' }],
  ['another domain', { domainId: 'x' }],
  ['no names', { dns: undefined }],
  ['names that are none', { dns: [1] }],
  ['too many names', { dns: Array<string>(33).fill('x') }],
  ['addresses that are none', { ips: [1] }],
  ['too many addresses', { ips: Array<string>(33).fill('x') }],
  ['a role that is none', { media: 'yes' }],
  ['a beginning between two milliseconds', { notBeforeMs: 0.5 }],
  ['no end', { notAfterMs: undefined }],
] as const) {
  test(`T-08 a recorded plan with ${what} is not signed`, () => {
    assert.deepEqual({ ...recordedIssuance(recorded) }, recorded);
    assert.throws(() => recordedIssuance({ ...recorded, ...change }));
  });
}

test('a recorded plan comes back as it was', () => {
  const decision = decideIssuance(request, { ...base, ...withToken(token) }, NOW);
  assert(decision.allow);
  const parsed: unknown = JSON.parse(JSON.stringify(decision.plan));
  assert.deepEqual(recordedIssuance(parsed), decision.plan);
  assert.throws(() => recordedIssuance({ ...decision.plan, hostId: 'x' }));
});

const anyContext = fc.record({
  level: fc.constantFrom(...SECURITY_LEVELS),
  requireForwardRecords: fc.boolean(),
  forwardRecordsMatch: fc.constantFrom(undefined, true, false),
  known: fc.constantFrom(new Map<string, boolean>(), unused, used),
  host: fc.constantFrom(
    undefined,
    existing,
    { ...existing, revoked: true },
    { ...existing, reissueUntilMs: NOW + 1 },
    { ...existing, media: true, reissueUntilMs: NOW + 1 },
  ),
  token: fc.constantFrom(
    undefined,
    undefined,
    token,
    reissueToken,
    { ...token, media: true },
    { ...token, uses: 1 },
    { ...token, hostName: 'db1' },
  ),
  wantsMedia: fc.boolean(),
  furtherNames: fc.array(fc.constantFrom('web1', 'db1', 'x.example', '192.0.2.9', '*'), { maxLength: 4 }),
});

test('T-12 whatever the request, a tokenless one never gets the media role, and a name never changes its host', () => {
  fc.assert(
    fc.property(anyContext, (made) => {
      const owners = new Map<string, HostId>([['db1', hostB], ...(made.host === undefined ? [] : owned)]);
      const decision = decideIssuance(
        { name: 'web1', furtherNames: made.furtherNames, uris: [], wantsMedia: made.wantsMedia },
        {
          ...base,
          security: {
            level: made.level,
            requireForwardRecords: made.requireForwardRecords,
            hostCertificateHours: 24,
          },
          forwardRecordsMatch: made.forwardRecordsMatch,
          known: made.known,
          host: made.host,
          owners,
          token: made.token === undefined ? undefined : { found: made.token },
        },
        NOW,
      );
      if (!decision.allow) return true;
      const names = [...decision.plan.dns, ...decision.plan.ips];
      assert(names.every((name) => (owners.get(name) ?? decision.plan.hostId) === decision.plan.hostId));
      if (made.token === undefined) {
        assert.equal(decision.plan.media, false);
        assert.notEqual(decision.basis === 'level-medium' && made.level !== 'medium', true);
        assert(made.level !== 'very-high' || decision.basis === 'reissue-allowed');
        assert(made.host?.revoked !== true);
      }
      if (made.host !== undefined) assert.equal(decision.plan.hostId, hostA);
      return true;
    }),
    { numRuns: 2000 },
  );
});

const tokenGiven: EnrolContext = { ...base, token: { found: token } };
const weakly = (weak: 'shared' | 'automatic'): Pick<EnrolContext, 'weak'> => ({
  weak: new Map([['web1', weak]]),
});

test('T-31 a name that was only mapped automatically yields to a token', () => {
  const decision = decideIssuance(request, { ...tokenGiven, ...weakly('automatic') }, NOW);
  assert.equal(decision.allow, true);
  assert.deepEqual(decision.allow && decision.newHost?.names, ['web1']);
});

test('T-31 T-12 without a token it yields to nobody, at no level, known or not', () => {
  for (const level of SECURITY_LEVELS)
    for (const known of [new Map<string, boolean>(), new Map([['web1', false]])]) {
      const security = { ...base.security, level };
      const context = { ...base, security, known, ...weakly('automatic') };
      const decision = decideIssuance(request, context, NOW);
      assert.equal(decision.allow || decision.code, 'HOST_NAME_TAKEN');
    }
});

test('T-15 T-20 a name that several share is nobody’s primary name', () => {
  const decision = decideIssuance(request, { ...tokenGiven, ...weakly('shared') }, NOW);
  assert.equal(decision.allow || decision.code, 'HOST_NAME_TAKEN');
});

test('T-15 T-20 asked for beside others a shared name is neither refused nor granted', () => {
  const asked = { ...request, name: 'node1', furtherNames: ['web1', 'node1.example'] };
  const decision = decideIssuance(asked, { ...tokenGiven, ...weakly('shared') }, NOW);
  assert(decision.allow);
  assert.deepEqual(decision.newHost?.names, ['node1', 'node1.example']);
  assert.deepEqual(decision.namesNotGranted, ['web1']);
  assert.deepEqual(decision.plan.dns, ['node1', 'node1.example']);
});

test('T-17 an administrator who has the request in hand approves a new host at every level, and nothing else', () => {
  const manual = { manual: { media: false } };
  for (const level of SECURITY_LEVELS) {
    const decision = decideIssuance(request, { ...base, ...at(level), ...manual }, NOW);
    assert.equal(decision.allow && decision.basis, 'manual');
  }
  const code = (over: Partial<EnrolContext>, asked: Partial<RequestFacts> = {}): unknown => {
    const decision = decideIssuance({ ...request, ...asked }, { ...base, ...manual, ...over }, NOW);
    return decision.allow ? decision.basis : decision.code;
  };
  assert.equal(code({}, { wantsMedia: true }), 'MEDIA_NOT_APPROVED');
  assert.equal(code({ manual: { media: true } }, { wantsMedia: true }), 'manual');
  assert.equal(code(asHostA), 'REISSUE_TOKEN_REQUIRED', 'a host that has an ID needs a reissue token');
  const revoked = { ...existing, revoked: true, reissueUntilMs: NOW + DAY_MS };
  assert.equal(code({ host: revoked, owners: owned }), 'REISSUE_TOKEN_REQUIRED', 'T-43');
  assert.equal(code({ owners: new Map([['web1', hostB]]) }), 'HOST_NAME_TAKEN');
  assert.equal(code({ weak: new Map([['web1', 'automatic']]) }), 'manual');
  assert.equal(code({ weak: new Map([['web1', 'shared']]) }), 'HOST_NAME_TAKEN');
  assert.equal(code(withToken(undefined)), 'TOKEN_REFUSED', 'a wrong token is not made good by the file');
  assert.equal(code(withToken(token)), 'token');
});
