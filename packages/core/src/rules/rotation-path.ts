import type { Emergency, RotationKind, RotationPath } from './rotation.ts';

/** F-31 Why a path was chosen. */
export const PATH_REASONS = [
  'chosen',
  'emergency',
  'all-announce',
  'several-servers-fail-over',
  'old-agents',
  'ca-has-no-other',
] as const;
export type PathReason = (typeof PATH_REASONS)[number];

export interface PathFacts {
  readonly kind: RotationKind;
  /** What an administrator wants; null: whatever fits. */
  readonly wanted: RotationPath | null;
  readonly emergency: Emergency | null;
  /** Hosts whose agent does not say that it accepts announced keys. */
  readonly withoutAnnounce: number;
  /** Of those, the ones that do not fail over either. */
  readonly withoutFailover: number;
  /** Server processes that live and that every list names. */
  readonly servers: number;
}

export type PathDecision =
  | { readonly allow: true; readonly path: RotationPath; readonly reasons: readonly PathReason[] }
  | {
      readonly allow: false;
      readonly code: 'ROTATION_PATH_UNFIT';
      readonly params: { readonly path: RotationPath; readonly kind: RotationKind; readonly servers: number };
    };

/** F-31 The way of an update, and why: announced where every agent can, one server after the other where they fail over, else by hand. */
export function choosePath(facts: PathFacts): PathDecision {
  const { wanted, kind, servers } = facts;
  const path = wanted ?? byAbility(facts);
  const fits =
    path === 'announced' || (kind !== 'ca' && path === 'off-on') || (kind === 'tls' && servers > 1);
  if (!fits) return { allow: false, code: 'ROTATION_PATH_UNFIT', params: { path, kind, servers } };
  if (facts.emergency !== null) return { allow: true, path, reasons: ['emergency'] };
  if (wanted !== null) return { allow: true, path, reasons: ['chosen'] };
  if (kind === 'ca') return { allow: true, path, reasons: ['ca-has-no-other'] };
  if (path === 'announced') return { allow: true, path, reasons: ['all-announce'] };
  const reasons: PathReason[] = ['old-agents'];
  if (path === 'failover') reasons.push('several-servers-fail-over');
  return { allow: true, path, reasons };
}

function byAbility({ kind, emergency, withoutAnnounce, withoutFailover, servers }: PathFacts): RotationPath {
  if (kind === 'ca' || emergency !== null || withoutAnnounce === 0) return 'announced';
  return kind === 'tls' && servers > 1 && withoutFailover === 0 ? 'failover' : 'off-on';
}
