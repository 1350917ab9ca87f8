import { parseSha256Hex } from '@sekisho/core/ids.ts';
import {
  isOver,
  judgeGate,
  mayRollBack,
  nextStep,
  type GateVerdict,
  type RotationDecision,
  type RotationFacts,
} from '@sekisho/core/rules/rotation.ts';
import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import { addressesOfInstances } from '../server-lists/signed-lists.ts';
import { hostRefs } from './host-refs.ts';
import { hostsBehind } from './hosts-behind.ts';
import type { RotationContext } from './rotation-context.ts';
import { listSteps, type RotationRow } from './rotation.store.ts';

/** F-33 How far an update is, by what this process knows of the hosts at this moment. */
export async function viewRotation(context: RotationContext, rotation: RotationRow): Promise<RotationView> {
  const { machine, parts } = context;
  const { clock, store } = parts;
  const over = isOver(rotation.phase);
  await context.hearing.catchUp();
  const facts: RotationFacts = over
    ? { ...NOTHING, servers: await machine.servers(store.db, rotation) }
    : await machine.facts(store.db, rotation);
  const decision = nextStep(rotation, facts, clock.nowMs());
  const { verdict } = facts;
  const addresses = await addressesOfInstances(store.db);
  return {
    id: rotation.id,
    kind: rotation.kind,
    path: rotation.path,
    phase: rotation.phase,
    direction: rotation.direction,
    emergency: rotation.emergency,
    outside: rotation.detail['outside'] === true,
    fromKeyId: hex(rotation.fromKeyId),
    toKeyId: hex(rotation.toKeyId),
    overlapSeconds: Math.round(rotation.overlapMs / 1_000),
    startedBy: rotation.startedBy,
    startedAtMs: rotation.startedAtMs,
    phaseSinceMs: rotation.phaseSinceMs,
    pausedAtMs: rotation.pausedAtMs,
    endedAtMs: rotation.endedAtMs,
    ...waitOf(decision),
    problem: rotation.problem,
    mayRollBack: mayRollBack(rotation),
    hosts: {
      total: verdict.hosts,
      acknowledged: verdict.acknowledged,
      waiting: verdict.waiting,
      silent: verdict.silent,
      late: verdict.late,
      undecided: verdict.undecided,
      accepted: verdict.accepted,
    },
    slowest: await hostRefs(context, verdict.slowestHosts),
    undecided: await undecidedRefs(context, verdict.undecidedHosts),
    behind: over ? await hostsBehind(context, rotation) : null,
    servers: facts.servers.map((server) => ({
      ...server,
      addresses: addresses.get(server.instanceId) ?? [],
    })),
    steps: await listSteps(store.db, rotation.id),
  };
}

async function undecidedRefs(
  context: RotationContext,
  hosts: GateVerdict['undecidedHosts'],
): Promise<RotationView['undecided']> {
  const whyOf = new Map(hosts.map(({ hostId, why }) => [hostId, why]));
  const refs = await hostRefs(context, [...whyOf.keys()]);
  return refs.flatMap((ref) => {
    const why = whyOf.get(ref.id);
    return why === undefined ? [] : [{ ...ref, why }];
  });
}

function waitOf(decision: RotationDecision): Pick<RotationView, 'waitsFor' | 'untilMs'> {
  switch (decision.what) {
    case 'wait':
      return { waitsFor: decision.why, untilMs: decision.untilMs };
    case 'ask':
      return { waitsFor: 'question', untilMs: null };
    case 'do':
    case 'done':
      return { waitsFor: null, untilMs: null };
  }
}

function hex(keyId: string) {
  const parsed = parseSha256Hex(keyId);
  if (parsed === undefined) throw new Error(`the key ID ${keyId} is not readable`);
  return parsed;
}

const NOTHING = {
  verdict: judgeGate(
    [],
    { sinceMs: 0, cycleMsMin: 0, notBeforeMs: 0, accepted: new Set(), manner: 'open' },
    0,
  ),
  longestHeartbeatSeconds: 0,
} as const;
