import { AppError } from '@sekisho/core/errors.ts';
import type { Tx } from '../../store/tables.ts';
import { hasAdministrator } from './administrator-rows.ts';

/**
 * Changes how somebody signs in, unless afterwards nobody could sign in and administer the domain: a link for the first
 * administrator would work again. Refusal: LAST_ADMINISTRATOR.
 */
export async function keepAdministrator<Result>(
  tx: Tx,
  name: string,
  change: () => Promise<Result>,
): Promise<Result> {
  const hadOne = await hasAdministrator(tx);
  const result = await change();
  if (hadOne && !(await hasAdministrator(tx))) throw new AppError('LAST_ADMINISTRATOR', { name });
  return result;
}
