import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { ORPHANED_HEALTH } from '@sekisho/core/rules/host-state.ts';
import {
  GATE_HOSTS_NAMED_MAX,
  type Emergency,
  type GateHost,
  type RotationKind,
  type RotationPath,
} from '@sekisho/core/rules/rotation.ts';
import { expectedSeconds } from '@sekisho/core/rules/rotation-duration.ts';
import type { TakeOver } from '@sekisho/core/rules/rotation-takeover.ts';
import type { OutsideInput, RotationFinding, RotationPlan } from '@sekisho/core/wire/rotations.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { addressesOfInstances } from '../server-lists/signed-lists.ts';
import { listWorkers } from '../../store/workers.ts';
import { decidePath } from './decide-path.ts';
import { findFaults } from './check-outside.ts';
import { findDamage } from './find-damage.ts';
import {
  askingSeconds,
  gateHosts,
  hostsInUse,
  hostsUnheard,
  isCutOff,
  isThere,
  longestHeartbeat,
} from './gate-hosts.ts';
import type { RotationContext } from './rotation-context.ts';
import { hostRefs } from './host-refs.ts';
import { RECONNECTS_PER_SECOND_MAX, REKEYS_PER_SECOND_MAX } from './rekey-pacer.ts';
import { findOpenRotation, type RotationRow } from './rotation.store.ts';
import { takeOverOf } from './take-over-rotation.ts';

const ROLE_OF = { tls: 'server-tls', signing: 'document-signer', ca: 'root' } as const;

/** F-31, F-32 What an update would do and to whom; nothing is changed by asking. */
export async function planRotation(
  context: RotationContext,
  wish: {
    readonly kind: RotationKind;
    readonly path?: RotationPath | undefined;
    readonly outside?: OutsideInput | undefined;
    readonly emergency?: Emergency | undefined;
  },
): Promise<RotationPlan> {
  const { fleet, parts } = context;
  const { keys, store } = parts;
  const { kind } = wish;
  await context.hearing.catchUp();
  const emergency = wish.emergency ?? null;
  const findings: RotationFinding[] = [];
  const chosen = await decidePath(context, { kind, path: wish.path, emergency }).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'ROTATION_PATH_UNFIT') throw error;
    findings.push({ code: error.code, params: error.params });
    return decidePath(context, { kind, path: undefined, emergency });
  });
  const open = await findOpenRotation(store.db);
  const becomes =
    open === undefined ? undefined : takeOverOf(open, { kind, emergency, outside: wish.outside });
  if (open !== undefined && becomes === undefined)
    findings.push({
      code: 'ROTATION_UNDER_WAY',
      params: { kind: open.kind, by: open.startedBy, id: open.id },
    });
  const needsRoot = kind === 'ca' ? emergency === null : kind === 'signing' || wish.outside === undefined;
  if (needsRoot && !keys.isHere('root')) findings.push({ code: 'KEY_DETACHED', params: { role: 'root' } });
  if (emergency === null) findings.push(...(await findDamage(parts)));
  findings.push(...(await findFaults(context, kind, wish.outside)));
  const hosts = countHosts(context, {
    isUnaided: kind === 'ca' ? emergency === null : wish.outside === undefined || kind === 'signing',
    isUnheard: kind === 'ca' && (emergency === 'lost' || !keys.isHere('root')),
    isOutside: wish.outside !== undefined,
  });
  const behind = open === undefined || becomes === undefined ? [] : hostsBehind(context, open, becomes);
  const lost = [
    ...new Set([...hosts.lost, ...behind.filter(({ unaided }) => !unaided).map(({ hostId }) => hostId)]),
  ];
  const longest = longestHeartbeat(fleet);
  const current = keys.certificateOf(ROLE_OF[kind]);
  const tree = await readGroupTree(store.db);
  const addresses = await addressesOfInstances(store.db);
  const live = new Set((await listWorkers(store)).filter((one) => one.live).map((one) => one.instanceId));
  const named = (ids: readonly HostId[]) => hostRefs(context, ids.slice(0, GATE_HOSTS_NAMED_MAX));
  return {
    kind,
    path: chosen.path,
    reasons: [...chosen.reasons],
    current: {
      keyId: current.keyId,
      fingerprint: current.fingerprint,
      notAfterMs: current.notAfterMs,
      outside: keys
        .keysOf(ROLE_OF[kind])
        .some((key) => key.keyId === current.keyId && key.outsideChain !== null),
    },
    hosts: {
      total: hosts.total,
      online: hosts.total - hosts.silent.length,
      silent: hosts.silent.length,
      neverSeen: hosts.neverSeen,
    },
    longestHeartbeatSeconds: longest,
    wouldBeLost: await named(lost),
    wouldBeLostTotal: lost.length,
    late: await named(hosts.late),
    lateTotal: hosts.late.length,
    cutOff: await named(hosts.cutOff),
    cutOffTotal: hosts.cutOff.length,
    unable: await named(chosen.unable),
    unableTotal: chosen.unable.length,
    notInheriting: [...tree.groups()]
      .filter(({ ownSinceMs, parentId }) => ownSinceMs !== null && parentId !== null)
      .slice(0, GATE_HOSTS_NAMED_MAX)
      .map(({ id, name }) => ({ id, name })),
    servers: [...new Set([...addresses.keys(), ...live])].sort().map((instanceId) => ({
      instanceId,
      addresses: addresses.get(instanceId) ?? [],
      live: live.has(instanceId),
    })),
    expectedSeconds: expectedSeconds({
      kind,
      path: chosen.path,
      emergency,
      longestHeartbeatSeconds: longest,
      silent: hosts.silent.length,
      heartbeatsOnly: hosts.heartbeatsOnly,
      servers: live.size,
      rekeySeconds: askingSeconds(fleet, REKEYS_PER_SECOND_MAX),
      reconnectSeconds: askingSeconds(fleet, RECONNECTS_PER_SECOND_MAX),
    }),
    takesOver:
      open === undefined || becomes === undefined
        ? null
        : {
            id: open.id,
            kind: open.kind,
            phase: open.phase,
            startedBy: open.startedBy,
            becomes,
            behind: behind.length,
          },
    findings,
    prevented: findings.some(({ code }) => code !== 'ROTATION_WOULD_LOSE'),
  };
}

/**
 * Hosts that have not followed an update that is ended at once; those that do not come back by themselves are lost by that. With a CA its
 * certificates go, in whatever phase it is: who shows one has not followed.
 */
function hostsBehind({ fleet, machine }: RotationContext, open: RotationRow, becomes: TakeOver): GateHost[] {
  if (becomes === 'kept' || becomes === 'abandoned') return [];
  const looks =
    open.kind === 'ca' && open.phase !== 'withdrawing'
      ? [open, { ...open, phase: 'rekeying' as const }]
      : [open];
  const behind = new Map<HostId, GateHost>();
  for (const look of looks)
    for (const host of gateHosts(fleet, machine.changeOf(look), look))
      if (!host.acknowledged) behind.set(host.hostId, host);
  return [...behind.values()];
}

/**
 * Who is there, who comes back, who would not (F-32), and who does not whatever is done: it refuses the server, or is cut off. `isUnaided`: silent hosts come back by themselves. `isUnheard`: nothing can be
 * announced, so that nobody comes. `isOutside`: who was never heard of has nothing that names the key, and does not come either.
 */
function countHosts(
  { fleet }: RotationContext,
  how: { isUnaided: boolean; isUnheard: boolean; isOutside: boolean },
) {
  const nowMs = fleet.clock.nowMs();
  const silent: HostId[] = [];
  const all: HostId[] = [];
  let total = 0;
  let neverSeen = 0;
  let heartbeatsOnly = 0;
  const cutOff: HostId[] = [];
  for (const host of fleet.index.hosts()) {
    if (host.lastSeenMs === 0) neverSeen += 1;
    else if (isCutOff(fleet, host) && !isThere(fleet, host) && fleet.registry.counts(host.fingerprint, nowMs))
      cutOff.push(host.id);
  }
  const refusing = new Set<HostId>();
  for (const host of hostsInUse(fleet)) {
    total += 1;
    if (how.isUnheard) all.push(host.id);
    if (isThere(fleet, host)) {
      if (!fleet.hasChannel(host.id)) heartbeatsOnly += 1;
      continue;
    }
    silent.push(host.id);
    if (host.health.includes(ORPHANED_HEALTH)) refusing.add(host.id);
  }
  const unheard = how.isOutside || how.isUnheard ? [...hostsUnheard(fleet)].map(({ id }) => id) : [];
  const counted = { total, neverSeen, silent, heartbeatsOnly, late: [], cutOff };
  if (how.isUnheard) return { ...counted, lost: [...all, ...unheard] };
  if (!how.isUnaided) return { ...counted, lost: [...silent, ...unheard] };
  const late = silent.filter((id) => !refusing.has(id));
  return { ...counted, late, cutOff: [...cutOff, ...refusing], lost: unheard };
}
