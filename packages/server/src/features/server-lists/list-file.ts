import { AppError } from '@sekisho/core/errors.ts';
import { serverListFile, type ServerListFile } from '@sekisho/core/wire/server-lists.ts';
import type { ServerContext } from '../../context.ts';
import type { StoredList } from './server-lists.store.ts';
import { signedServers } from './stored-servers.ts';

/** F-11 A list as a file that people can read and edit; nothing in it is secret or signed. */
export const writeListFile = (context: Pick<ServerContext, 'domain'>, list: StoredList): ServerListFile => ({
  format: 'sekisho-server-list',
  version: 1,
  domain: context.domain.id,
  name: list.name,
  servers: signedServers(list.servers),
});

/** F-11 Reads such a file, field by field. Refusal: SERVER_LIST_FILE_INVALID names the first field that is wrong. */
export function readListFile(text: string): ServerListFile {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new AppError('SERVER_LIST_FILE_INVALID', { detail: 'JSON' }, { cause: error });
  }
  const parsed = serverListFile.safeParse(raw);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  throw new AppError('SERVER_LIST_FILE_INVALID', {
    detail: where === '' ? (issue?.message ?? '-') : `${where}: ${issue?.message ?? '-'}`,
  });
}
