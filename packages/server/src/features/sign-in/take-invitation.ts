import { AppError } from '@sekisho/core/errors.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import type { AdministratorRow } from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { usableLink } from './accept-link.ts';
import { markLinkUsed } from './links.store.ts';
import { codeHash } from './make-link.ts';

/**
 * An invitation that is there and not used, with whom it is for. The first administrator has no account yet, and a reset is
 * about the password: neither is taken up by single sign-on. Refusals: OIDC_LINK_PURPOSE, and those of `openLink`.
 */
export async function findInvitation(db: DbOrTx, code: string, nowMs: number): Promise<AdministratorRow> {
  const { link, administrator } = await usableLink(db, code, nowMs);
  if (administrator === undefined || link.purpose !== 'invitation') throw new AppError('OIDC_LINK_PURPOSE');
  return administrator;
}

/** Uses an invitation up: of two who try at once one wins. Refusals: as `findInvitation`. */
export async function takeInvitation(
  tx: Tx,
  code: string,
  origin: string,
  nowMs: number,
): Promise<AdministratorRow> {
  const administrator = await findInvitation(tx, code, nowMs);
  if (!(await markLinkUsed(tx, codeHash(code), nowMs))) throw new AppError('LINK_USED');
  const { id: subject, name } = administrator;
  const detail = { name, purpose: 'invitation' };
  const used = { act: 'use-link', actor: name, origin, subject, outcome: 'done', detail } as const;
  await recordAudit(tx, used, nowMs);
  return administrator;
}
