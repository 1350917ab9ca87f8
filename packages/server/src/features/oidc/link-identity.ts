import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Actor } from '../fleet/fleet-context.ts';
import type { ServerContext } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { revokeSessions } from '../admin-sessions/session-rows.ts';
import { findAdministrator, type AdministratorRow } from '../administrators/administrator-rows.ts';
import { keepAdministrator } from '../administrators/keep-administrator.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { findLinked, setIdentity, type OidcIdentity } from './oidc.store.ts';

/**
 * Ties an identity at a provider to an account, or takes it away (null). Every session of the account ends: the way in has
 * changed.
 * @throws AppError NOT_FOUND, OIDC_IDENTITY_TAKEN, LAST_ADMINISTRATOR
 */
export const linkIdentity = (
  context: Pick<ServerContext, 'store' | 'clock'>,
  actor: Actor,
  id: AdministratorId,
  identity: OidcIdentity | null,
): Promise<AdministratorRow> =>
  context.store.transaction((tx) => linkIdentityIn(tx, actor, id, identity, context.clock.nowMs()));

/** The same within a transaction: of an invitation that is used. */
export async function linkIdentityIn(
  tx: Tx,
  actor: Actor,
  id: AdministratorId,
  identity: OidcIdentity | null,
  nowMs: number,
): Promise<AdministratorRow> {
  const before = await findAdministrator(tx, id);
  if (before === undefined) throw new AppError('NOT_FOUND', { what: 'administrator', id });
  const owner = identity === null ? undefined : await findLinked(tx, identity);
  if (owner !== undefined && owner !== id) throw new AppError('OIDC_IDENTITY_TAKEN');
  await keepAdministrator(tx, before.name, () => setIdentity(tx, id, identity));
  await revokeSessions(tx, id, nowMs);
  await recordAudit(
    tx,
    {
      act: identity === null ? 'unlink-oidc' : 'link-oidc',
      actor: actor.name,
      origin: actor.origin,
      subject: id,
      outcome: 'done',
      detail: { name: before.name, before: before.oidc, after: identity },
    },
    nowMs,
  );
  return { ...before, oidc: identity, revision: before.revision + 1 };
}
