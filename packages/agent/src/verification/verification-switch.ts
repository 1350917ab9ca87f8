import type { HostId } from '@sekisho/core/ids.ts';
import {
  decideVerification,
  NO_VERIFICATION_MEMORY,
  VERIFICATION_ON,
  type VerificationDecision,
  type VerificationMemory,
} from '@sekisho/core/rules/verification.ts';
import { MINUTE_MS, type Clock } from '@sekisho/core/time.ts';
import type { AssignmentPayload, PolicyPayload } from '@sekisho/core/wire/documents.ts';
import { epochMs } from '@sekisho/core/wire/scalars.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { isMissing } from '../settings.ts';

/** While off: how often it is written how far the time has come, and looked whether the end is there. */
export const LOOK_EVERY_MS = MINUTE_MS;

/** F-20 Does this agent verify its management server, as the signed policy, the clock and the disk have it? */
export interface VerificationSwitch {
  /** At this very moment; never true before that is on the disk. */
  readonly isOff: boolean;
  /** When it comes on again by itself; undefined: it is on. */
  readonly untilMs: number | undefined;
  /** Decides again: policy or assignment have changed, or time has passed. Resolves once what was decided holds. */
  look(): Promise<void>;
  /** A moment for a signed request: later than every one before, also after a clock was corrected. */
  nextMomentMs(): number;
  stop(): Promise<void>;
}

const memorySchema = z.object({
  endedThroughMs: epochMs,
  off: z.object({ sinceMs: epochMs, untilMs: epochMs, reachedMs: epochMs }).nullable(),
});

/** Opens what is remembered, and decides. `onChanged`: it went off or came on; `onRefused`: a signed order was not followed. */
export async function openVerification(options: {
  file: string;
  hostId: HostId;
  policy: () => PolicyPayload | undefined;
  assignment: () => AssignmentPayload | undefined;
  onChanged: (isOff: boolean) => void;
  onRefused: (why: 'end-too-far' | 'clock-set-back') => void;
  clock: Clock;
  log: Log;
}): Promise<VerificationSwitch> {
  const { file, policy, assignment, clock, log } = options;
  let memory = await readMemory(file, clock.nowMs(), log);
  /** What is on the disk. */
  let written = memory;
  let decidedAtMonotonicMs = clock.monotonicMs();
  let off: { readonly untilMs: number } | undefined;
  let turn: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;
  let stopped = false;
  let refused = '';
  let lastMomentMs = 0;

  /** How far the time has come by the clock that nobody sets: setting the other one back wins nothing. */
  const passed = (): VerificationMemory['off'] =>
    memory.off === null
      ? null
      : { ...memory.off, reachedMs: memory.off.reachedMs + clock.monotonicMs() - decidedAtMonotonicMs };

  function decide(): VerificationDecision {
    const held = policy();
    const own = assignment();
    return decideVerification({
      order: held?.verification ?? VERIFICATION_ON,
      isOwn: own?.hostId === options.hostId && own.group === held?.group,
      memory: { ...memory, off: passed() },
      nowMs: clock.nowMs(),
    });
  }

  async function apply(): Promise<void> {
    const decision = decide();
    const wasOff = off !== undefined;
    memory = decision.memory;
    decidedAtMonotonicMs = clock.monotonicMs();
    if (decision.verification === 'off') {
      await keep();
      off = { untilMs: decision.untilMs };
      plan();
      if (wasOff) return;
      log.warn({ untilMs: off.untilMs }, 'the management server is not verified any more');
      options.onChanged(true);
      return;
    }
    off = undefined;
    plan();
    const { why } = decision;
    if (wasOff) {
      log.warn({ why }, 'the management server is verified again');
      options.onChanged(false);
    }
    await keep();
    if (why === refused) return;
    refused = why;
    if (why === 'end-too-far' || why === 'clock-set-back') options.onRefused(why);
  }

  /** On the disk before anything is done without verification. */
  async function keep(): Promise<void> {
    if (isSame(memory, written)) return;
    await writeDurably(file, JSON.stringify(memory));
    written = memory;
    crashPoint('agent-verification.kept');
  }

  function plan(): void {
    cancel();
    if (off === undefined || stopped) return;
    const leftMs = off.untilMs - Math.max(clock.nowMs(), passed()?.reachedMs ?? 0);
    cancel = clock.timer(Math.max(1, Math.min(leftMs, LOOK_EVERY_MS)), () => void look());
  }

  function look(): Promise<void> {
    turn = turn.then(apply).catch((error: unknown) => {
      // a full disk: it stays as it was, which is on for what could not be written
      log.error({ err: error }, 'whether the management server is verified could not be kept');
      plan();
    });
    return turn;
  }

  /** The end while it is off. What has ended since the last look has ended. */
  const untilMs = (): number | undefined => {
    if (off === undefined) return undefined;
    if (decide().verification === 'off') return off.untilMs;
    void look();
    return undefined;
  };

  await look();
  return {
    get isOff() {
      return untilMs() !== undefined;
    },
    get untilMs() {
      return untilMs();
    },
    look,
    nextMomentMs() {
      lastMomentMs = Math.max(clock.nowMs(), Math.ceil(passed()?.reachedMs ?? 0), lastMomentMs + 1);
      return lastMomentMs;
    },
    async stop() {
      stopped = true;
      cancel();
      await turn;
    },
  };
}

/** Within a look's time it is not worth a write how far the time has come. */
const isSame = (a: VerificationMemory, b: VerificationMemory): boolean =>
  a.endedThroughMs === b.endedThroughMs &&
  a.off?.sinceMs === b.off?.sinceMs &&
  a.off?.untilMs === b.off?.untilMs &&
  Math.abs((a.off?.reachedMs ?? 0) - (b.off?.reachedMs ?? 0)) < LOOK_EVERY_MS;

/** What cannot be read is over: only an order that is given from now on counts. */
async function readMemory(file: string, nowMs: number, log: Log): Promise<VerificationMemory> {
  try {
    return memorySchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return NO_VERIFICATION_MEMORY;
    log.warn({ err: error }, 'what is remembered of switched-off verification is damaged: it is on');
    return { endedThroughMs: nowMs, off: null };
  }
}
