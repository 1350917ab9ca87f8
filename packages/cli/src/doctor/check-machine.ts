import { compareVersions } from '@sekisho/core/rules/install-package.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { findingsOf, type Finding } from './finding.ts';

/** The oldest Node that has all that is needed. */
export const NODE_NEEDED = '24.15.0';
/** Wall time and the steady clock may come apart by so much while the doctor looks. */
const JUMP_MAX_MS = 2 * SECOND_MS;

/** Is the runtime new enough? */
export function checkNode(version: string): Finding[] {
  const { found } = findingsOf('node');
  return compareVersions(version, NODE_NEEDED) < 0
    ? [found('fault', 'nodeOld', { version, needed: NODE_NEEDED })]
    : [found('ok', 'nodeOk', { version })];
}

/** Wall time against the steady clock, from the beginning of the examination to its end. */
export function watchClock(clock: Clock): () => Finding[] {
  const begun = { wallMs: clock.nowMs(), steadyMs: clock.monotonicMs() };
  return () => {
    const { found } = findingsOf('clock');
    const jumpMs = clock.nowMs() - begun.wallMs - (clock.monotonicMs() - begun.steadyMs);
    return Math.abs(jumpMs) > JUMP_MAX_MS
      ? [found('warning', 'clockJumped', { seconds: Math.round(jumpMs / SECOND_MS) })]
      : [found('ok', 'clockSteady')];
  };
}

/** Beyond this agents and tokens suffer. */
const DIFFERS_WARNING_MS = 30 * SECOND_MS;
const DIFFERS_FAULT_MS = 300 * SECOND_MS;

/** This machine's clock against that of another one. */
export function compareClocks(ownMs: number, otherMs: number, other: string): Finding {
  const { found } = findingsOf('clock');
  const differsMs = Math.abs(ownMs - otherMs);
  if (differsMs < DIFFERS_WARNING_MS) return found('ok', 'clockOk', { with: other });
  const state = differsMs < DIFFERS_FAULT_MS ? 'warning' : 'fault';
  return found(state, 'clockDiffers', { with: other, seconds: Math.round(differsMs / SECOND_MS) });
}
