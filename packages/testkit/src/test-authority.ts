import {
  parseDomainId,
  parseHostId,
  parseServerId,
  type DomainId,
  type HostId,
  type ServerId,
} from '@sekisho/core/ids.ts';
import type { ApprovedIssuance } from '@sekisho/core/rules/issuance.ts';
import type { DocumentPayload, DocumentType } from '@sekisho/core/wire/documents.ts';
import { certificateToPem, chainToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { parseCrl, type Crl, type CrlEntry, type CrlScope } from '@sekisho/pki/crl.ts';
import { signDocument } from '@sekisho/pki/documents.ts';
import {
  issueDocumentSigner,
  issueHostCertificate,
  issueIssuingCa,
  issueRoot,
  issueServerTls,
  type Issuer,
} from '@sekisho/pki/issue.ts';
import { generatePrivateKey, privateKeyToPem, type KeyAlgorithm } from '@sekisho/pki/keys.ts';
import { signCrl } from '@sekisho/pki/sign-crl.ts';
import { fileSigner, type Signer } from '@sekisho/pki/signer.ts';
import { randomBytes, randomUUID, type KeyObject } from 'node:crypto';

const DAY_MS = 86_400_000;

/** A leaf with its key, ready for TLS. */
export interface TestLeaf {
  readonly key: KeyObject;
  readonly keyPem: string;
  readonly signer: Signer;
  readonly certificate: Certificate;
  /** What TLS shows: the leaf and, for a host, its issuing CA. */
  readonly chainPem: string;
}
export interface TestHost extends TestLeaf {
  readonly hostId: HostId;
}

/**
 * A whole domain in memory, made by the product's own issue functions: root, issuing CA, server TLS, document signer and
 * as many hosts as a test wants. CAs live 20 years, leaves 450 days: OpenSSL's real clock accepts what FakeClock (400 days
 * back) made.
 */
export class TestAuthority {
  readonly domainId: DomainId;
  readonly serverId: ServerId;
  readonly root: Issuer;
  readonly issuing: Issuer;
  readonly server: TestLeaf;
  readonly documentSigner: TestLeaf;
  readonly #nowMs: number;
  #crlNumber = 0;

  private constructor(parts: {
    domainId: DomainId;
    serverId: ServerId;
    root: Issuer;
    issuing: Issuer;
    server: TestLeaf;
    documentSigner: TestLeaf;
    nowMs: number;
  }) {
    this.domainId = parts.domainId;
    this.serverId = parts.serverId;
    this.root = parts.root;
    this.issuing = parts.issuing;
    this.server = parts.server;
    this.documentSigner = parts.documentSigner;
    this.#nowMs = parts.nowMs;
  }

  /** Makes the domain. `nowMs` is the test clock's time at its birth. */
  static async create(options: {
    nowMs: number;
    name?: string;
    domainId?: DomainId;
    /** With the domain ID of another one: the same domain after its CA was changed. */
    serverId?: ServerId;
  }): Promise<TestAuthority> {
    const { nowMs, name = 'Test' } = options;
    const domainId = options.domainId ?? newDomainId();
    const serverId = options.serverId ?? parseServerId(randomUUID())!;
    const authority = { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + 20 * 365 * DAY_MS };
    const rootSigner = fileSigner(await generatePrivateKey('p256'));
    const root: Issuer = {
      certificate: await issueRoot({ ...authority, serial: serial(), name, signer: rootSigner }),
      signer: rootSigner,
    };
    const issuingSigner = fileSigner(await generatePrivateKey('p256'));
    const issuing: Issuer = {
      certificate: await issueIssuingCa({
        ...authority,
        serial: serial(),
        name,
        spkiDer: issuingSigner.spkiDer,
        issuer: root,
      }),
      signer: issuingSigner,
    };
    const leaf = { ...leafDates(nowMs), domainId, issuer: root };
    const server = await makeLeaf('p256', [], (spkiDer) =>
      issueServerTls({
        ...leaf,
        serial: serial(),
        serverId,
        dns: ['localhost'],
        ips: ['127.0.0.1', '::1'],
        spkiDer,
      }),
    );
    const documentSigner = await makeLeaf('p256', [], (spkiDer) =>
      issueDocumentSigner({ ...leaf, serial: serial(), spkiDer }),
    );
    return new TestAuthority({ domainId, serverId, root, issuing, server, documentSigner, nowMs });
  }

  /** Anchors as verifiers take them. */
  get anchors(): readonly Certificate[] {
    return [this.root.certificate];
  }

  /** Root and issuing CA, one below the other: `ca` of TLS. */
  get caPem(): string {
    return chainToPem([this.root.certificate, this.issuing.certificate]);
  }

  get rootPem(): string {
    return certificateToPem(this.root.certificate.der);
  }

  /** A host with a key and a certificate of its own. `name` is a DNS name; localhost and its addresses are always in. */
  async host(
    wish: {
      media?: boolean;
      name?: string;
      hostId?: HostId;
      notBeforeMs?: number;
      notAfterMs?: number;
      dns?: readonly string[];
      ips?: readonly string[];
      keyAlgorithm?: KeyAlgorithm;
      crlUrl?: string;
    } = {},
  ): Promise<TestHost> {
    const hostId = wish.hostId ?? newHostId();
    const dates = leafDates(this.#nowMs);
    const plan = approve({
      hostId,
      domainId: this.domainId,
      dns: [...new Set([...(wish.name === undefined ? [] : [wish.name]), ...(wish.dns ?? []), 'localhost'])],
      ips: wish.ips ?? ['127.0.0.1', '::1'],
      media: wish.media ?? false,
      notBeforeMs: wish.notBeforeMs ?? dates.notBeforeMs,
      notAfterMs: wish.notAfterMs ?? dates.notAfterMs,
    });
    const leaf = await makeLeaf(wish.keyAlgorithm ?? 'p256', [this.issuing.certificate], (spkiDer) =>
      issueHostCertificate({
        plan,
        spkiDer,
        issuer: this.issuing,
        serial: serial(),
        ...(wish.crlUrl === undefined ? {} : { crlUrls: [wish.crlUrl] }),
      }),
    );
    return { hostId, ...leaf };
  }

  /** Signs as the domain does: the bundle with the root, all others with the document signer. */
  signDocument<T extends DocumentType>(type: T, payload: DocumentPayload<T>): Promise<string> {
    return type === 'bundle'
      ? signDocument({ type, payload, signer: this.root.signer, chain: [this.root.certificate] })
      : signDocument({
          type,
          payload,
          signer: this.documentSigner.signer,
          chain: [this.documentSigner.certificate],
        });
  }

  /** The issuing CA's list; each call has the next number unless one is given, and seven days to live. */
  async crl(
    wish: {
      entries?: readonly CrlEntry[];
      /** Revokes these, at the time of the list, for keyCompromise. */
      revoke?: readonly Certificate[];
      number?: number;
      thisUpdateMs?: number;
      nextUpdateMs?: number;
      scope?: CrlScope;
    } = {},
  ): Promise<Crl> {
    const thisUpdateMs = wish.thisUpdateMs ?? this.#nowMs;
    this.#crlNumber = wish.number ?? this.#crlNumber + 1;
    const revoked = (wish.revoke ?? []).map((certificate): CrlEntry => ({
      serial: certificate.serial,
      revokedAtMs: thisUpdateMs,
      reason: 'keyCompromise',
    }));
    const der = await signCrl({
      issuer: this.issuing,
      number: this.#crlNumber,
      thisUpdateMs,
      nextUpdateMs: wish.nextUpdateMs ?? thisUpdateMs + 7 * DAY_MS,
      ...(wish.scope === undefined ? {} : { scope: wish.scope }),
      entries: [...(wish.entries ?? []), ...revoked],
    });
    return parseCrl(der);
  }
}

/** A domain ID that nobody else has. */
export const newDomainId = (): DomainId => parseDomainId(randomUUID())!;
/** A host ID that nobody else has. */
export const newHostId = (): HostId => parseHostId(randomUUID())!;

/** Tests approve what they like; the product's only way is `decideIssuance`. */
export const approve = (plan: Omit<ApprovedIssuance, keyof ApprovedIssuance & symbol>): ApprovedIssuance =>
  plan as ApprovedIssuance;

const serial = (): Uint8Array => randomBytes(16);

const leafDates = (nowMs: number): { notBeforeMs: number; notAfterMs: number } => ({
  notBeforeMs: nowMs - 10 * 60_000,
  notAfterMs: nowMs + 450 * DAY_MS,
});

async function makeLeaf(
  algorithm: KeyAlgorithm,
  above: readonly Certificate[],
  issue: (spkiDer: Uint8Array) => Promise<Certificate>,
): Promise<TestLeaf> {
  const key = await generatePrivateKey(algorithm);
  const signer = fileSigner(key);
  const certificate = await issue(signer.spkiDer);
  return {
    key,
    keyPem: privateKeyToPem(key),
    signer,
    certificate,
    chainPem: chainToPem([certificate, ...above]),
  };
}
