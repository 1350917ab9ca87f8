import { AppError } from '@sekisho/core/errors.ts';
import * as wire from '@sekisho/core/wire/server-lists.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { GROUP } from './sample-ids.ts';

type View = z.input<typeof wire.serverListView>;
const SERVER = '22222222-2222-4222-8222-222222222222';
const STANDARD = '81111111-1111-4111-8111-111111111111';
const OSAKA = '82222222-2222-4222-8222-222222222222';
const PACKAGE_CA = 'ab'.repeat(32);

const entry = (address: string, priority = 1): View['servers'][number] => ({
  priority,
  serverId: SERVER,
  address,
  port: 13_000,
  protocol: 'https',
  acceptedKeys: [],
  instanceId: null,
});
const LISTS: View[] = [
  {
    id: STANDARD,
    name: 'default',
    isDefault: true,
    revision: 1,
    servers: [{ ...entry('backup.example.com'), instanceId: 'a' }],
    groups: [],
    hosts: 12,
    holding: 11,
    serial: 7,
    createdAtMs: TEST_NOW_MS,
    createdBy: 'server',
    changedAtMs: TEST_NOW_MS,
  },
  {
    id: OSAKA,
    name: 'Osaka',
    pinnedKeys: ['0c'.repeat(32), 'd1'.repeat(32)],
    isDefault: false,
    revision: 3,
    servers: [entry('osaka.example.com'), entry('tokyo.example.com', 2)],
    groups: [{ id: GROUP, name: 'Tokyo' }],
    hosts: 3,
    holding: 3,
    serial: 9,
    createdAtMs: TEST_NOW_MS,
    createdBy: 'office',
    changedAtMs: TEST_NOW_MS,
  },
  {
    id: '83333333-3333-4333-8333-333333333333',
    name: 'old',
    isDefault: false,
    revision: 1,
    servers: [{ ...entry('old.example.com'), port: 8014, protocol: 'http' }],
    groups: [],
    hosts: 0,
    holding: 0,
    serial: 3,
    createdAtMs: TEST_NOW_MS,
    createdBy: 'office',
    changedAtMs: TEST_NOW_MS,
  },
];
const [standard, osaka] = LISTS as [View, View];

function one(id: string): View {
  const list = LISTS.find((candidate) => candidate.id === id);
  if (list === undefined) throw new AppError('NOT_FOUND', { what: 'list', id });
  return list;
}

const reached = (servers: readonly { address: string; port: number }[]) =>
  servers.map(({ address, port }) => ({
    server: `${address}:${port}`,
    state: 'reachable' as const,
    code: null,
    params: {},
  }));
const NOBODY = { hosts: 0, named: [] };

/** What the sample server says of a list that hosts would get. `gone.example.com` is one that nobody reaches. */
function judged(
  list: View,
  hosts: number,
  acceptUnreachable: boolean | undefined,
): z.input<typeof wire.listEffect> {
  const gone = list.servers.filter(({ address }) => address === 'gone.example.com');
  if (gone.length === list.servers.length && hosts > 0 && acceptUnreachable !== true)
    throw new AppError('SERVER_LIST_UNREACHABLE', {
      name: list.name,
      detail: 'gone.example.com:13000 (ECONNREFUSED)',
    });
  return {
    hosts,
    named: ['db-01', 'db-02', 'web-01'].slice(0, hosts),
    elsewhere: hosts > 0 ? { hosts: 1, named: ['db-02'] } : NOBODY,
    entries: reached(list.servers),
    warnings: list.servers.some(({ protocol }) => protocol === 'http')
      ? [{ code: 'SERVER_LIST_HAS_HTTP', params: { servers: 'osaka.example.com:8014' } }]
      : [],
  };
}

/** The list that servers fill, and one by hand that a group has. */
export const serverListSamples = (): FakeRoute[] => [
  fakeRoute(wire.listServerLists, () => ({ lists: LISTS })),
  fakeRoute(wire.getServerList, ({ params }) => one(params.id)),
  fakeRoute(wire.createServerList, ({ body }) => {
    if (LISTS.some(({ name }) => name === body.name))
      throw new AppError('SERVER_LIST_NAME_TAKEN', { name: body.name });
    const servers = body.servers?.map((server) => ({ ...server, instanceId: null })) ?? standard.servers;
    const list = { ...osaka, name: body.name, servers, groups: [], hosts: 0, holding: 0, revision: 1 };
    return { list, effect: judged(list, 0, body.acceptUnreachable) };
  }),
  fakeRoute(wire.replaceServerList, ({ params, body }) => {
    const before = one(params.id);
    if (before.isDefault && body.name !== undefined)
      throw new AppError('SERVER_LIST_DEFAULT', { name: before.name });
    const servers = body.servers?.map((server) => ({ ...server, instanceId: null })) ?? before.servers;
    const twice = new Set(servers.map(({ address, port }) => `${address}:${port}`)).size < servers.length;
    if (twice) throw new AppError('SERVER_LIST_SERVER_TWICE', { server: 'osaka.example.com:13000' });
    const list = { ...before, name: body.name ?? before.name, servers, revision: before.revision + 1 };
    return { list, effect: judged(list, body.servers === undefined ? 0 : 3, body.acceptUnreachable) };
  }),
  fakeRoute(wire.deleteServerList, ({ params }) => {
    const { id, name, groups, isDefault } = one(params.id);
    if (isDefault) throw new AppError('SERVER_LIST_DEFAULT', { name });
    if (groups.length === 0) return { deleted: id };
    throw new AppError('SERVER_LIST_ASSIGNED', {
      name,
      groups: groups.map((group) => group.name).join(', '),
    });
  }),
  fakeRoute(wire.assignServerList, ({ params, body }) => {
    const list = one(params.id);
    if (list.isDefault) throw new AppError('SETTING_LOCKED', { name: 'Tokyo', setting: 'list', by: 'All' });
    return { list, effect: judged(list, 3, body.acceptUnreachable) };
  }),
  fakeRoute(wire.unassignServerList, ({ params }) => {
    const { name, isDefault } = one(params.id);
    if (isDefault) throw new AppError('SERVER_LIST_NOT_ASSIGNED', { name, group: 'Tokyo' });
    return { effect: judged(standard, 3, true) };
  }),
  fakeRoute(wire.exportServerList, ({ params }) => {
    const { name, servers } = one(params.id);
    return {
      format: 'sekisho-server-list' as const,
      version: 1 as const,
      domain: SERVER,
      name,
      servers: servers.map(({ instanceId: _, ...server }) => server),
    };
  }),
  fakeRoute(wire.importServerList, ({ body }) => {
    if (!body.file.startsWith('{')) throw new AppError('SERVER_LIST_FILE_INVALID', { detail: 'JSON' });
    const list = { ...osaka, name: body.name ?? 'Osaka' };
    return { list, effect: judged(list, body.into === undefined ? 0 : 3, body.acceptUnreachable) };
  }),
  fakeRoute(wire.exportPackage, ({ params }) => ({
    file: '{}\n',
    caFingerprint: PACKAGE_CA,
    generation: 4,
    listSerial: one(params.id).serial,
    servers: ['backup.example.com:13000'],
  })),
];
