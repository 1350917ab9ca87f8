import { AppError } from '@sekisho/core/errors.ts';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { request } from 'undici';
import type { Cli } from '../cli.ts';
import { codeOf } from '../client/data-folder.ts';
import type { Endpoint } from '../flag.ts';
import { canAsk } from './confirm.ts';
import { promptLine } from './prompt.ts';
import { readTextFile } from './read-file.ts';

const FINGERPRINT_BYTES_MAX = 4_096;
const FETCH_TIMEOUT_MS = 15_000;

export interface FingerprintSources {
  readonly caFingerprint: string | undefined;
  readonly caFingerprintFile: string | undefined;
  readonly caFingerprintUrl: string | undefined;
}

/**
 * The fingerprint that an administrator gave out of band (T-10): typed, from a file, or from an https address that is not
 * the management server itself. Undefined: nobody gave one, and a person will compare by eye.
 * Refusals: USAGE_OPTIONS_CONFLICT, FILE_NOT_READABLE, FINGERPRINT_URL_REFUSED, FINGERPRINT_URL_FAILED,
 * CA_FINGERPRINT_INVALID, FINGERPRINT_NEEDED (nobody to ask).
 */
export async function readExpectedFingerprint(
  cli: Cli,
  sources: FingerprintSources,
  server: Endpoint,
): Promise<string | undefined> {
  const given = [sources.caFingerprint, sources.caFingerprintFile, sources.caFingerprintUrl];
  if (given.filter((one) => one !== undefined).length > 1) {
    throw new AppError('USAGE_OPTIONS_CONFLICT', {
      options: '--ca-fingerprint, --ca-fingerprint-file, --ca-fingerprint-url',
    });
  }
  const raw = await rawFingerprint(cli, sources, server);
  if (raw === undefined) return undefined;
  const { parseFingerprint } = await import('@sekisho/agent/setup/fingerprint.ts');
  return parseFingerprint(raw);
}

async function rawFingerprint(
  cli: Cli,
  sources: FingerprintSources,
  server: Endpoint,
): Promise<string | undefined> {
  if (sources.caFingerprint !== undefined) return sources.caFingerprint;
  if (sources.caFingerprintFile !== undefined) {
    return readTextFile(cli, sources.caFingerprintFile, FINGERPRINT_BYTES_MAX);
  }
  if (sources.caFingerprintUrl !== undefined) return fetchFingerprint(sources.caFingerprintUrl, server);
  if (cli.json || !canAsk(cli)) return undefined;
  const typed = await promptLine(cli, cli.words.notes.fingerprintPrompt);
  return typed.trim() === '' ? undefined : typed;
}

/** Over https with the system's roots, without following redirects; never from the server that is to be checked. */
export async function fetchFingerprint(raw: string, server: Endpoint): Promise<string> {
  const url = URL.canParse(raw) ? new URL(raw) : undefined;
  if (url === undefined || url.protocol !== 'https:' || (await isSameMachine(url.hostname, server.address))) {
    throw new AppError('FINGERPRINT_URL_REFUSED', { url: raw });
  }
  try {
    const response = await request(url, {
      headersTimeout: FETCH_TIMEOUT_MS,
      bodyTimeout: FETCH_TIMEOUT_MS,
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (response.statusCode !== 200) {
      response.body.destroy();
      throw new AppError('FINGERPRINT_URL_FAILED', { url: raw, reason: `HTTP ${response.statusCode}` });
    }
    let text = '';
    for await (const chunk of response.body.setEncoding('utf8')) {
      text += String(chunk);
      if (text.length > FINGERPRINT_BYTES_MAX) {
        throw new AppError('FINGERPRINT_URL_FAILED', { url: raw, reason: `> ${FINGERPRINT_BYTES_MAX} B` });
      }
    }
    return text;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'FINGERPRINT_URL_FAILED',
      { url: raw, reason: codeOf(error) ?? 'unknown' },
      { cause: error },
    );
  }
}

/** The same name, or names that lead to a common address. A name that cannot be looked up is not known to be the same. */
async function isSameMachine(a: string, b: string): Promise<boolean> {
  const plain = (name: string): string =>
    name
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '')
      .toLowerCase();
  if (plain(a) === plain(b)) return true;
  const [ofA, ofB] = await Promise.all([addressesOf(plain(a)), addressesOf(plain(b))]);
  return ofA.some((address) => ofB.includes(address));
}

async function addressesOf(name: string): Promise<string[]> {
  if (isIP(name) !== 0) return [name];
  const found = await lookup(name, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}
