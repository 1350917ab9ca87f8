import { AppError } from '@sekisho/core/errors.ts';
import { clockSetBackMs, outageMs, type Look } from '@sekisho/core/rules/outage.ts';
import {
  gateOf,
  judgeGate,
  nextStep,
  type RotationDecision,
  type RotationFacts,
  type RotationKind,
  type RotationPath,
  type RotationPhase,
  type RotationServer,
  type RotationStep,
} from '@sekisho/core/rules/rotation.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { FleetParts } from '../../context.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { listWorkers } from '../../store/workers.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { writeOutbox } from '../events/outbox.ts';
import { scrubKeys } from '../keys/scrub-keys.ts';
import { gateFacts, listGateHosts, type FleetFacts } from './gate-hosts.ts';
import type { ChangeStep, RotationChange } from './rotation-change.ts';
import {
  findOpenRotation,
  insertStep,
  listRotationServers,
  moveRotation,
  orderServer,
  updateRotation,
  watchRotation,
  type RotationPatch,
  type RotationRow,
} from './rotation.store.ts';

export interface MachineParts {
  readonly parts: FleetParts;
  readonly fleet: FleetFacts;
  readonly changeFor: (kind: RotationKind, path: RotationPath) => RotationChange;
}

/** How often a look at an update is written down. */
const WATCH_EVERY_MS = 2 * SECOND_MS;

type Fence = (tx: Tx) => Promise<void>;

/** Drives the update that is under way (F-31 … F-37): asks the rule, does what it says, one transaction a step. */
export class RotationMachine {
  readonly #machine: MachineParts;
  /** Null: this process has not looked yet. */
  #looked: Look | null = null;

  constructor(machine: MachineParts) {
    this.#machine = machine;
  }

  changeFor(kind: RotationKind, path: RotationPath): RotationChange {
    return this.#machine.changeFor(kind, path);
  }

  changeOf(rotation: RotationRow): RotationChange {
    return this.#machine.changeFor(rotation.kind, rotation.path);
  }

  /** What the rule is asked with. */
  async facts(db: DbOrTx, rotation: RotationRow): Promise<RotationFacts> {
    const { fleet, parts } = this.#machine;
    const hosts = await listGateHosts(fleet, this.changeOf(rotation), rotation);
    const known = gateFacts(fleet, rotation, hosts);
    const gate = gateOf(rotation, known);
    return {
      verdict: judgeGate(hosts, gate, parts.clock.nowMs()),
      servers: await this.servers(db, rotation),
      longestHeartbeatSeconds: known.longestHeartbeatSeconds,
    };
  }

  /** The server processes that live, and those that an update knows. */
  async servers(db: DbOrTx, rotation: RotationRow): Promise<RotationServer[]> {
    const rows = await listRotationServers(db, rotation.id);
    const live = new Set(
      (await listWorkers(this.#machine.parts.store, db))
        .filter((one) => one.live)
        .map((one) => one.instanceId),
    );
    const ids = [...new Set([...rows.map(({ instanceId }) => instanceId), ...live])].sort();
    return ids.map((instanceId) => {
      const row = rows.find((one) => one.instanceId === instanceId);
      const isOrdered = row?.orderedKeyId === rotation.toKeyId;
      return {
        instanceId,
        live: live.has(instanceId),
        orderedAtMs: isOrdered ? row.orderedAtMs : null,
        confirmed: row?.shownKeyId === rotation.toKeyId,
      };
    });
  }

  /** Does the next step, if one is due. True: there may be another. */
  async advance(fence: Fence): Promise<boolean> {
    const { parts } = this.#machine;
    const { clock, log, store, feed } = parts;
    const found = await findOpenRotation(store.db);
    if (found === undefined) return false;
    const rotation = await this.#watch(found, fence);
    await feed.catchUp(); // so it is known which documents are the newest
    const decision = nextStep(rotation, await this.facts(store.db, rotation), clock.nowMs());
    if (decision.what !== 'do') {
      await this.#note(rotation, decision, fence);
      return false;
    }
    const { step, server } = decision;
    try {
      const moved = await store.transaction(async (tx) => {
        await fence(tx);
        const now = await findOpenRotation(tx);
        // somebody paused it, or turned it round, while it was judged
        if (now?.id !== rotation.id || isOther(now, rotation)) return false;
        await this.#run({ tx, rotation: now, nowMs: clock.nowMs() }, step, server);
        CRASH_POINTS_OF[step].before();
        return true;
      });
      if (!moved) return true;
      CRASH_POINTS_OF[step].after?.();
      log.info(
        { rotationId: rotation.id, kind: rotation.kind, step, server },
        'certificate update: step done',
      );
      if (step === 'finish') await scrubKeys({ store, log });
      await feed.catchUp();
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'LEASE_LOST') throw error;
      log.warn({ err: error, rotationId: rotation.id, step }, 'certificate update: a step could not be done');
      await this.#setProblem(rotation, { code: error.code, params: error.params }, fence);
      return false;
    }
  }

  /** Hosts' cycles stand still while nobody serves: so each look is noted, about once in WATCH_EVERY_MS. */
  async #watch(rotation: RotationRow, fence: Fence): Promise<RotationRow> {
    const { fleet, parts } = this.#machine;
    const { clock, log, store } = parts;
    const now = { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
    const { nowMs, monotonicMs } = now;
    const before = this.#looked;
    this.#looked = now;
    const setMs = clockSetBackMs(before, rotation.watchedAtMs, now);
    const ownPauseMs = before === null ? null : monotonicMs - before.monotonicMs;
    const unservedMs = rotation.unservedMs + outageMs(rotation.watchedAtMs, ownPauseMs, nowMs);
    const isDue = Math.abs(nowMs - rotation.watchedAtMs) >= WATCH_EVERY_MS;
    if (!isDue && unservedMs === rotation.unservedMs) return rotation;
    await store.relaxed(async (tx) => {
      await fence(tx);
      await watchRotation(tx, rotation.id, { unservedMs, watchedAtMs: nowMs });
      if (setMs !== 0) await moveRotation(tx, rotation.id, setMs);
    });
    if (setMs !== 0) {
      fleet.index.clockSet(setMs);
      log.warn({ rotationId: rotation.id, setMs }, 'certificate update: the clock was set back');
    }
    return { ...rotation, unservedMs, watchedAtMs: nowMs, phaseSinceMs: rotation.phaseSinceMs + setMs };
  }

  async #run(step: ChangeStep, what: RotationStep, server: string | null): Promise<void> {
    const { rotation } = step;
    const change = this.changeOf(rotation);
    const patch: RotationPatch = {
      problem: null,
      unservedMs: 0,
      ...(await this.#patchOf(change, step, what, server)),
    };
    await updateRotation(step.tx, rotation.id, patch);
    await record(step, what, 'system', server === null ? {} : { server });
  }

  async #patchOf(
    change: RotationChange,
    step: ChangeStep,
    what: RotationStep,
    server: string | null,
  ): Promise<RotationPatch> {
    const { rotation, tx, nowMs } = step;
    const to = (phase: RotationPhase): RotationPatch => ({ phase, phaseSinceMs: nowMs });
    const isOneByOne = rotation.path === 'failover' && rotation.emergency === null;
    switch (what) {
      case 'announce':
        return { ...to('announced'), echo: await change.announce(step) };
      case 'switch': {
        const echo = isOneByOne ? rotation.echo : await change.switch(step);
        const live = (await this.servers(tx, rotation)).filter((one) => one.live);
        const ordered = server === null ? live.map(({ instanceId }) => instanceId) : [server];
        for (const instanceId of ordered)
          await orderServer(tx, { rotationId: rotation.id, instanceId, keyId: rotation.toKeyId, nowMs });
        return rotation.phase === 'switching' ? {} : { ...to('switching'), echo };
      }
      case 'settle':
        return isOneByOne ? { ...to('overlap'), echo: await change.switch(step) } : to('overlap');
      case 'rekey':
        return { ...to('rekeying'), echo: (await change.rekey?.(step)) ?? rotation.echo };
      case 'withdraw':
        return { ...to('withdrawing'), echo: await change.withdraw(step) };
      case 'finish':
        return { ...to(rotation.direction === 'back' ? 'rolled-back' : 'done'), endedAtMs: nowMs };
    }
  }

  /** A question is told of once, as an event; whoever waits reads it on the row. */
  async #note(rotation: RotationRow, decision: RotationDecision, fence: Fence): Promise<void> {
    if (decision.what === 'ask') {
      const params = { hosts: decision.count };
      await this.#setProblem(rotation, { code: 'ROTATION_WOULD_LOSE', params }, fence);
    } else if (rotation.problem !== null && decision.what === 'wait' && decision.why !== 'paused')
      await this.#setProblem(rotation, null, fence);
  }

  async #setProblem(rotation: RotationRow, problem: RotationRow['problem'], fence: Fence): Promise<void> {
    if (JSON.stringify(problem) === JSON.stringify(rotation.problem)) return;
    const { clock, store } = this.#machine.parts;
    const nowMs = clock.nowMs();
    await store.transaction(async (tx) => {
      await fence(tx);
      await updateRotation(tx, rotation.id, { problem });
      if (problem === null || problem.code === rotation.problem?.code) return;
      const body = { rotation: rotation.id, kind: rotation.kind, ...problem };
      await writeOutbox(tx, { kind: 'rotation.question', subject: rotation.id, body }, nowMs);
    });
  }
}

/** A step, in the log of the update and in the audit log. */
export async function record(
  { tx, rotation, nowMs }: ChangeStep,
  what: string,
  actor: string,
  detail: Readonly<Record<string, unknown>>,
  origin = 'server',
): Promise<void> {
  await insertStep(tx, { rotationId: rotation.id, step: what, actor, detail, nowMs });
  const { id: rotationId, direction } = rotation;
  await recordAudit(
    tx,
    {
      act: ACTS.get(what) ?? 'advance-rotation',
      actor,
      origin,
      subject: rotation.kind,
      outcome: 'done',
      detail: { rotation: rotationId, step: what, direction, ...detail },
    },
    nowMs,
  );
}

const ACTS = new Map([
  ['start', 'start-rotation'],
  ['pause', 'pause-rotation'],
  ['resume', 'resume-rotation'],
  ['roll-back', 'roll-back-rotation'],
  ['accept-loss', 'accept-rotation-loss'],
  ['take-over', 'take-over-rotation'],
] as const satisfies readonly (readonly [string, string])[]) as ReadonlyMap<
  string,
  | 'start-rotation'
  | 'pause-rotation'
  | 'resume-rotation'
  | 'roll-back-rotation'
  | 'accept-rotation-loss'
  | 'take-over-rotation'
>;

const isOther = (now: RotationRow, before: RotationRow): boolean =>
  now.phase !== before.phase ||
  now.emergency !== before.emergency ||
  now.direction !== before.direction ||
  now.pausedAtMs !== before.pausedAtMs ||
  now.phaseSinceMs !== before.phaseSinceMs;

const CRASH_POINTS_OF: Readonly<Record<RotationStep, { before: () => void; after?: () => void }>> = {
  announce: {
    before: () => {
      crashPoint('rotation.announce.before-commit');
    },
    after: () => {
      crashPoint('rotation.announce.committed');
    },
  },
  switch: {
    before: () => {
      crashPoint('rotation.switch.before-commit');
    },
    after: () => {
      crashPoint('rotation.switch.committed');
    },
  },
  settle: {
    before: () => {
      crashPoint('rotation.settle.before-commit');
    },
  },
  rekey: {
    before: () => {
      crashPoint('rotation.rekey.before-commit');
    },
  },
  withdraw: {
    before: () => {
      crashPoint('rotation.withdraw.before-commit');
    },
  },
  finish: {
    before: () => {
      crashPoint('rotation.finish.before-commit');
    },
  },
};
