import { AppError } from '@sekisho/core/errors.ts';
import type { RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import type { FleetParts } from '../../context.ts';
import { changeCa } from './change-ca.ts';
import { changeSigning } from './change-signing.ts';
import { changeTls } from './change-tls.ts';
import { offAndOn } from './off-and-on.ts';
import type { RotationChange } from './rotation-change.ts';

/** What an update of a kind changes, by its path. Refusal: ROTATION_SERVER_UNREAD. */
export function rotationChanges(
  parts: FleetParts,
): (kind: RotationKind, path: RotationPath) => RotationChange {
  const changes = new Map<RotationKind, RotationChange>([
    ['tls', changeTls(parts)],
    ['signing', changeSigning(parts)],
    ['ca', changeCa(parts)],
  ]);
  return (kind, path) => {
    const change = changes.get(kind);
    if (change === undefined) throw new AppError('ROTATION_SERVER_UNREAD', { kind, path });
    return path === 'off-on' ? offAndOn(change, parts) : change;
  };
}
