import { AppError } from '@sekisho/core/errors.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import type { Cli } from '../cli.ts';
import { readTextFile } from '../input/read-file.ts';

export const ADMIN_PORT_DEFAULT = 13_291;
/** Ports of a management server on which nothing is administered. */
export const OTHER_PORTS: readonly number[] = [13_000, 8_014];
const API_KEY_BYTES_MAX = 4_096;

/** What the command line and the environment say of a server on another machine. */
export interface RemoteWish {
  readonly server: string;
  readonly caFingerprint: string | undefined;
  readonly apiKeyFile: string | undefined;
  /** Named on the command line itself, not in the environment. */
  readonly isFlag: boolean;
}

/** A server on another machine, and who we are there. */
export interface Remote {
  readonly host: string;
  readonly port: number;
  /** As people write it. */
  readonly shown: string;
  readonly caFingerprint: string;
  readonly apiKey: Secret;
}

/** The options of every administrative command; commander keeps them under these names. */
export const REMOTE_OPTIONS = {
  server: '--server <url>',
  caFingerprint: '--ca-fingerprint <hex>',
  apiKeyFile: '--api-key-file <file>',
} as const;

/** The wish of one command line: its options, else the environment; undefined: the server of this machine. */
export function remoteWish(
  options: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): RemoteWish | undefined {
  const given = (option: unknown, variable: string): string | undefined => {
    if (typeof option === 'string') return option;
    const value = env[variable];
    return value === '' ? undefined : value;
  };
  const server = given(options['server'], 'SEKISHO_SERVER');
  if (server === undefined) return undefined;
  return {
    server,
    caFingerprint: given(options['caFingerprint'], 'SEKISHO_CA_FINGERPRINT'),
    apiKeyFile: typeof options['apiKeyFile'] === 'string' ? options['apiKeyFile'] : undefined,
    isFlag: typeof options['server'] === 'string',
  };
}

/** Refusals: USAGE_SERVER_INVALID, REMOTE_FINGERPRINT_NEEDED, CA_FINGERPRINT_INVALID, REMOTE_API_KEY_NEEDED, FILE_…. */
export async function readRemote(cli: Cli, wish: RemoteWish): Promise<Remote> {
  const { host, port } = parseServer(wish.server);
  const shown = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (wish.caFingerprint === undefined) throw new AppError('REMOTE_FINGERPRINT_NEEDED', { server: shown });
  const { parseFingerprint } = await import('@sekisho/agent/setup/fingerprint.ts');
  const caFingerprint = parseFingerprint(wish.caFingerprint);
  const apiKey = await readApiKey(cli, wish.apiKeyFile);
  if (apiKey === undefined) throw new AppError('REMOTE_API_KEY_NEEDED', { server: shown });
  return { host, port, shown, caFingerprint, apiKey };
}

/** `https://backup.example:13291`, `backup.example`, `[2001:db8::1]:13291`. Refusal: USAGE_SERVER_INVALID. */
export function parseServer(value: string): { host: string; port: number } {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url?.protocol === 'https:' &&
    ['', '/'].includes(url.pathname) &&
    [url.search, url.hash, url.username, url.password].every((part) => part === '');
  if (url === undefined || !isPlain || url.hostname === '')
    throw new AppError('USAGE_SERVER_INVALID', { value: value.replace(/\/\/[^@/]*@/, '//…@') });
  // a URL hides the port 443, but somebody who writes it means it
  const given = /:(\d{1,5})\/?$/.exec(text)?.[1];
  const port = given === undefined ? ADMIN_PORT_DEFAULT : Number(given);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}

async function readApiKey(cli: Cli, file: string | undefined): Promise<Secret | undefined> {
  const raw =
    file === undefined
      ? (cli.io.env['SEKISHO_API_KEY'] ?? '')
      : await readTextFile(cli, file, API_KEY_BYTES_MAX);
  const key = raw.trim();
  return key === '' ? undefined : new Secret(key);
}
