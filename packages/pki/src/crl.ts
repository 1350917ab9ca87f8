import { AppError } from '@sekisho/core/errors.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { CRL_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Certificate } from './certificate.ts';
import { readSerial } from './certificate.ts';
import { DerError, DerReader, decodeTimeMs, parsing, readElement, type DerElement } from './der/read.ts';
import { contextConstructed, contextPrimitive, TAG } from './der/write.ts';
import { readAuthorityKeyId } from './extensions.ts';
import { readNames } from './general-names.ts';
import { sha256Hex } from './keys.ts';
import { readName } from './name.ts';
import { OID } from './oids.ts';
import { passPlainEntry, plainDateMs } from './plain-entry.ts';
import { SerialSet } from './serial-set.ts';
import { readSignatureAlgorithm, verifySignature } from './signature.ts';

/** Entries of one list: 36 bytes each is the least. */
export const CRL_ENTRIES_MAX = 4_000_000;
/** Addresses that a list may have. */
export const SCOPE_URIS_MAX = 8;

/** Reasons by their number in a CRL; those that no list of ours gives are read as well. @source RFC 5280 §5.3.1 */
export const CRL_REASONS = new Map([
  ['unspecified', 0],
  ['keyCompromise', 1],
  ['cACompromise', 2],
  ['affiliationChanged', 3],
  ['superseded', 4],
  ['cessationOfOperation', 5],
  ['certificateHold', 6],
  ['privilegeWithdrawn', 9],
  ['aACompromise', 10],
] as const);
export type CrlReason = typeof CRL_REASONS extends Map<infer Reason, number> ? Reason : never;

export interface CrlEntry {
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  readonly revokedAtMs: number;
  readonly reason: CrlReason;
}

/** Which certificates of its issuer a list speaks for. */
export interface CrlScope {
  /** The addresses by which a certificate names this list; empty: it speaks for all certificates of its issuer. */
  readonly uris: readonly string[];
  /** It says nothing of CA certificates. */
  readonly onlyUserCertificates: boolean;
}

/** A certificate revocation list as it was read; believe it after `verifyCrl`. */
export interface Crl {
  readonly der: Uint8Array;
  readonly sha256: Sha256Hex;
  readonly tbsDer: Uint8Array;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly issuerDer: Uint8Array;
  readonly authorityKeyId: string | undefined;
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** What its issuing distribution point says. @source RFC 5280 §5.2.5 */
  readonly scope: CrlScope;
  /** Serials of all entries, lower-case hex without leading zero bytes. */
  readonly serials: SerialSet;
  readonly entryCount: number;
  /** Zero without entries. */
  readonly newestRevokedAtMs: number;
  /** The entries with date and reason, read again from the bytes: a list of millions isn't kept twice. */
  entries(): Iterable<CrlEntry>;
}

/** A list that speaks for all certificates of its issuer. */
export const WHOLE_SCOPE: CrlScope = { uris: [], onlyUserCertificates: false };

/** The signed part of a list. */
export type CrlTbs = Omit<Crl, 'der' | 'sha256' | 'signature'>;

/**
 * Reads a full CRL (v2) in DER, strictly. Delta and indirect lists have critical extensions of their own and are refused.
 * Refusal: CRL_MALFORMED.
 * @source RFC 5280 §5.1
 */
export function parseCrl(der: Uint8Array): Crl {
  return parsing('CRL_MALFORMED', () => {
    if (der.length > CRL_BYTES_MAX) throw new DerError(`larger than ${CRL_BYTES_MAX} bytes`);
    const own = Buffer.from(der);
    const top = new DerReader(own);
    const outer = top.enter(TAG.sequence, 'a revocation list');
    top.finish('the revocation list');
    const tbsDer = outer.whole(outer.take(TAG.sequence, 'tbsCertList'));
    const algorithm = readSignatureAlgorithm(outer, 'the signature algorithm');
    const signature = outer.bits('the signature');
    outer.finish('the signature');
    const tbs = parseCrlTbs(tbsDer);
    if (tbs.signatureAlgorithm !== algorithm)
      throw new DerError('the signature algorithm is not the one that is signed');
    return { ...tbs, der: own, sha256: sha256Hex(own), signature };
  });
}

/** Reads a TBSCertList (the whole element). Throws DerError: for use inside `parsing`. */
export function parseCrlTbs(tbsDer: Uint8Array): CrlTbs {
  const top = new DerReader(tbsDer);
  const tbs = top.enter(TAG.sequence, 'tbsCertList');
  top.finish('tbsCertList');
  if (tbs.small('the version') !== 1) throw new DerError('it is not of version 2');
  const signatureAlgorithm = readSignatureAlgorithm(tbs, 'the signature algorithm');
  const issuer = readName(tbs, 'the issuer');
  if (issuer.isEmpty) throw new DerError('the issuer is empty');
  const thisUpdateMs = tbs.timeMs('thisUpdate');
  const nextUpdateMs = tbs.timeMs('nextUpdate');
  const list = tbs.takeIf(TAG.sequence);
  const [start, end] = list === undefined ? [0, 0] : [list.contentStart, list.end];
  if (list !== undefined && start === end) throw new DerError('the list of entries is empty');
  const extensions = tbs.enter(contextConstructed(0), 'the extensions of the list');
  const { authorityKeyId, number, scope } = readListExtensions(extensions);
  tbs.finish('the extensions of the list');
  const entries = (): Iterable<CrlEntry> => readEntries(tbsDer, start, end);
  const { starts, newestRevokedAtMs } = walkEntries(tbsDer, start, end);
  return {
    tbsDer,
    signatureAlgorithm,
    issuerDer: issuer.der,
    authorityKeyId,
    number,
    thisUpdateMs,
    nextUpdateMs,
    scope,
    serials: new SerialSet(tbsDer, starts),
    entryCount: starts.length,
    newestRevokedAtMs,
    entries,
  };
}

/** Reads every entry, so that nothing is left to be found wrong later; gives where each serial begins. */
function walkEntries(
  bytes: Uint8Array,
  start: number,
  end: number,
): { starts: Uint32Array; newestRevokedAtMs: number } {
  const starts = new Uint32Array(Math.min(CRL_ENTRIES_MAX, Math.ceil((end - start) / ENTRY_BYTES_MIN)));
  let count = 0;
  let newestRevokedAtMs = 0;
  for (let offset = start; offset < end; count += 1) {
    if (count >= starts.length) throw new DerError('too many entries');
    const next = passPlainEntry(bytes, offset, end, REASON_NAMES);
    if (next !== 0) {
      starts[count] = offset + 4;
      newestRevokedAtMs = Math.max(newestRevokedAtMs, plainDateMs(bytes, offset));
      offset = next;
      continue;
    }
    const found = readElement(bytes, offset, end);
    if (found.tag !== TAG.sequence) throw new DerError('an entry expected');
    offset = found.end;
    starts[count] = readElement(bytes, found.contentStart, found.end).contentStart;
    newestRevokedAtMs = Math.max(newestRevokedAtMs, readEntry(bytes, found).revokedAtMs);
  }
  return { starts: starts.slice(0, count), newestRevokedAtMs };
}

/** A serial of one byte and a date. */
const ENTRY_BYTES_MIN = 20;

function* readEntries(bytes: Uint8Array, start: number, end: number): Generator<CrlEntry> {
  for (let offset = start; offset < end;) {
    const found = readElement(bytes, offset, end);
    offset = found.end;
    const { serial, revokedAtMs, reason } = readEntry(bytes, found);
    yield { serial: serial.hex, revokedAtMs, reason };
  }
}

function readEntry(bytes: Uint8Array, found: DerElement) {
  const entry = new DerReader(bytes, found.contentStart, found.end);
  const serial = readSerial(entry);
  const date = entry.next();
  const revokedAtMs = decodeTimeMs(date.tag, entry.content(date), 'the revocation date');
  const reason = entry.done ? 'unspecified' : readReason(entry);
  entry.finish('an entry');
  return { serial, revokedAtMs, reason };
}

const REASON_NAMES: ReadonlyMap<number, CrlReason> = new Map(
  [...CRL_REASONS].map(([name, number]) => [number, name] as const),
);

/** The reason in the extensions of an entry; another critical one (certificateIssuer) refuses the list. */
function readReason(entry: DerReader): CrlReason {
  let reason: CrlReason = 'unspecified';
  forEachExtension(entry, (type, critical, value) => {
    if (type !== OID.crlReason) {
      if (critical) throw new DerError(`the critical extension ${type} of an entry is not known`);
      return;
    }
    const content = value.content(value.take(TAG.enumerated, 'the reason'));
    const known = content.length === 1 ? REASON_NAMES.get(content[0]!) : undefined;
    if (known === undefined) throw new DerError('a reason that is not known in a full list');
    reason = known;
    value.finish('the reason');
  });
  return reason;
}

function readListExtensions(reader: DerReader): {
  authorityKeyId: string | undefined;
  number: number;
  scope: CrlScope;
} {
  let authorityKeyId: string | undefined;
  let number: number | undefined;
  let scope = WHOLE_SCOPE;
  forEachExtension(reader, (type, critical, value) => {
    if (type === OID.authorityKeyId) {
      authorityKeyId = readAuthorityKeyId(value);
      value.finish('authorityKeyIdentifier');
    } else if (type === OID.crlNumber) {
      number = value.small('cRLNumber');
      value.finish('cRLNumber');
    } else if (type === OID.issuingDistributionPoint) {
      if (!critical) throw new DerError('issuingDistributionPoint is not critical');
      scope = readScope(value);
    } else if (critical) {
      throw new DerError(`the critical extension ${type} of the list is not known`);
    }
  });
  reader.finish('the extensions of the list');
  if (number === undefined) throw new DerError('cRLNumber is missing');
  return { authorityKeyId, number, scope };
}

/** Lists of some reasons only, indirect ones and those of attribute certificates are none of ours, and refused. */
function readScope(value: DerReader): CrlScope {
  const point = value.enter(TAG.sequence, 'issuingDistributionPoint');
  value.finish('issuingDistributionPoint');
  const name = point.enterIf(contextConstructed(0));
  const full = name?.enterIf(contextConstructed(0));
  if (name !== undefined && full === undefined)
    throw new DerError('a distribution point without a full name');
  const uris = full === undefined ? [] : readNames(full, 'a distribution point').uris;
  if (full !== undefined && uris.length === 0) throw new DerError('a distribution point without an address');
  if (uris.length > SCOPE_URIS_MAX) throw new DerError('a distribution point with too many addresses');
  name?.finish('a distribution point');
  const onlyUser = point.takeIf(contextPrimitive(1));
  if (onlyUser !== undefined) {
    const content = point.content(onlyUser);
    if (content.length !== 1 || content[0] !== 0xff) throw new DerError('onlyContainsUserCerts is not TRUE');
  }
  point.finish('issuingDistributionPoint: another scope is not known');
  return { uris, onlyUserCertificates: onlyUser !== undefined };
}

function forEachExtension(
  reader: DerReader,
  visit: (type: string, critical: boolean, value: DerReader) => void,
): void {
  const list = reader.enter(TAG.sequence, 'the list of extensions');
  const seen: string[] = [];
  while (!list.done) {
    const one = list.enter(TAG.sequence, 'an extension');
    const type = one.oid('an extension');
    const critical = one.flag('the critical mark of an extension');
    const value = one.enter(TAG.octetString, 'the value of an extension');
    one.finish('an extension');
    if (seen.includes(type)) throw new DerError(`the extension ${type} comes twice`);
    if (seen.push(type) > 16) throw new DerError('too many extensions');
    visit(type, critical, value);
  }
  if (seen.length === 0) throw new DerError('the list of extensions is empty');
}

/**
 * Is this list signed by that CA? The CA's own chain is the caller's question.
 * Refusals: CRL_ISSUER_WRONG, CRL_SIGNATURE_INVALID.
 * @source RFC 5280 §6.3.3
 */
export function verifyCrl(crl: Crl, issuer: Certificate): void {
  const isIssuer =
    Buffer.compare(crl.issuerDer, issuer.subjectDer) === 0 &&
    (crl.authorityKeyId === undefined || crl.authorityKeyId === issuer.subjectKeyId) &&
    issuer.isCa &&
    issuer.keyUsages.has('cRLSign');
  if (!isIssuer) throw new AppError('CRL_ISSUER_WRONG');
  if (!verifySignature(crl.signatureAlgorithm, issuer.publicKey, crl.tbsDer, crl.signature))
    throw new AppError('CRL_SIGNATURE_INVALID');
}
