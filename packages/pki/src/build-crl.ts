import { AppError } from '@sekisho/core/errors.ts';
import type { Certificate } from './certificate.ts';
import { CRL_REASONS, parseCrlTbs, type CrlEntry, type CrlScope } from './crl.ts';
import { parsing } from './der/read.ts';
import {
  booleanTrue,
  contextConstructed,
  contextPrimitive,
  element,
  elementHead,
  sequence,
  smallInteger,
  TAG,
  time,
} from './der/write.ts';
import { authorityKeyId, extension } from './extensions.ts';
import { uriName } from './general-names.ts';
import type { KeyAlgorithm } from './keys.ts';
import { assertNoFindings } from './lint.ts';
import { lintCrl } from './lint-crl.ts';
import { OID } from './oids.ts';
import { SIGNATURE_ALGORITHM_DER } from './signature.ts';

/** What a list says beside its entries. */
export interface CrlHead {
  readonly algorithm: KeyAlgorithm;
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly scope: CrlScope;
}

/**
 * Puts a list together from entries that come in parts, so that a million of them never lie in memory as objects. Any thread can do
 * it: what it makes is signed elsewhere, by whoever has the key (`signCrlTbs`).
 */
export class CrlBuilder {
  #entries = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  /** The newest revocation among the entries; zero without any. A list must not begin before it. */
  newestMs = 0;

  /** Entries as `packCrlEntries` made them. */
  add(packed: Uint8Array): void {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let at = 0; at < packed.length;) {
      const revokedAtMs = view.getFloat64(at);
      const reason = packed[at + 8]!;
      const length = packed[at + 9]!;
      at += PACKED_HEAD_BYTES;
      this.#write(packed, at, length, revokedAtMs, reason);
      at += length;
    }
  }

  /** The part of the list that is to be signed, linted (T-08). DER. Refusal: ISSUANCE_LINT_REFUSED. */
  finish(head: CrlHead, issuer: Certificate): Uint8Array {
    const extensions = [extension(OID.crlNumber, false, smallInteger(head.number))];
    if (issuer.subjectKeyId !== undefined) extensions.unshift(authorityKeyId(issuer.subjectKeyId));
    if (head.scope.uris.length > 0) extensions.push(issuingDistributionPoint(head.scope));
    const before = [
      smallInteger(1),
      SIGNATURE_ALGORITHM_DER[head.algorithm],
      issuer.subjectDer,
      time(head.thisUpdateMs),
      time(head.nextUpdateMs),
    ];
    const entries = this.#entries.subarray(0, this.#length);
    if (entries.length > 0) before.push(elementHead(TAG.sequence, entries.length), entries);
    const tbsDer = sequence(...before, element(contextConstructed(0), sequence(...extensions)));
    const tbs = parsing('ISSUANCE_LINT_REFUSED', () => parseCrlTbs(tbsDer));
    assertNoFindings(lintCrl(tbs, issuer));
    return tbsDer;
  }

  #write(serial: Uint8Array, from: number, given: number, revokedAtMs: number, reason: number): void {
    let [start, length] = [from, given];
    while (length > 1 && serial[start] === 0) {
      start += 1;
      length -= 1;
    }
    const sign = serial[start]! & 0x80 ? 1 : 0;
    const date = dateOf(revokedAtMs);
    const reasonBytes = reason === 0 ? NOTHING : REASONS[reason]!;
    const content = 2 + sign + length + date.length + reasonBytes.length;
    const out = this.#room(2 + content);
    let at = this.#length;
    out[at++] = TAG.sequence;
    out[at++] = content;
    out[at++] = TAG.integer;
    out[at++] = sign + length;
    if (sign === 1) out[at++] = 0;
    for (let n = 0; n < length; n += 1) out[at++] = serial[start + n]!;
    out.set(date, at);
    out.set(reasonBytes, at + date.length);
    this.#length += 2 + content;
    if (revokedAtMs > this.newestMs) this.newestMs = revokedAtMs;
  }

  #room(bytes: number): Buffer {
    if (this.#length + bytes <= this.#entries.length) return this.#entries;
    const larger = Buffer.allocUnsafe(this.#entries.length * 2);
    larger.set(this.#entries.subarray(0, this.#length));
    return (this.#entries = larger);
  }
}

/** Date, reason, and the length of the serial. */
const PACKED_HEAD_BYTES = 10;
const PACKED_BYTES_MAX = PACKED_HEAD_BYTES + 20;
const NOTHING = new Uint8Array(0);

/** Entries in few bytes, to be handed to another thread. Refusal: ISSUANCE_LINT_REFUSED for a serial that is none. */
export function packCrlEntries(entries: readonly CrlEntry[]): Uint8Array<ArrayBuffer> {
  const packed = Buffer.from(new ArrayBuffer(entries.length * PACKED_BYTES_MAX));
  let at = 0;
  for (const { serial, revokedAtMs, reason } of entries) {
    packed.writeDoubleBE(revokedAtMs, at);
    packed[at + 8] = CRL_REASONS.get(reason) ?? 0;
    const length = serial.length <= 40 ? packed.write(serial, at + PACKED_HEAD_BYTES, 'hex') : 0;
    if (length === 0 || length * 2 !== serial.length)
      throw new AppError('ISSUANCE_LINT_REFUSED', { findings: '[R6] a serial number is not hex' });
    packed[at + 9] = length;
    at += PACKED_HEAD_BYTES + length;
  }
  return packed.subarray(0, at);
}

/** @source RFC 5280 §5.2.5 */
const issuingDistributionPoint = ({ uris, onlyUserCertificates }: CrlScope): Uint8Array =>
  extension(
    OID.issuingDistributionPoint,
    true,
    sequence(
      element(contextConstructed(0), element(contextConstructed(0), ...uris.map(uriName))),
      ...(onlyUserCertificates ? [element(contextPrimitive(1), booleanTrue.subarray(2))] : []),
    ),
  );

/** "unspecified" is said by leaving the reason out: RFC 5280 §5.3.1. */
const REASONS = Array.from({ length: Math.max(...CRL_REASONS.values()) + 1 }, (_, reason) =>
  sequence(extension(OID.crlReason, false, element(TAG.enumerated, Uint8Array.of(reason)))),
);

/** The encoded midnights of the days that were met; only the digits of the clock change from there. */
const midnights = new Map<number, Uint8Array>();
const MIDNIGHTS_MAX = 20_000;
function dateOf(epochMs: number): Uint8Array {
  const second = Math.floor(epochMs / 1000);
  const day = Math.floor(second / 86_400);
  let date = midnights.get(day);
  if (date === undefined) {
    if (midnights.size >= MIDNIGHTS_MAX) midnights.clear();
    midnights.set(day, (date = time(day * 86_400_000)));
  }
  const clock = second - day * 86_400;
  let at = date.length - 7;
  for (const value of [Math.floor(clock / 3600), Math.floor(clock / 60) % 60, clock % 60]) {
    date[at++] = 0x30 + Math.floor(value / 10);
    date[at++] = 0x30 + (value % 10);
  }
  return date;
}
