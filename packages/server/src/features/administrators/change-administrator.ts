import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import { administersDomain, decideAccountChange } from '@sekisho/core/rules/administrators.ts';
import type { Grant, Principal } from '@sekisho/core/rules/rights.ts';
import type { GrantView } from '@sekisho/core/wire/administrators.ts';
import type { ServerContext } from '../../context.ts';
import { requireUnchanged, revisionTag, type Precondition } from '../../http/entity-tag.ts';
import type { Tx } from '../../store/tables.ts';
import { revokeSessions } from '../admin-sessions/session-rows.ts';
import { revokeKeysOf } from '../api-keys/revoke-api-key.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { dropSignIns } from '../sign-in/drop-sign-ins.ts';
import { makeLink, type OneTimeLink } from '../sign-in/make-link.ts';
import {
  findAdministrator,
  listDomainAdministrators,
  readGrants,
  replaceGrants,
  updateAdministrator,
  type AdministratorRow,
} from './administrator-rows.ts';
import { lastChangeOf } from './last-change.ts';
import { checkedGrants } from './create-administrator.ts';

/** Who changes which account, and the state that they saw. */
export interface AccountChange {
  readonly id: AdministratorId;
  readonly principal: Principal;
  readonly precondition: Precondition | undefined;
}

/**
 * Puts other roles in place of those there are; every session of the administrator ends. Refusals: OWN_GRANTS,
 * LAST_ADMINISTRATOR, PRECONDITION_FAILED, NOT_FOUND, API_KEY_MAY_NOT.
 */
export async function changeGrants(
  context: ServerContext,
  change: AccountChange,
  wished: readonly GrantView[],
): Promise<AdministratorRow> {
  return changeAccount(context, change, async (tx, row, nowMs) => {
    const before = await readGrants(tx, row.id);
    const after = await checkedGrants(tx, [...wished]);
    await requireAllowed(tx, change, row, { change: 'grants', after });
    await replaceGrants(tx, row.id, after);
    await updateAdministrator(tx, row.id, {});
    await revokeSessions(tx, row.id, nowMs);
    return { act: 'set-grants', detail: { before, after } };
  });
}

/**
 * Closes the account: every session, unfinished sign-in and link ends, and its API keys stop working. Refusals:
 * LAST_ADMINISTRATOR, PRECONDITION_FAILED, NOT_FOUND, API_KEY_MAY_NOT.
 */
export async function closeAccount(context: ServerContext, change: AccountChange): Promise<AdministratorRow> {
  return changeAccount(context, change, async (tx, row, nowMs) => {
    if (row.disabledAtMs !== null) return undefined;
    await requireAllowed(tx, change, row, { change: 'disable', after: [] });
    await updateAdministrator(tx, row.id, { disabledAtMs: nowMs });
    await revokeSessions(tx, row.id, nowMs);
    await dropSignIns(tx, row.id);
    return { act: 'disable-administrator', detail: {} };
  });
}

/** Opens the account again, with the roles, password and second factor it had. Refusals: PRECONDITION_FAILED, NOT_FOUND. */
export async function reopenAccount(
  context: ServerContext,
  change: AccountChange,
): Promise<AdministratorRow> {
  return changeAccount(context, change, async (tx, row) => {
    if (row.disabledAtMs === null) return undefined;
    await updateAdministrator(tx, row.id, { disabledAtMs: null });
    return { act: 'enable-administrator', detail: {} };
  });
}

/**
 * A link for a new password and second factor. The account's API keys end with it, unless they are to be kept: whoever has them
 * needs neither. Refusals: NOT_FOUND, ADMINISTRATOR_DISABLED, API_KEY_MAY_NOT.
 */
export async function makeResetLink(
  context: ServerContext,
  { id, keepApiKeys, principal }: Pick<AccountChange, 'id' | 'principal'> & { readonly keepApiKeys: boolean },
): Promise<{ link: OneTimeLink; revokedApiKeys: number }> {
  if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  return context.store.transaction(async (tx) => {
    const row = await requireAdministrator(tx, id);
    if (row.disabledAtMs !== null) throw new AppError('ADMINISTRATOR_DISABLED');
    const purpose = row.passwordHash === null && row.oidc === null ? 'invitation' : 'reset';
    const nowMs = context.clock.nowMs();
    const revokedApiKeys = keepApiKeys ? 0 : await revokeKeysOf(tx, row.id, principal, { nowMs });
    return { link: await makeLink(context, tx, { purpose, administrator: row, principal }), revokedApiKeys };
  });
}

type Done = {
  readonly act: 'set-grants' | 'disable-administrator' | 'enable-administrator';
  readonly detail: Readonly<Record<string, unknown>>;
};

/** One transaction: writers come one after the other, so two who take each other's roles away find one left. */
async function changeAccount(
  { clock, store }: ServerContext,
  { id, principal, precondition }: AccountChange,
  work: (tx: Tx, row: AdministratorRow, nowMs: number) => Promise<Done | undefined>,
): Promise<AdministratorRow> {
  if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  return store.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const row = await requireAdministrator(tx, id);
    await requireUnchanged(precondition, revisionTag(row.revision), () => lastChangeOf(tx, id));
    const done = await work(tx, row, nowMs);
    if (done === undefined) return row;
    await recordAudit(
      tx,
      {
        act: done.act,
        actor: principal.name,
        origin: principal.origin,
        subject: id,
        outcome: 'done',
        detail: { name: row.name, ...done.detail },
      },
      nowMs,
    );
    return requireAdministrator(tx, id);
  });
}

async function requireAllowed(
  tx: Tx,
  { principal }: AccountChange,
  target: AdministratorRow,
  wish: { readonly change: 'grants' | 'disable'; readonly after: readonly Grant[] },
): Promise<void> {
  const decision = decideAccountChange({
    change: wish.change,
    principal,
    target,
    staysAdministrator: administersDomain(wish.after),
    domainAdministrators: await listDomainAdministrators(tx),
  });
  if (!decision.allow) throw new AppError(decision.code, decision.params);
}

async function requireAdministrator(tx: Tx, id: AdministratorId): Promise<AdministratorRow> {
  const row = await findAdministrator(tx, id);
  if (row === undefined) throw new AppError('NOT_FOUND', { what: 'administrator', id });
  return row;
}
