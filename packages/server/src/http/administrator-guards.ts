import { AppError } from '@sekisho/core/errors.ts';
import { canonicalIp, canonicalName } from '@sekisho/core/rules/naming.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { ServerContext } from '../context.ts';
import { readCookie, SESSION_COOKIE } from './cookies.ts';

/**
 * On every reply of the administration port. `default-src 'none'`: these are data, not pages. No Strict-Transport-Security: it
 * binds the host name with all its ports, and would close the CA page at 8014 to browsers (RFC 6797 §8.2).
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/**
 * What the administration port asks of every request before anything else, and says with every reply. Refusals:
 * HOST_HEADER_UNKNOWN, REQUEST_MALFORMED (two Host headers), CROSS_SITE_REFUSED, CONTENT_TYPE_REFUSED.
 */
export function guardAdministration(app: FastifyInstance, context: Pick<ServerContext, 'config'>): void {
  const own = ownNames(context.config.addresses);
  app.addHook('onRequest', async (request) => {
    requireOwnHost(request, own);
    requireOwnSite(request, own);
    requireJson(request);
  });
  app.addHook('onSend', async (_request, reply) => {
    void reply.headers(SECURITY_HEADERS);
    // @source RFC 9110 §15.5.2: a 401 names the scheme
    if (reply.statusCode === 401 && !reply.hasHeader('www-authenticate'))
      void reply.header('www-authenticate', 'Bearer realm="sekisho"');
  });
}

/** The same headers for what is answered before any route is looked for: an address that cannot be read, or a start. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
}

/** Names that lead to this server, as they stand in Host and Origin without their port. */
function ownNames(addresses: readonly string[]): ReadonlySet<string> {
  return new Set(['localhost', ...addresses.map(canonicalName)]);
}

/**
 * Somebody else's name that leads here (DNS rebinding) is not answered. An address of the socket itself is our own.
 * @source RFC 9110 §7.4, RFC 9112 §3.2
 */
function requireOwnHost(request: FastifyRequest, own: ReadonlySet<string>): void {
  const { raw } = request;
  const hosts = raw.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host');
  if (hosts.length > 1) throw new AppError('REQUEST_MALFORMED');
  const host = raw.headers.host ?? '';
  const name = nameOfHost(host);
  if (name === undefined || !isOwn(name, request, own))
    throw new AppError('HOST_HEADER_UNKNOWN', { host: shown(host) });
}

/**
 * A page of another site, open in an administrator's browser, asks for nothing here. Browsers say where a request comes
 * from; with a session's cookie somebody must say it.
 * @source Fetch Metadata §2.4; RFC 6454 §7
 */
function requireOwnSite(request: FastifyRequest, own: ReadonlySet<string>): void {
  if (SAFE_METHODS.has(request.method)) return;
  const site = request.headers['sec-fetch-site'];
  const { origin } = request.headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new AppError('CROSS_SITE_REFUSED');
  if (origin !== undefined && !isOwnOrigin(origin, request, own)) throw new AppError('CROSS_SITE_REFUSED');
  const hasSession = readCookie(request, SESSION_COOKIE) !== undefined;
  if (hasSession && site === undefined && origin === undefined) throw new AppError('CROSS_SITE_REFUSED');
}

/** Forms of other sites send anything but JSON without being asked first. */
function requireJson(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { 'content-length': length, 'transfer-encoding': encoding, 'content-type': type } = request.headers;
  const hasBody = encoding !== undefined || (length !== undefined && length !== '0');
  if (!hasBody && type === undefined) return;
  if (!/^application\/json\s*(;|$)/i.test(type ?? '')) throw new AppError('CONTENT_TYPE_REFUSED');
}

function isOwnOrigin(origin: string, request: FastifyRequest, own: ReadonlySet<string>): boolean {
  if (!URL.canParse(origin)) return false; // `null`, too
  const url = new URL(origin);
  if (url.protocol !== 'https:') return false;
  const name = nameOfHost(url.host);
  // the very host and port that were asked: another service on this machine is another site
  return name !== undefined && isOwn(name, request, own) && url.host === hostWithoutDefault(request);
}

/** The Host header as URLs write it: lower case, without the port 443. */
function hostWithoutDefault(request: FastifyRequest): string | undefined {
  const address = `https://${request.headers.host ?? ''}`;
  return URL.canParse(address) ? new URL(address).host : undefined;
}

function isOwn(name: string, request: FastifyRequest, own: ReadonlySet<string>): boolean {
  if (own.has(name)) return true;
  const { localAddress } = request.raw.socket;
  const ip = canonicalIp(name);
  return ip !== undefined && ip === canonicalIp(localAddress?.split('%')[0] ?? '');
}

/** `server.example:13291` → `server.example`; undefined for what is no host. */
function nameOfHost(host: string): string | undefined {
  const [, v6, name] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/?#@[\]\\]+))(?::\d{1,5})?$/.exec(host) ?? [];
  const found = v6 ?? name;
  return found === undefined ? undefined : canonicalName(found);
}

const shown = (host: string): string => host.replace(/[^\x21-\x7e]/g, '?').slice(0, SHOWN_LENGTH_MAX);
const SHOWN_LENGTH_MAX = 100;
/** They change nothing. @source RFC 9110 §9.2.1 */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
