import { AppError } from '@sekisho/core/errors.ts';
import { isAbsolute } from 'node:path';

/** Where the data is. `label` is what errors and logs may show: never a password. */
export type DatabaseAddress =
  | { readonly dialect: 'sqlite'; readonly path: string; readonly label: string }
  | {
      readonly dialect: 'postgres';
      /** One address each of the servers of which one at a time accepts writes: a primary and its standbys. */
      readonly urls: readonly [string, ...string[]];
      readonly label: string;
    };

/** A primary and its standbys. */
export const DATABASE_SERVERS_MAX = 8;

/**
 * Reads `sqlite:/absolute/file` or `postgres://…`, which may name several servers as libpq takes them: `one:5432,two:5433` or
 * `?host=…,…&port=…,…`. The one of them that accepts writes is used, whether `target_session_attrs=read-write` says so or nothing.
 * @throws AppError DATABASE_URL_INVALID
 * @source https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
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
  const urls = serversOf(raw);
  const labels = urls.map((one) => {
    const url = new URL(one);
    if (url.pathname.length < 2) throw new AppError('DATABASE_URL_INVALID', { detail: 'no database name' });
    const host = url.searchParams.get('host') ?? url.hostname;
    const port = url.searchParams.get('port') ?? url.port;
    return { place: port === '' ? host : `${host}:${port}`, path: url.pathname };
  });
  const places = labels.map(({ place }) => place).join(',');
  return { dialect: 'postgres', urls, label: `${places}${labels[0]?.path ?? ''}` };
}

const ADDRESS = /^(postgres(?:ql)?:\/\/)([^/?#]*@)?([^/?#]*)([^]*)$/;

/** An address of several servers taken apart: each is one that the driver reads. */
function serversOf(raw: string): [string, ...string[]] {
  const [, scheme = '', user = '', authority = '', rest = ''] = ADDRESS.exec(raw) ?? [];
  const places = authority.split(',').map((place) => withoutLists(`${scheme}${user}${place}${rest}`));
  const [first, ...others] = places;
  if (first === undefined || places.some((place) => place === undefined)) throw invalid('not a URL');
  const hosts = first.lists.host;
  const named = hosts.length > 0 ? hosts.map(() => first.url) : [first, ...others].map((one) => one?.url);
  const ports = first.lists.port;
  if (hosts.length > 0 && others.length > 0) throw invalid('the servers are named twice');
  if (named.length > DATABASE_SERVERS_MAX) throw invalid(`more than ${DATABASE_SERVERS_MAX} servers`);
  if (ports.length > 1 && ports.length !== named.length)
    throw invalid('another number of ports than of servers');
  const wanted = first.lists.target_session_attrs[0] ?? 'read-write';
  if (wanted !== 'read-write' && wanted !== 'primary')
    throw invalid('target_session_attrs: the server writes, so only read-write or primary');
  if (named.length === 1 && first.url === new URL(raw).href) return [raw];
  const urls = named.map((url, at) => {
    const one = new URL(url ?? '');
    const host = hosts[at];
    const port = ports[at] ?? ports[0];
    if (host !== undefined) one.searchParams.set('host', host);
    if (port !== undefined) one.searchParams.set('port', port);
    return one.href;
  });
  return [urls[0] ?? raw, ...urls.slice(1)];
}

type Lists = Record<'host' | 'port' | 'target_session_attrs', string[]>;

/** What is not of one server alone leaves the address; undefined: it is none. */
function withoutLists(raw: string): { url: string; lists: Lists } | undefined {
  if (!URL.canParse(raw)) return undefined;
  const url = new URL(raw);
  const take = (name: keyof Lists): string[] => {
    const found = url.searchParams.get(name);
    url.searchParams.delete(name);
    return found === null || found === '' ? [] : found.split(',');
  };
  const lists = {
    host: take('host'),
    port: take('port'),
    target_session_attrs: take('target_session_attrs'),
  };
  return { url: url.href, lists };
}

const invalid = (detail: string): AppError => new AppError('DATABASE_URL_INVALID', { detail });
