import { AppError } from '@sekisho/core/errors.ts';
import { choosePath, type PathReason } from '@sekisho/core/rules/rotation-path.ts';
import type { Emergency, RotationKind, RotationPath } from '@sekisho/core/rules/rotation.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { listWorkers } from '../../store/workers.ts';
import { hostsInUse } from './gate-hosts.ts';
import type { RotationContext } from './rotation-context.ts';

/** F-31 The path of an update and why; `unable`: the hosts whose agent cannot do what path 1 needs. Refusal: ROTATION_PATH_UNFIT. */
export async function decidePath(
  { fleet, parts }: RotationContext,
  wish: { kind: RotationKind; path: RotationPath | undefined; emergency: Emergency | null },
): Promise<{ path: RotationPath; reasons: readonly PathReason[]; unable: HostId[] }> {
  const unable: HostId[] = [];
  let withoutFailover = 0;
  for (const { id, capabilities } of hostsInUse(fleet)) {
    if (capabilities.includes('announce')) continue;
    unable.push(id);
    if (!capabilities.includes('failover')) withoutFailover += 1;
  }
  const workers = (await listWorkers(parts.store)).filter(({ live }) => live);
  const decision = choosePath({
    kind: wish.kind,
    wanted: wish.path ?? null,
    emergency: wish.emergency,
    withoutAnnounce: unable.length,
    withoutFailover,
    servers: new Set(workers.map(({ instanceId }) => instanceId)).size,
  });
  if (!decision.allow) throw new AppError(decision.code, decision.params);
  return { path: decision.path, reasons: decision.reasons, unable };
}
