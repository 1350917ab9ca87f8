import { AppError } from '@sekisho/core/errors.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import type { OutsideInput, RotationFinding } from '@sekisho/core/wire/rotations.ts';
import {
  certificateToPem,
  describeSubject,
  parsePemCertificates,
  type Certificate,
} from '@sekisho/pki/certificate.ts';
import { keyAlgorithmOf, keyIdOfSpki, privateKeyToPem, spkiOf } from '@sekisho/pki/keys.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { readPkcs12 } from '@sekisho/pki/pkcs12.ts';
import { isKnownSignatureAlgorithm, verifySignature } from '@sekisho/pki/signature.ts';
import { coversName } from '@sekisho/pki/verify.ts';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { hasKey } from '../keys/key-store.ts';
import { listedAddresses } from './listed-addresses.ts';
import type { RotationContext } from './rotation-context.ts';
import type { OutsideCertificate } from './rotation-change.ts';

/**
 * F-30 A certificate from outside with its key, checked field by field; null when none was given. Refusals: ROTATION_OUTSIDE_REFUSED, which
 * names every fault; ROTATION_OUTSIDE_CA.
 */
export async function checkOutside(
  context: RotationContext,
  kind: RotationKind,
  input: OutsideInput | undefined,
): Promise<OutsideCertificate | null> {
  if (input === undefined) return null;
  const faults = await findFaults(context, kind, input);
  const [first] = faults;
  if (first?.code === 'ROTATION_OUTSIDE_CA') throw new AppError('ROTATION_OUTSIDE_CA');
  if (first !== undefined)
    throw new AppError('ROTATION_OUTSIDE_REFUSED', {
      count: faults.length,
      faults: [...new Set(faults.map(({ code }) => code))].join(', '),
      kind,
    });
  const { chain, key } = await read(input);
  if (key === undefined) throw new AppError('OUTSIDE_KEY_UNREADABLE');
  return {
    keyPem: privateKeyToPem(key),
    chainPem: chain.map(({ der }) => certificateToPem(der)).join(''),
  };
}

/** All faults at once, each with the code whose words and hint say what to do; none when nothing was given. */
export async function findFaults(
  context: RotationContext,
  kind: RotationKind,
  input: OutsideInput | undefined,
): Promise<RotationFinding[]> {
  if (input === undefined) return [];
  if (kind === 'ca') return [{ code: 'ROTATION_OUTSIDE_CA', params: {} }];
  let given;
  try {
    given = await read(input);
  } catch (error) {
    if (error instanceof AppError) return [{ code: error.code, params: error.params }];
    throw error;
  }
  const { chain, key } = given;
  const [leaf] = chain;
  if (leaf === undefined)
    return [{ code: 'CERTIFICATE_MALFORMED', params: { detail: 'no certificate is in it' } }];
  const subject = describeSubject(leaf);
  const faults: RotationFinding[] = [];
  const fault = (code: string, params: RotationFinding['params'] = {}): void => {
    faults.push({ code, params });
  };
  if (key === undefined) fault('OUTSIDE_KEY_UNREADABLE');
  else if (keyIdOfSpki(spkiOf(key)) !== leaf.keyId) fault('OUTSIDE_KEY_OTHER', { subject });
  if (await hasKey(context.parts.store.db, leaf.keyId)) fault('OUTSIDE_KEY_KNOWN');
  const isUsableKey = leaf.keyAlgorithm !== undefined && (kind === 'tls' || leaf.keyAlgorithm !== 'rsa3072');
  if (!isUsableKey) fault('OUTSIDE_KEY_WEAK', { subject });
  checkDates(chain, context.parts.clock.nowMs(), fault);
  checkUsages(leaf, kind, subject, fault);
  checkChain(chain, fault);
  if (kind === 'tls') {
    const { config, domain, store } = context.parts;
    const listed = await listedAddresses(store.db, domain.serverId);
    for (const name of new Set([...config.addresses, ...listed]))
      if (!covers(leaf, name)) fault('OUTSIDE_NAME_MISSING', { name });
  }
  return faults;
}

type Fault = (code: string, params?: RotationFinding['params']) => void;

async function read(input: OutsideInput): Promise<{ chain: Certificate[]; key: KeyObject | undefined }> {
  if (!('pkcs12' in input))
    return { chain: parsePemCertificates(input.chainPem), key: readKey(input.keyPem, input.password) };
  const { keyPem, certificates } = await readPkcs12(Buffer.from(input.pkcs12, 'base64'), input.password);
  const key = keyPem === undefined ? undefined : readKey(keyPem, undefined);
  return { chain: inOrder(certificates, key), key };
}

function readKey(pem: string, passphrase: string | undefined): KeyObject | undefined {
  try {
    const key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
    return keyAlgorithmOf(key) === undefined ? undefined : key;
  } catch {
    return undefined; // that is what is found
  }
}

/** PKCS#12 has no order: the key's own certificate comes first, then each one's issuer. */
function inOrder(certificates: readonly Certificate[], key: KeyObject | undefined): Certificate[] {
  const keyId = key === undefined ? undefined : keyIdOfSpki(spkiOf(key));
  const leaf = certificates.find((one) => one.keyId === keyId) ?? certificates.find((one) => !one.isCa);
  const chain: Certificate[] = [];
  for (let next = leaf; next !== undefined && !chain.includes(next);) {
    chain.push(next);
    const { issuerDer } = next;
    next = certificates.find(
      (one) => !chain.includes(one) && Buffer.compare(one.subjectDer, issuerDer) === 0,
    );
  }
  return chain;
}

function checkDates(chain: readonly Certificate[], nowMs: number, fault: Fault): void {
  for (const certificate of chain) {
    const subject = describeSubject(certificate);
    const { notBeforeMs, notAfterMs } = certificate;
    if (nowMs < notBeforeMs)
      fault('OUTSIDE_NOT_YET_VALID', { subject, notBefore: new Date(notBeforeMs).toISOString() });
    if (nowMs > notAfterMs)
      fault('OUTSIDE_EXPIRED', { subject, notAfter: new Date(notAfterMs).toISOString() });
  }
}

/** @source RFC 5280 §4.2.1.3, §4.2.1.12 */
function checkUsages(leaf: Certificate, kind: RotationKind, subject: string, fault: Fault): void {
  if (leaf.isCa) fault('OUTSIDE_USAGE_WRONG', { subject, usage: 'cA=FALSE' });
  if (leaf.keyUsages.size > 0 && !leaf.keyUsages.has('digitalSignature'))
    fault('OUTSIDE_USAGE_WRONG', { subject, usage: 'digitalSignature' });
  const { extKeyUsages } = leaf;
  const serves = extKeyUsages.includes(OID.serverAuth) || extKeyUsages.includes(OID.anyExtKeyUsage);
  if (kind === 'tls' && extKeyUsages.length > 0 && !serves)
    fault('OUTSIDE_USAGE_WRONG', { subject, usage: 'serverAuth' });
}

/** Each is signed by the next, with an algorithm of today; the root may be left out. */
function checkChain(chain: readonly Certificate[], fault: Fault): void {
  for (const [index, certificate] of chain.entries()) {
    const subject = describeSubject(certificate);
    const isOwn = Buffer.compare(certificate.issuerDer, certificate.subjectDer) === 0;
    if (!isOwn && !isKnownSignatureAlgorithm(certificate.tbs.signatureAlgorithm)) {
      fault('OUTSIDE_SIGNATURE_WEAK', { subject });
      continue;
    }
    const issuer = chain[index + 1] ?? (isOwn ? certificate : undefined);
    // the last one's issuer is the root, which may be left out; a server's own certificate alone shows no chain at all
    if (issuer === undefined ? index === 0 : !signs(issuer, certificate))
      fault('OUTSIDE_CHAIN_INCOMPLETE', { subject });
  }
}

const signs = (issuer: Certificate, certificate: Certificate): boolean =>
  Buffer.compare(certificate.issuerDer, issuer.subjectDer) === 0 &&
  (issuer === certificate || issuer.isCa) &&
  verifySignature(
    certificate.tbs.signatureAlgorithm,
    issuer.publicKey,
    certificate.tbsDer,
    certificate.signature,
  );

/** Agents accept it by its key; a browser that reads its names takes a wildcard for one label. @source RFC 6125 §6.4.3 */
function covers(leaf: Certificate, name: string): boolean {
  if (coversName(leaf, name)) return true;
  const parent = name.toLowerCase().split('.').slice(1).join('.');
  return parent !== '' && leaf.san.dns.some((dns) => dns.toLowerCase() === `*.${parent}`);
}
