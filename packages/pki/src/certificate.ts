import { AppError } from '@sekisho/core/errors.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import { CERTIFICATE_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { KeyObject } from 'node:crypto';
import { checkDer, DerError, DerReader, parsing } from './der/read.ts';
import { contextConstructed, TAG } from './der/write.ts';
import { readExtensions, type ParsedExtensions } from './extensions.ts';
import type { AlternativeNames } from './general-names.ts';
import { keyIdOfSpki, sha256Hex, type KeyAlgorithm } from './keys.ts';
import { readName, type ParsedName } from './name.ts';
import { PEM_BLOCKS_MAX, pemBlocks, toPem } from './pem.ts';
import { readSignatureAlgorithm } from './signature.ts';
import { judgeKey, publicKeyOfSpki, type KeyJudgement } from './spki.ts';

/** The part of a certificate that is signed, read strictly. */
export interface ParsedTbs {
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  readonly serialBits: number;
  readonly signatureAlgorithm: string;
  readonly signatureAlgorithmDer: Uint8Array;
  readonly issuer: ParsedName;
  readonly subject: ParsedName;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly spkiDer: Uint8Array;
  readonly key: KeyJudgement;
  readonly extensions: ParsedExtensions;
}

/** An X.509 v3 certificate. Nothing in it is believed before `verifyChain` said so. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly tbs: ParsedTbs;
  /** The signed bytes. */
  readonly tbsDer: Uint8Array;
  readonly signature: Uint8Array;
  /** SHA-256 of the DER. */
  readonly fingerprint: Sha256Hex;
  /** Lower-case hex without leading zero bytes. */
  readonly serial: string;
  readonly subjectCn: string | undefined;
  readonly subjectDer: Uint8Array;
  readonly issuerDer: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly spkiDer: Uint8Array;
  /** Throws CERTIFICATE_MALFORMED when the key is none (a point off its curve). */
  readonly publicKey: KeyObject;
  /** SHA-256 of the SPKI DER. */
  readonly keyId: Sha256Hex;
  /** Undefined for a key that Sekisho doesn't accept. */
  readonly keyAlgorithm: KeyAlgorithm | undefined;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsages: ReadonlySet<string>;
  /** OIDs. */
  readonly extKeyUsages: readonly string[];
  readonly extKeyUsageCritical: boolean;
  readonly san: AlternativeNames;
  /** Lower-case hex. */
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  readonly crlUrls: readonly string[];
  /** OIDs of critical extensions that are not known here: whoever verifies must refuse. */
  readonly unknownCritical: readonly string[];
}

/**
 * Reads a certificate in DER, strictly and within bounds. Refusal: CERTIFICATE_MALFORMED.
 * @source RFC 5280 §4.1
 */
export function parseCertificate(der: Uint8Array): Certificate {
  return parsing('CERTIFICATE_MALFORMED', () => {
    if (der.length > CERTIFICATE_BYTES_MAX) throw new DerError(`larger than ${CERTIFICATE_BYTES_MAX} bytes`);
    const own = Buffer.from(der); // a copy: what was parsed can't change later
    checkDer(own);
    const outer = new DerReader(own).enter(TAG.sequence, 'a certificate');
    const tbsDer = outer.whole(outer.take(TAG.sequence, 'tbsCertificate'));
    const algorithmStart = outer.take(TAG.sequence, 'the signature algorithm');
    const signature = outer.bits('the signature');
    outer.finish('the signature');
    const tbs = parseTbs(tbsDer);
    if (Buffer.compare(outer.whole(algorithmStart), tbs.signatureAlgorithmDer) !== 0)
      throw new DerError('the signature algorithm is not the one that is signed');
    return certificateOf(own, tbsDer, tbs, signature);
  });
}

const PEM_TEXT_LENGTH_MAX = PEM_BLOCKS_MAX * CERTIFICATE_BYTES_MAX * 2;

/** All certificates of a PEM text, in its order; text between the blocks is passed over. Refusal: CERTIFICATE_MALFORMED. */
export function parsePemCertificates(pem: string): Certificate[] {
  if (pem.length > PEM_TEXT_LENGTH_MAX)
    throw new AppError('CERTIFICATE_MALFORMED', { detail: 'the text is too long' });
  const blocks = pemBlocks(pem, 'CERTIFICATE', 'CERTIFICATE_MALFORMED');
  if (blocks.length === 0)
    throw new AppError('CERTIFICATE_MALFORMED', { detail: 'no PEM block CERTIFICATE' });
  return blocks.map(parseCertificate);
}

export const certificateToPem = (der: Uint8Array): string => toPem('CERTIFICATE', der);

/** Certificates one below the other: a chain file, leaf first. */
export const chainToPem = (certificates: readonly Certificate[]): string =>
  certificates.map((certificate) => certificateToPem(certificate.der)).join('');

/** A certificate out of parts that were read already: what the issuer builds isn't read twice. */
export const certificateOf = (
  der: Uint8Array,
  tbsDer: Uint8Array,
  tbs: ParsedTbs,
  signature: Uint8Array,
): Certificate => new ReadCertificate(der, tbsDer, tbs, signature);

/** Reads a TBSCertificate (the whole element). Throws DerError: for use inside `parsing`. */
export function parseTbs(tbsDer: Uint8Array): ParsedTbs {
  const top = new DerReader(tbsDer);
  const tbs = top.enter(TAG.sequence, 'tbsCertificate');
  top.finish('tbsCertificate');
  const version = tbs.enterIf(contextConstructed(0));
  if (version?.small('the version') !== 2) throw new DerError('it is not of version 3');
  version.finish('the version');
  const serial = readSerial(tbs);
  const algorithm = tbs.take(TAG.sequence, 'the signature algorithm');
  const signatureAlgorithmDer = tbs.whole(algorithm);
  const signatureAlgorithm = readSignatureAlgorithm(
    new DerReader(signatureAlgorithmDer),
    'the signature algorithm',
  );
  const issuer = readName(tbs, 'the issuer');
  if (issuer.isEmpty) throw new DerError('the issuer is empty');
  const validity = tbs.enter(TAG.sequence, 'the validity');
  const notBeforeMs = validity.timeMs('notBefore');
  const notAfterMs = validity.timeMs('notAfter');
  validity.finish('the validity');
  const subject = readName(tbs, 'the subject');
  const spki = tbs.take(TAG.sequence, 'the key');
  const key = judgeKey(tbsDer, spki);
  const extensionsReader = tbs.enter(contextConstructed(3), 'the extensions');
  const extensions = readExtensions(extensionsReader);
  extensionsReader.finish('the extensions');
  tbs.finish('the extensions');
  return {
    serial: serial.hex,
    serialBits: serial.bits,
    signatureAlgorithm,
    signatureAlgorithmDer,
    issuer,
    subject,
    notBeforeMs,
    notAfterMs,
    spkiDer: tbs.whole(spki),
    key,
    extensions,
  };
}

/** Bytes of a serial number, its sign byte not counted. @source RFC 5280 §4.1.2.2 */
export const SERIAL_BYTES_MAX = 20;

/** A positive serial of at most 20 octets. */
export function readSerial(reader: DerReader): { hex: string; bits: number } {
  const bytes = reader.unsigned('the serial number');
  const encodedBytes = bytes[0]! & 0x80 ? bytes.length + 1 : bytes.length;
  if (encodedBytes > SERIAL_BYTES_MAX) throw new DerError('the serial number is too long');
  if (bytes[0] === 0) throw new DerError('the serial number is zero'); // no other begins with a zero byte
  return {
    hex: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex'),
    bits: bytes.length * 8 - (Math.clz32(bytes[0]!) - 24),
  };
}

class ReadCertificate implements Certificate {
  readonly der: Uint8Array;
  readonly tbsDer: Uint8Array;
  readonly tbs: ParsedTbs;
  readonly signature: Uint8Array;
  readonly keyId: Sha256Hex;
  #fingerprint: Sha256Hex | undefined;
  #publicKey: KeyObject | undefined;

  constructor(der: Uint8Array, tbsDer: Uint8Array, tbs: ParsedTbs, signature: Uint8Array) {
    this.der = der;
    this.tbsDer = tbsDer;
    this.tbs = tbs;
    this.signature = signature;
    this.keyId = keyIdOfSpki(tbs.spkiDer);
  }

  get fingerprint(): Sha256Hex {
    return (this.#fingerprint ??= sha256Hex(this.der));
  }
  get publicKey(): KeyObject {
    return (this.#publicKey ??= parsing('CERTIFICATE_MALFORMED', () => publicKeyOfSpki(this.tbs.spkiDer)));
  }
  get serial(): string {
    return this.tbs.serial;
  }
  get subjectCn(): string | undefined {
    return this.tbs.subject.commonName;
  }
  get subjectDer(): Uint8Array {
    return this.tbs.subject.der;
  }
  get issuerDer(): Uint8Array {
    return this.tbs.issuer.der;
  }
  get notBeforeMs(): number {
    return this.tbs.notBeforeMs;
  }
  get notAfterMs(): number {
    return this.tbs.notAfterMs;
  }
  get spkiDer(): Uint8Array {
    return this.tbs.spkiDer;
  }
  get keyAlgorithm(): KeyAlgorithm | undefined {
    return this.tbs.key.accepted ? this.tbs.key.algorithm : undefined;
  }
  get isCa(): boolean {
    return this.tbs.extensions.isCa;
  }
  get pathLength(): number | undefined {
    return this.tbs.extensions.pathLength;
  }
  get keyUsages(): ReadonlySet<string> {
    return this.tbs.extensions.keyUsages;
  }
  get extKeyUsages(): readonly string[] {
    return this.tbs.extensions.extKeyUsages;
  }
  get extKeyUsageCritical(): boolean {
    return this.tbs.extensions.extKeyUsageCritical;
  }
  get san(): AlternativeNames {
    return this.tbs.extensions.san;
  }
  get subjectKeyId(): string | undefined {
    return this.tbs.extensions.subjectKeyId;
  }
  get authorityKeyId(): string | undefined {
    return this.tbs.extensions.authorityKeyId;
  }
  get crlUrls(): readonly string[] {
    return this.tbs.extensions.crlUrls;
  }
  get unknownCritical(): readonly string[] {
    return this.tbs.extensions.unknownCritical;
  }
}

/** For messages: the common name, or the beginning of the fingerprint. */
export const describeSubject = (certificate: Certificate): string =>
  certificate.subjectCn ?? `certificate ${certificate.fingerprint.slice(0, 16)}`;
