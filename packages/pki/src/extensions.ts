import { DerError, type DerReader } from './der/read.ts';
import {
  booleanTrue,
  contextConstructed,
  contextPrimitive,
  element,
  namedBits,
  nullElement,
  octetString,
  oid,
  sequence,
  smallInteger,
  TAG,
} from './der/write.ts';
import {
  generalNames,
  readGeneralNames,
  readNames,
  uriName,
  type AlternativeNames,
} from './general-names.ts';
import { OID } from './oids.ts';

/** Names of the key usage bits, in their order. @source RFC 5280 §4.2.1.3 */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** One Extension. */
export const extension = (type: string, critical: boolean, value: Uint8Array): Uint8Array =>
  critical ? sequence(oid(type), booleanTrue, octetString(value)) : sequence(oid(type), octetString(value));

export const basicConstraints = (isCa: boolean, pathLength?: number): Uint8Array =>
  extension(
    OID.basicConstraints,
    true,
    !isCa
      ? sequence()
      : pathLength === undefined
        ? sequence(booleanTrue)
        : sequence(booleanTrue, smallInteger(pathLength)),
  );

export const keyUsage = (usages: readonly KeyUsage[]): Uint8Array =>
  extension(OID.keyUsage, true, namedBits(usages.map((usage) => KEY_USAGES.indexOf(usage))));

export const extKeyUsage = (oids: readonly string[], critical = false): Uint8Array =>
  extension(OID.extKeyUsage, critical, sequence(...oids.map(oid)));

export const subjectAltName = (
  names: { uris?: readonly string[]; dns?: readonly string[]; ips?: readonly string[] },
  critical = false,
): Uint8Array => extension(OID.subjectAltName, critical, generalNames(names));

export const subjectKeyId = (keyIdHex: string): Uint8Array =>
  extension(OID.subjectKeyId, false, octetString(Buffer.from(keyIdHex, 'hex')));

export const authorityKeyId = (keyIdHex: string): Uint8Array =>
  extension(OID.authorityKeyId, false, sequence(element(contextPrimitive(0), Buffer.from(keyIdHex, 'hex'))));

/** One distribution point: several URIs are places of the same list. @source RFC 5280 §4.2.1.13 */
export const crlDistributionPoint = (urls: readonly string[]): Uint8Array =>
  extension(
    OID.crlDistributionPoints,
    false,
    sequence(sequence(element(contextConstructed(0), element(contextConstructed(0), ...urls.map(uriName))))),
  );

/** Where OCSP is spoken. @source RFC 5280 §4.2.2.1 */
export const authorityInfoAccess = (ocspUrls: readonly string[]): Uint8Array =>
  extension(
    OID.authorityInfoAccess,
    false,
    sequence(...ocspUrls.map((url) => sequence(oid(OID.ocsp), uriName(url)))),
  );

/** Nobody asks whether this responder's certificate is revoked. @source RFC 6960 §4.2.2.2.1 */
export const ocspNoCheck = extension(OID.ocspNoCheck, false, nullElement);

/** What the known extensions say; unknown critical ones are listed, to be refused by whoever relies on them. */
export interface ParsedExtensions {
  isCa: boolean;
  hasBasicConstraints: boolean;
  pathLength: number | undefined;
  hasKeyUsage: boolean;
  keyUsages: ReadonlySet<string>;
  extKeyUsages: readonly string[];
  extKeyUsageCritical: boolean;
  san: AlternativeNames;
  sanCritical: boolean;
  subjectKeyId: string | undefined;
  authorityKeyId: string | undefined;
  crlUrls: readonly string[];
  ocspUrls: readonly string[];
  hasOcspNoCheck: boolean;
  /** OIDs of all extensions that are critical. */
  critical: readonly string[];
  unknownCritical: readonly string[];
}

const EXTENSIONS_MAX = 32;
const CRL_URLS_MAX = 8;
const EXT_KEY_USAGES_MAX = 32;
const KEY_ID_BYTES_MAX = 64;
const NO_NAMES: AlternativeNames = { dns: [], ips: [], uris: [], others: 0 };

/** Reads Extensions from a reader that stands on its SEQUENCE; refuses a type that comes twice. */
export function readExtensions(reader: DerReader): ParsedExtensions {
  const list = reader.enter(TAG.sequence, 'the list of extensions');
  if (list.done) throw new DerError('the list of extensions is empty');
  const parsed: ParsedExtensions = {
    isCa: false,
    hasBasicConstraints: false,
    pathLength: undefined,
    hasKeyUsage: false,
    keyUsages: new Set(),
    extKeyUsages: [],
    extKeyUsageCritical: false,
    san: NO_NAMES,
    sanCritical: false,
    subjectKeyId: undefined,
    authorityKeyId: undefined,
    crlUrls: [],
    ocspUrls: [],
    hasOcspNoCheck: false,
    critical: [],
    unknownCritical: [],
  };
  const seen = new Set<string>();
  const critical: string[] = [];
  const unknownCritical: string[] = [];
  while (!list.done) {
    const one = list.enter(TAG.sequence, 'an extension');
    const type = one.oid('an extension');
    const isCritical = one.flag('the critical mark of an extension');
    const value = one.take(TAG.octetString, 'the value of an extension');
    one.finish('an extension');
    if (seen.has(type)) throw new DerError(`the extension ${type} comes twice`);
    seen.add(type);
    if (seen.size > EXTENSIONS_MAX) throw new DerError('too many extensions');
    const known = readKnown(parsed, type, isCritical, one.inside(value));
    if (!isCritical) continue;
    critical.push(type);
    if (!known) unknownCritical.push(type);
  }
  parsed.critical = critical;
  parsed.unknownCritical = unknownCritical;
  return parsed;
}

/** Reads the value of an extension that the profile knows; false for another. */
function readKnown(parsed: ParsedExtensions, type: string, critical: boolean, value: DerReader): boolean {
  switch (type) {
    case OID.basicConstraints: {
      const inner = value.enter(TAG.sequence, 'basicConstraints');
      parsed.hasBasicConstraints = true;
      parsed.isCa = inner.flag('basicConstraints');
      if (!inner.done) parsed.pathLength = inner.small('pathLenConstraint');
      if (parsed.pathLength !== undefined && !parsed.isCa)
        throw new DerError('a pathLenConstraint without CA');
      inner.finish('basicConstraints');
      break;
    }
    case OID.keyUsage:
      parsed.hasKeyUsage = true;
      parsed.keyUsages = readKeyUsage(value);
      break;
    case OID.extKeyUsage:
      parsed.extKeyUsages = readOids(value);
      parsed.extKeyUsageCritical = critical;
      break;
    case OID.subjectAltName:
      parsed.san = readGeneralNames(value, 'subjectAltName');
      parsed.sanCritical = critical;
      break;
    case OID.subjectKeyId:
      parsed.subjectKeyId = hexKeyId(value.octets('subjectKeyIdentifier'));
      break;
    case OID.authorityKeyId:
      parsed.authorityKeyId = readAuthorityKeyId(value);
      break;
    case OID.crlDistributionPoints:
      parsed.crlUrls = readCrlUrls(value);
      break;
    case OID.authorityInfoAccess:
      parsed.ocspUrls = readOcspUrls(value);
      break;
    case OID.ocspNoCheck:
      value.take(TAG.null, 'ocsp-nocheck');
      parsed.hasOcspNoCheck = true;
      break;
    default:
      return false;
  }
  value.finish('the value of an extension');
  return true;
}

function readKeyUsage(value: DerReader): ReadonlySet<string> {
  const content = value.content(value.take(TAG.bitString, 'keyUsage'));
  const unused = content[0];
  if (unused === undefined || unused > 7 || content.length < 2 || content.length > 3)
    throw new DerError('keyUsage is not a list of its bits');
  const last = content.at(-1)!;
  // DER: the last bit that is written is one
  if (last === 0 || (last & ((1 << (unused + 1)) - 1)) !== 1 << unused)
    throw new DerError('keyUsage is not in its shortest form');
  const usages = new Set<string>();
  for (const [bit, name] of KEY_USAGES.entries()) {
    const byte = content[(bit >> 3) + 1];
    if (byte !== undefined && byte & (0x80 >> (bit & 7))) usages.add(name);
  }
  return usages;
}

function readOids(value: DerReader): readonly string[] {
  const inner = value.enter(TAG.sequence, 'extKeyUsage');
  const oids: string[] = [];
  while (!inner.done) {
    oids.push(inner.oid('extKeyUsage'));
    if (oids.length > EXT_KEY_USAGES_MAX) throw new DerError('extKeyUsage has too many entries');
  }
  if (oids.length === 0) throw new DerError('extKeyUsage is empty');
  return oids;
}

/** keyIdentifier of an AuthorityKeyIdentifier; the other way to name an issuer is read over. */
export function readAuthorityKeyId(value: DerReader): string | undefined {
  const inner = value.enter(TAG.sequence, 'authorityKeyIdentifier');
  const keyId = inner.takeIf(contextPrimitive(0));
  const id = keyId === undefined ? undefined : hexKeyId(inner.content(keyId));
  inner.takeIf(contextConstructed(1));
  inner.takeIf(contextPrimitive(2));
  inner.finish('authorityKeyIdentifier');
  return id;
}

function readCrlUrls(value: DerReader): readonly string[] {
  const points = value.enter(TAG.sequence, 'cRLDistributionPoints');
  const urls: string[] = [];
  while (!points.done) {
    const point = points.enter(TAG.sequence, 'a distribution point');
    const name = point.enterIf(contextConstructed(0));
    const full = name?.enterIf(contextConstructed(0));
    if (full !== undefined) urls.push(...readNames(full, 'a distribution point').uris);
    if (urls.length > CRL_URLS_MAX) throw new DerError('too many distribution points');
  }
  return urls;
}

function readOcspUrls(value: DerReader): readonly string[] {
  const accesses = value.enter(TAG.sequence, 'authorityInfoAccess');
  const urls: string[] = [];
  while (!accesses.done) {
    const access = accesses.enter(TAG.sequence, 'an access description');
    const method = access.oid('an access method');
    if (method === OID.ocsp) urls.push(...readNames(access, 'an access description').uris);
    if (urls.length > CRL_URLS_MAX) throw new DerError('authorityInfoAccess has too many addresses');
  }
  return urls;
}

function hexKeyId(content: Uint8Array): string {
  if (content.length === 0 || content.length > KEY_ID_BYTES_MAX)
    throw new DerError('a key identifier of wrong length');
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString('hex');
}
