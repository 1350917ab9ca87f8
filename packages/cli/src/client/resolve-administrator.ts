import { AppError } from '@sekisho/core/errors.ts';
import { parseAdministratorId } from '@sekisho/core/ids.ts';
import { ADMINISTRATORS_MAX, PAGE_ROWS_MAX } from '@sekisho/core/limits.ts';
import {
  getAdministrator,
  listAdministrators,
  type AdministratorView,
} from '@sekisho/core/wire/administrators.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';

/** The administrator of a name or ID. Refusal: ADMINISTRATOR_UNKNOWN. */
export async function resolveAdministrator(call: Caller, given: string): Promise<AdministratorView> {
  const id = parseAdministratorId(given);
  const found = id === undefined ? await byName(call, given.toLowerCase()) : await byId(call, id, given);
  if (found === undefined) throw new AppError('ADMINISTRATOR_UNKNOWN', { given });
  return found;
}

async function byName(call: Caller, name: string): Promise<AdministratorView | undefined> {
  let after: string | undefined;
  for (let rows = 0; rows <= ADMINISTRATORS_MAX; rows += PAGE_ROWS_MAX) {
    const page = await call(listAdministrators, {
      query: { limit: PAGE_ROWS_MAX, ...(after === undefined ? {} : { after }) },
    });
    const found = page.administrators.find((one) => one.name === name);
    if (found !== undefined || page.next === null) return found;
    after = page.next;
  }
  return undefined;
}

async function byId(
  call: Caller,
  id: AdministratorView['id'],
  given: string,
): Promise<AdministratorView | undefined> {
  try {
    return await call(getAdministrator, { params: { id } });
  } catch (error) {
    if (error instanceof AppError && error.status === 404)
      throw new AppError('ADMINISTRATOR_UNKNOWN', { given }, { cause: error });
    throw error;
  }
}
