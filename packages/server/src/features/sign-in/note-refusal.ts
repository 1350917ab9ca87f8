import { AppError } from '@sekisho/core/errors.ts';
import type { ServerContext } from '../../context.ts';
import type { AdministratorRow } from '../administrators/administrator-rows.ts';

/** What somebody nobody knows is called: what they typed may be a password. */
export const UNKNOWN_NAME = 'unknown';

/** Who tries to sign in, as far as it is known, and from where. */
export interface Trying {
  readonly administrator: Pick<AdministratorRow, 'id' | 'name'> | undefined;
  readonly origin: string;
}

/**
 * Notes a refused sign-in for the audit log, where repeated ones are merged and counted. It is written later, with others: how
 * long the refusal takes says nothing about whether there is such an account.
 */
export function noteRefusal(
  { log, refusals }: Pick<ServerContext, 'log' | 'refusals'>,
  refusal: AppError,
  { administrator, origin }: Trying,
): void {
  log.warn({ administratorId: administrator?.id, code: refusal.code, origin }, 'sign-in refused');
  refusals.note({
    act: 'sign-in',
    actor: administrator?.name ?? UNKNOWN_NAME,
    origin,
    subject: administrator?.id ?? UNKNOWN_NAME,
    code: refusal.code,
    ...(administrator === undefined ? {} : { name: administrator.name }),
  });
}

/** Does work whose refusals are noted; too much at once (SIGN_IN_BUSY) says nothing about who tried. */
export async function notingRefusal<Result>(
  context: Pick<ServerContext, 'log' | 'refusals'>,
  who: Trying,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError && error.code !== 'SIGN_IN_BUSY') noteRefusal(context, error, who);
    throw error;
  }
}
