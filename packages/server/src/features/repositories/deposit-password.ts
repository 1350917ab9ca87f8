import type { HostId, RepositoryName } from '@sekisho/core/ids.ts';
import { recordChange } from '../../store/record-change.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { FleetContext } from '../fleet/fleet-context.ts';
import { PASSWORD_UNKNOWN, passwordContext } from './ensure-repositories.ts';
import { selectRepositoriesOf, setSealedPassword } from './repositories.store.ts';
import { sealRepositories } from './seal-repositories.ts';

/**
 * T-18 A host that was a legacy host hands over, over mutual TLS, the password that it kept for itself: its repositories go on. Null: it
 * has none any more; they are sealed, and the next generation is made. A password that is known here already is never replaced.
 * Returns the repositories that go on.
 */
export async function depositPassword(
  context: FleetContext,
  hostId: HostId,
  password: string | null,
): Promise<RepositoryName[]> {
  return context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const waiting = (await selectRepositoriesOf(tx, [hostId])).filter(
      (one) => one.sealedPassword === PASSWORD_UNKNOWN && one.sealedAtMs === null,
    );
    if (waiting.length === 0) return [];
    if (password === null) await sealRepositories(context, tx, hostId, nowMs);
    else
      for (const { name } of waiting) {
        const sealed = context.secrets.seal(new TextEncoder().encode(password), passwordContext(name));
        await setSealedPassword(tx, name, sealed);
        await recordChange(tx, 'repository', name);
      }
    await recordChange(tx, 'host', hostId);
    const repositories = waiting.map(({ name }) => name);
    const detail = { repositories, kept: password !== null };
    await recordAudit(
      tx,
      {
        act: 'deposit-repository-password',
        actor: hostId,
        origin: 'agent',
        subject: hostId,
        outcome: 'done',
        detail,
      },
      nowMs,
    );
    return password === null ? [] : repositories;
  });
}
