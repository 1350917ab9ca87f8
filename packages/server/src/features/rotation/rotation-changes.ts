import type { RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import type { FleetParts } from '../../context.ts';
import { changeCa } from './change-ca.ts';
import { changeSigning } from './change-signing.ts';
import { changeTls } from './change-tls.ts';
import { offAndOn } from './off-and-on.ts';
import type { RotationChange } from './rotation-change.ts';

/** What an update of a kind changes, by its path. */
export function rotationChanges(
  parts: FleetParts,
): (kind: RotationKind, path: RotationPath) => RotationChange {
  const changes: Readonly<Record<RotationKind, RotationChange>> = {
    tls: changeTls(parts),
    signing: changeSigning(parts),
    ca: changeCa(parts),
  };
  return (kind, path) => (path === 'off-on' ? offAndOn(changes[kind], parts) : changes[kind]);
}
