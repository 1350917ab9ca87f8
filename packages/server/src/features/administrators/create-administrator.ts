import { AppError } from '@sekisho/core/errors.ts';
import { parseAdministratorId } from '@sekisho/core/ids.ts';
import { ADMINISTRATORS_MAX } from '@sekisho/core/limits.ts';
import { decideAdministratorName } from '@sekisho/core/rules/administrators.ts';
import type { Grant, Principal } from '@sekisho/core/rules/rights.ts';
import type { createAdministrator as createRoute } from '@sekisho/core/wire/administrators.ts';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { readGroupsBelow } from '../groups/groups-below.ts';
import { makeLink, type OneTimeLink } from '../sign-in/make-link.ts';
import {
  countAdministrators,
  findAdministratorByName,
  insertAdministrator,
  replaceGrants,
  type AdministratorRow,
} from './administrator-rows.ts';

/**
 * Creates an account with its roles, and the invitation with which its owner sets password and second factor. Refusals:
 * ADMINISTRATOR_NAME_INVALID, ADMINISTRATOR_NAME_TAKEN, ADMINISTRATORS_TOO_MANY, NOT_FOUND (a group), API_KEY_MAY_NOT.
 */
export async function createAdministrator(
  context: ServerContext,
  wish: z.output<typeof createRoute.body>,
  principal: Principal,
): Promise<{ row: AdministratorRow; link: OneTimeLink }> {
  if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  const { clock, random, store } = context;
  const { name, displayName } = wish;
  const named = decideAdministratorName(name);
  if (!named.allow) throw new AppError(named.code, named.params);
  const id = parseAdministratorId(random.uuid());
  if (id === undefined) throw new Error('the random source draws no UUIDs');
  return store.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    if ((await findAdministratorByName(tx, name)) !== undefined)
      throw new AppError('ADMINISTRATOR_NAME_TAKEN', { name });
    if ((await countAdministrators(tx)) >= ADMINISTRATORS_MAX)
      throw new AppError('ADMINISTRATORS_TOO_MANY', { limit: ADMINISTRATORS_MAX });
    const grants = await checkedGrants(tx, wish.grants);
    const row: AdministratorRow = {
      id,
      name,
      displayName,
      passwordHash: null,
      totpSealed: null,
      totpStep: null,
      oidc: null,
      createdAtMs: nowMs,
      createdBy: principal.name,
      disabledAtMs: null,
      revision: 1,
    };
    await insertAdministrator(tx, row);
    await replaceGrants(tx, id, grants);
    await recordAudit(
      tx,
      {
        act: 'create-administrator',
        actor: principal.name,
        origin: principal.origin,
        subject: id,
        outcome: 'done',
        detail: { name, displayName, grants },
      },
      nowMs,
    );
    const link = await makeLink(context, tx, { purpose: 'invitation', administrator: row, principal });
    return { row, link };
  });
}

/** Roles without repetition, whose groups are there. Refusal: NOT_FOUND. */
export async function checkedGrants(
  tx: Tx,
  wished: z.output<typeof createRoute.body>['grants'],
): Promise<Grant[]> {
  const below = await readGroupsBelow(tx);
  const grants = new Map<string, Grant>();
  for (const { role, group } of wished) {
    if (group !== null && below(group).size === 0)
      throw new AppError('NOT_FOUND', { what: 'group', id: group });
    grants.set(`${role} ${group ?? ''}`, { role, groupId: group });
  }
  return [...grants.values()];
}
