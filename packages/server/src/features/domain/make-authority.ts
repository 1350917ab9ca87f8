import type { DomainId, HostId, ServerId } from '@sekisho/core/ids.ts';
import { NOT_BEFORE_BACK_MS } from '@sekisho/core/limits.ts';
import { decideIssuance } from '@sekisho/core/rules/issuance.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import { DAY_MS, type Random } from '@sekisho/core/time.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import {
  issueDocumentSigner,
  issueHostCertificate,
  issueIssuingCa,
  issueRoot,
  issueServerTls,
} from '@sekisho/pki/issue.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import type { KeyObject } from 'node:crypto';
import type { KeyRole } from '../keys/key-store.ts';
import { SECURITY_DEFAULTS } from '../security/security-defaults.ts';

export const ROOT_VALID_DAYS = 20 * 365;
export const ISSUING_VALID_DAYS = 10 * 365;
export const DOCUMENT_SIGNER_VALID_DAYS = 824;
export const SERVER_TLS_VALID_DAYS = 824;
/** Under these every server answers on its own machine. */
const LOOPBACK_DNS = 'localhost';
const LOOPBACK_IPS = ['127.0.0.1', '::1'];
const SERIAL_BYTES = 16;

/** A new key of the domain with its certificate. */
export interface MadeKey {
  readonly role: KeyRole;
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
}

/** What a domain is born with (T-01). */
export interface Authority {
  readonly keys: readonly MadeKey[];
  readonly root: Certificate;
  readonly issuing: Certificate;
  /** The management server's own host certificate, and its names: the primary one first. */
  readonly host: {
    readonly certificate: Certificate;
    readonly name: string;
    readonly names: readonly string[];
  };
}

/** Root, issuing CA, server TLS, document signer and the server's own host certificate, each with a key of its own. */
export async function makeAuthority(facts: {
  domainId: DomainId;
  serverId: ServerId;
  serverHostId: HostId;
  name: string;
  addresses: readonly string[];
  /** What the own host may be called; without a usable one `hostName`. */
  hostNames: readonly string[];
  hostName: string;
  random: Random;
  nowMs: number;
}): Promise<Authority> {
  const { domainId, serverId, random, nowMs, name } = facts;
  const validity = (days: number) => ({
    notBeforeMs: nowMs - NOT_BEFORE_BACK_MS,
    notAfterMs: nowMs + days * DAY_MS,
    serial: random.bytes(SERIAL_BYTES),
  });
  const draw = async () => {
    const privateKey = await generatePrivateKey('p256');
    return { privateKey, signer: fileSigner(privateKey) };
  };
  const [rootKey, issuingKey, tlsKey, documentKey, hostKey] = await Promise.all([
    draw(),
    draw(),
    draw(),
    draw(),
    draw(),
  ]);
  const root = await issueRoot({ ...validity(ROOT_VALID_DAYS), name, signer: rootKey.signer });
  const byRoot = { certificate: root, signer: rootKey.signer };
  const issuing = await issueIssuingCa({
    ...validity(ISSUING_VALID_DAYS),
    name,
    spkiDer: issuingKey.signer.spkiDer,
    issuer: byRoot,
  });
  const tls = await issueServerTls({
    ...validity(SERVER_TLS_VALID_DAYS),
    domainId,
    serverId,
    ...tlsNames(facts.addresses),
    spkiDer: tlsKey.signer.spkiDer,
    issuer: byRoot,
  });
  const documentSigner = await issueDocumentSigner({
    ...validity(DOCUMENT_SIGNER_VALID_DAYS),
    domainId,
    spkiDer: documentKey.signer.spkiDer,
    issuer: byRoot,
  });
  const names = facts.hostNames.flatMap((raw) => {
    const judged = judgeName(raw);
    return judged.allow ? [judged.name] : [];
  });
  const decision = decideIssuance(
    { name: names[0] ?? facts.hostName, furtherNames: names.slice(1), uris: [], wantsMedia: false },
    {
      kind: 'birth',
      newHostId: facts.serverHostId,
      domainId,
      security: SECURITY_DEFAULTS,
      issuerNotAfterMs: issuing.notAfterMs,
    },
    nowMs,
  );
  if (!decision.allow || decision.newHost === undefined) throw new Error('the own host could not be named');
  const hostCertificate = await issueHostCertificate({
    plan: decision.plan,
    spkiDer: hostKey.signer.spkiDer,
    issuer: { certificate: issuing, signer: issuingKey.signer },
    serial: random.bytes(SERIAL_BYTES),
  });
  return {
    keys: [
      { role: 'root', privateKey: rootKey.privateKey, certificate: root },
      { role: 'issuing', privateKey: issuingKey.privateKey, certificate: issuing },
      { role: 'server-tls', privateKey: tlsKey.privateKey, certificate: tls },
      { role: 'document-signer', privateKey: documentKey.privateKey, certificate: documentSigner },
      { role: 'server-host', privateKey: hostKey.privateKey, certificate: hostCertificate },
    ],
    root,
    issuing,
    host: { certificate: hostCertificate, ...decision.newHost },
  };
}

/** SAN of the server's TLS certificate: the addresses agents dial, and this machine's own. */
export function tlsNames(addresses: readonly string[]): { dns: string[]; ips: string[] } {
  const dns = new Set([LOOPBACK_DNS]);
  const ips = new Set(LOOPBACK_IPS);
  for (const raw of addresses) {
    const judged = judgeName(raw);
    if (judged.allow) (judged.kind === 'ip' ? ips : dns).add(judged.name);
  }
  return { dns: [...dns], ips: [...ips] };
}
