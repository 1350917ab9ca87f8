import { AppError } from '@sekisho/core/errors.ts';
import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import { parseCertificate, type Certificate } from './certificate.ts';

/** The header of a signed document: these four, and nothing else. */
export interface DocumentHeader {
  readonly alg: string;
  readonly typ: string;
  readonly kid: string;
  /** DER in base64, the signer's certificate first. */
  readonly x5c: readonly string[];
}

export const DOCUMENT_HEADER_LENGTH_MAX = 64 * 1024;
export const DOCUMENT_CHAIN_MAX = 4;

/** The `typ` of a document. */
export const documentKind = (type: DocumentType): string => `sekisho-${type}+jws`;

/**
 * Reads the header of a JWS without believing it. Any parameter that is not one of the four refuses the document: `jku`,
 * `jwk`, `x5u` and `crit` among them. Refusal: DOCUMENT_MALFORMED.
 * @source RFC 7515 §4.1, RFC 8725 §3
 */
export function readDocumentHeader(jws: string): { header: DocumentHeader; chain: readonly Certificate[] } {
  const [encoded = '', payload = '', signature = '', ...rest] = jws.split('.', 4);
  if (rest.length > 0 || payload === '' || signature === '' || encoded.length > DOCUMENT_HEADER_LENGTH_MAX)
    throw malformed('it is not a JWS of three parts');
  if (![encoded, payload, signature].every((part) => /^[A-Za-z0-9_-]+$/.test(part)))
    throw malformed('it is not base64url');
  const header = checkHeader(parseJson(encoded));
  return { header, chain: header.x5c.map(readChainLink) };
}

function parseJson(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch (error) {
    throw malformed('the header is not JSON', error);
  }
}

function checkHeader(raw: unknown): DocumentHeader {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw malformed('the header is no object');
  const fields = new Map<string, unknown>(Object.entries(raw));
  for (const name of fields.keys())
    if (!ALLOWED.has(name)) throw malformed(`the header parameter ${name.slice(0, 32)} is not allowed`);
  const [alg, typ, kid, x5c] = ['alg', 'typ', 'kid', 'x5c'].map((name) => fields.get(name));
  if (typeof alg !== 'string' || typeof typ !== 'string' || typeof kid !== 'string')
    throw malformed('alg, typ or kid is missing');
  if (!isTextList(x5c) || x5c.length === 0 || x5c.length > DOCUMENT_CHAIN_MAX)
    throw malformed('x5c is not a list of certificates');
  return { alg, typ, kid, x5c };
}

const ALLOWED: ReadonlySet<string> = new Set(['alg', 'typ', 'kid', 'x5c']);

const isTextList = (raw: unknown): raw is string[] =>
  Array.isArray(raw) && raw.every((item) => typeof item === 'string');

function readChainLink(text: string): Certificate {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw malformed('x5c is not base64');
  try {
    return parseCertificate(Buffer.from(text, 'base64'));
  } catch (error) {
    throw malformed('x5c holds no certificate', error);
  }
}

const malformed = (detail: string, cause?: unknown): AppError =>
  new AppError('DOCUMENT_MALFORMED', { detail }, { cause });
