import { AppError } from '@sekisho/core/errors.ts';
import { HEARTBEAT_SECONDS_MAX, HEARTBEAT_SECONDS_MIN } from '@sekisho/core/limits.ts';
import { decideSwitchOff } from '@sekisho/core/rules/verification.ts';
import * as wire from '@sekisho/core/wire/groups.ts';
import { listUnverified, switchVerification } from '@sekisho/core/wire/switch-verification.ts';
import type { z } from 'zod';
import { fakeRoute, type FakeRoute } from './fake-server.ts';
import { TEST_NOW_MS } from './fake-terminal.ts';
import { GROUP, STORE, WEB } from './sample-ids.ts';

const TOKYO = '33333333-3333-4333-8333-333333333334';
const EMPTY = '33333333-3333-4333-8333-333333333335';
const TOKYO_WEB = '33333333-3333-4333-8333-333333333336';
const OSAKA_WEB = '33333333-3333-4333-8333-333333333337';
const LIST = '88888888-8888-4888-8888-888888888888';
const PLAN = '99999999-9999-4999-8999-999999999991';
const SERIAL = TEST_NOW_MS - 60_000;

type View = z.input<typeof wire.groupView>;
const group = (id: string, path: string[], parentId: string | null, over: Partial<View> = {}): View => ({
  id,
  name: path.at(-1) ?? '',
  path,
  parentId,
  inherits: true,
  ownSinceMs: null,
  values: {},
  locked: [],
  revision: 1,
  hosts: 0,
  groups: 0,
  createdAtMs: TEST_NOW_MS,
  changedAtMs: TEST_NOW_MS,
  ...over,
});
const GROUPS = [
  group(GROUP, ['All hosts'], null, {
    groups: 3,
    values: { mode: 'push', staleCrl: 'closed' },
    locked: ['mode'],
  }),
  group(EMPTY, ['All hosts', '空'], GROUP, { inherits: false, ownSinceMs: TEST_NOW_MS }),
  group(OSAKA_WEB, ['All hosts', 'Web'], GROUP),
  group(TOKYO, ['All hosts', 'Tokyo'], GROUP, {
    hosts: 2,
    groups: 1,
    values: { heartbeatSeconds: 60, mode: 'pull' },
  }),
  group(TOKYO_WEB, ['All hosts', 'Tokyo', 'Web'], TOKYO),
];
const fromRoot = { kind: 'group', id: GROUP, name: 'All hosts' } as const;
const fromTokyo = { kind: 'group', id: TOKYO, name: 'Tokyo' } as const;
const byDefault = { origin: { kind: 'default' }, lockedBy: null, overridden: [] } as const;
const LISTS = [{ id: LIST, name: 'default' }];
/** What holds for Tokyo; all samples have that. */
const EFFECTIVE: z.input<typeof wire.effectiveView> = {
  heartbeatSeconds: { value: 60, origin: fromTokyo, lockedBy: null, overridden: [] },
  mode: {
    value: 'push',
    origin: fromRoot,
    lockedBy: fromRoot,
    overridden: [{ origin: fromTokyo, value: 'pull' }],
  },
  list: { value: LIST, ...byDefault, overridden: [] },
  plans: { value: 'inherited', ...byDefault, overridden: [] },
  verification: { value: { state: 'on' }, ...byDefault, overridden: [] },
  staleCrl: { value: 'closed', origin: fromRoot, lockedBy: null, overridden: [] },
  crlRefreshSeconds: { value: 14_400, ...byDefault, overridden: [] },
  mapNames: { value: 'on', ...byDefault, overridden: [] },
};
const NO_EFFECT: z.input<typeof wire.changeEffect> = {
  hosts: 0,
  named: [],
  groups: [],
  moreGroups: 0,
  lists: [],
};
const EFFECT: z.input<typeof wire.changeEffect> = {
  hosts: 2,
  named: ['web-01.example.com', '倉庫サーバー.example.jp'],
  groups: [
    {
      group: { id: TOKYO, name: 'Tokyo' },
      hosts: 2,
      settings: [{ setting: 'heartbeatSeconds', from: 300, to: 60 }],
      plansGained: [],
      plansLost: ['nightly'],
      otherPlans: 1,
    },
  ],
  moreGroups: 0,
  lists: [],
};

function one(id: string): View {
  const found = GROUPS.find((known) => known.id === id);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'group', id });
  return found;
}
const detail = (id: string): z.input<typeof wire.groupDetail> => ({
  ...one(id),
  effective: EFFECTIVE,
  lists: LISTS,
});

/** A root that locks something, a group with hosts, an empty one that inherits nothing, and two of one name. */
export const groupSamples = (): FakeRoute[] => [
  fakeRoute(wire.listGroups, () => ({ groups: GROUPS })),
  fakeRoute(wire.getGroup, ({ params }) => detail(params.id)),
  fakeRoute(wire.createGroup, ({ body }) => {
    const { path } = one(body.parentId);
    if (GROUPS.some((known) => known.parentId === body.parentId && known.name === body.name))
      throw new AppError('GROUP_NAME_TAKEN', { name: body.name });
    return { ...detail(EMPTY), name: body.name, path: [...path, body.name] };
  }),
  fakeRoute(wire.renameGroup, ({ params, body }) => {
    if (body.name.includes('/')) throw new AppError('GROUP_NAME_INVALID', { name: body.name, limit: 100 });
    return { ...detail(params.id), name: body.name };
  }),
  fakeRoute(wire.moveGroup, ({ params, body }) => {
    const { name, parentId } = one(params.id);
    if (parentId === null) throw new AppError('GROUP_IS_ROOT', { name });
    const path = [...one(body.parentId).path, name];
    return { group: { ...detail(params.id), path }, effect: params.id === TOKYO ? EFFECT : NO_EFFECT };
  }),
  fakeRoute(wire.changeGroupSettings, ({ params, body }) => {
    const { name } = one(params.id);
    const { heartbeatSeconds: seconds, mode } = body.set;
    if (mode !== undefined && params.id === TOKYO)
      throw new AppError('SETTING_LOCKED', { name, setting: 'mode', by: 'All hosts' });
    if (seconds !== undefined && seconds < HEARTBEAT_SECONDS_MIN)
      throw new AppError('HEARTBEAT_PERIOD_OUT_OF_RANGE', {
        seconds,
        min: HEARTBEAT_SECONDS_MIN,
        max: HEARTBEAT_SECONDS_MAX,
      });
    return { group: detail(params.id), effect: params.id === TOKYO ? EFFECT : NO_EFFECT };
  }),
  fakeRoute(switchVerification, ({ params, body }): z.input<typeof switchVerification.reply> => {
    const { id, name } = one(params.id);
    if (body.state === 'on') return { group: { id, name }, verification: { state: 'on' }, effect: NO_EFFECT };
    const untilMs = body.untilMs ?? 0;
    const decision = decideSwitchOff(untilMs, TEST_NOW_MS);
    if (!decision.allow) throw new AppError(decision.code, decision.params);
    const off = { state: 'off', sinceMs: TEST_NOW_MS, untilMs } as const;
    const settings = [{ setting: 'verification', from: { state: 'on' }, to: off } as const];
    const groups = EFFECT.groups.map((was) => ({ ...was, settings, plansGained: [], plansLost: [] }));
    return { group: { id, name }, verification: off, effect: { ...EFFECT, groups } };
  }),
  fakeRoute(listUnverified, () => ({
    hosts: 2,
    groups: [
      {
        group: { id: TOKYO, name: 'Tokyo' },
        from: { id: TOKYO, name: 'Tokyo' },
        hosts: 2,
        sinceMs: TEST_NOW_MS - 3_600_000,
        untilMs: TEST_NOW_MS + 2 * 86_400_000,
      },
    ],
  })),
  fakeRoute(wire.deleteGroup, ({ params }) => ({ deleted: one(params.id).id })),
  fakeRoute(wire.getGroupPolicy, ({ params }) => {
    const { id, name, path } = one(params.id);
    return {
      group: { id, name, path },
      serial: SERIAL,
      effective: EFFECTIVE,
      lists: LISTS,
      plans: [
        { id: PLAN, name: 'nightly', from: [{ id: GROUP, name: 'All hosts' }], hosts: 2 },
        { id: PLAN, name: 'web folders', from: [], hosts: 1 },
      ],
      otherPlans: 1,
      hosts: 2,
      holding: 1,
      behind: [{ id: STORE, name: '倉庫サーバー.example.jp', serial: SERIAL - 5_000 }],
    };
  }),
  fakeRoute(wire.moveHost, ({ params, body }) => ({
    hostId: params.id,
    from: { id: GROUP, name: 'All hosts' },
    to: { id: body.groupId, name: one(body.groupId).name },
    effect:
      params.id === WEB
        ? {
            ...EFFECT,
            hosts: 1,
            named: ['web-01.example.com'],
            groups: EFFECT.groups.map((was) => ({ ...was, hosts: 1 })),
          }
        : NO_EFFECT,
  })),
];
