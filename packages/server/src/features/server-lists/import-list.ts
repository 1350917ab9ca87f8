import type { ListId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import { createList, replaceList, type ChangedList, type ChangeTerms } from './change-lists.ts';
import { readListFile } from './list-file.ts';

/**
 * F-11 A file becomes a new list, or the entries of one that is there. A file of another domain is told of. Refusals:
 * SERVER_LIST_FILE_INVALID, and those of `createList` and `replaceList`.
 */
export async function importList(
  context: ServerContext,
  principal: Principal,
  wish: {
    readonly file: string;
    readonly name?: string | undefined;
    readonly into?: { readonly id: ListId; readonly revision: number } | undefined;
  },
  terms: ChangeTerms,
): Promise<ChangedList> {
  const { domain, name, servers } = readListFile(wish.file);
  const changed =
    wish.into === undefined
      ? await createList(context, principal, { name: wish.name ?? name, servers }, terms)
      : await replaceList(context, principal, { ...wish.into, name: wish.name, servers }, terms);
  if (domain === context.domain.id) return changed;
  const foreign = { code: 'SERVER_LIST_FILE_FOREIGN', params: { domain } };
  return { ...changed, effect: { ...changed.effect, warnings: [foreign, ...changed.effect.warnings] } };
}
