import { AppError } from '@sekisho/core/errors.ts';
import { isAbsolute } from 'node:path';

/** Where the data is. `label` is what errors and logs may show: never a password. */
export type DatabaseAddress =
  | { readonly dialect: 'sqlite'; readonly path: string; readonly label: string }
  | { readonly dialect: 'postgres'; readonly url: string; readonly label: string };

/** Reads `sqlite:/absolute/file` or `postgres://…`. @throws AppError DATABASE_URL_INVALID */
export function parseDatabaseAddress(raw: string): DatabaseAddress {
  if (raw.startsWith('sqlite:')) {
    const path = raw.slice('sqlite:'.length);
    if (!isAbsolute(path) || path.includes('\0')) {
      throw new AppError('DATABASE_URL_INVALID', { detail: 'sqlite: wants an absolute path' });
    }
    return { dialect: 'sqlite', path, label: path };
  }
  if (!/^postgres(ql)?:\/\//.test(raw)) {
    throw new AppError('DATABASE_URL_INVALID', { detail: 'neither sqlite: nor postgres://' });
  }
  if (!URL.canParse(raw)) throw new AppError('DATABASE_URL_INVALID', { detail: 'not a URL' });
  const url = new URL(raw);
  if (url.pathname.length < 2) throw new AppError('DATABASE_URL_INVALID', { detail: 'no database name' });
  const host =
    url.searchParams.get('host') ?? (url.port === '' ? url.hostname : `${url.hostname}:${url.port}`);
  return { dialect: 'postgres', url: raw, label: `${host}${url.pathname}` };
}
