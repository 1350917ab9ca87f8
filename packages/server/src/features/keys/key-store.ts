import { AppError } from '@sekisho/core/errors.ts';
import { certificateToPem, parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { openSecret, sealSecret } from '@sekisho/pki/envelope.ts';
import type { Issuer } from '@sekisho/pki/issue.ts';
import { privateKeyFromPem, privateKeyToPem } from '@sekisho/pki/keys.ts';
import { fileSigner, type Signer } from '@sekisho/pki/signer.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { hkdfSync, type KeyObject } from 'node:crypto';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { insertKey, KEY_ROLES, listKeys, type KeyRole } from './keys.store.ts';

/** A CA of the domain: one that issues now, or one that another has followed. */
export interface Authority {
  readonly role: 'root' | 'issuing';
  readonly certificate: Certificate;
  /** Nothing when its key is not on this server. */
  readonly signer: Signer | undefined;
  readonly retiredAtMs: number | null;
  readonly notAfterMs: number;
}

/** The keys of the domain. They leave it as signatures alone (invariant 1); the TLS key goes into OpenSSL. */
export interface KeyStore {
  /** The signer of a role. Refusal: KEY_DETACHED when the key is not on this server. */
  signerFor(role: KeyRole): Signer;
  /** The role's certificate. */
  certificateOf(role: KeyRole): Certificate;
  /** Root certificates that this domain trusts. */
  anchors(): readonly Certificate[];
  /** Issuing CAs whose leaves may still be in use. */
  issuers(): readonly Certificate[];
  /** All CAs, retired ones too: each owes lists and OCSP answers until `isIssuerOver`. */
  authorities(): readonly Authority[];
  /** Who answers OCSP for an issuing CA (it named it itself); nothing while there is none. */
  responderOf(issuer: Certificate): Issuer | undefined;
  /** Root first, then issuing CAs. */
  caPem(): string;
  /** Key and chain for a TLS listener. */
  tlsMaterial(): { key: string; cert: string };
  /** Seals a secret of another feature (repository passwords) with the same key-encryption key. */
  seal(plaintext: Uint8Array, context: string): string;
  /** Opens it. Refusal: SECRET_UNREADABLE. */
  open(sealed: string, context: string): Uint8Array;
  /** A key of 32 bytes for one purpose (authenticating cursors), alike on every server of the domain. */
  derive(purpose: string): Uint8Array;
  /** False: the key is detached. */
  isHere(role: KeyRole): boolean;
  /** The private key in PEM, for a package that a passphrase protects. Refusal: KEY_DETACHED. */
  exportKey(role: 'root'): string;
  /** Reads the keys again, after one was detached or came back. */
  reload(db: DbOrTx): Promise<void>;
}

const DERIVED_KEY_BYTES = 32;

/** Key of the feed's changes that call for `reload`. */
export const KEYS_CHANGE_KEY = 'ca-keys';

/** Opens all keys of the domain. Refusals: SECRET_UNREADABLE (another key-encryption key), KEY_DETACHED. */
export async function loadKeys(db: DbOrTx, kek: Secret<Uint8Array>): Promise<KeyStore> {
  let held = await readKeys(db, kek);
  const need = (role: KeyRole): HeldKey => {
    const found = held.active.get(role);
    if (found === undefined) throw new AppError('KEY_DETACHED', { role });
    return found;
  };
  const keyOf = (role: KeyRole): KeyObject => {
    const { key } = need(role);
    if (key === undefined) throw new AppError('KEY_DETACHED', { role });
    return key;
  };
  return {
    signerFor(role) {
      const { signer } = need(role);
      if (signer === undefined) throw new AppError('KEY_DETACHED', { role });
      return signer;
    },
    certificateOf: (role) => need(role).certificate,
    anchors: () => held.anchors,
    issuers: () => held.issuers,
    authorities: () => held.authorities,
    responderOf(issuer) {
      const found = held.responders.find(
        ({ certificate }) => certificate.authorityKeyId === issuer.subjectKeyId,
      );
      return found?.signer === undefined
        ? undefined
        : { certificate: found.certificate, signer: found.signer };
    },
    caPem: () => [...held.anchors, ...held.issuers].map(({ der }) => certificateToPem(der)).join(''),
    tlsMaterial: () => ({
      key: privateKeyToPem(keyOf('server-tls')),
      cert: certificateToPem(need('server-tls').certificate.der),
    }),
    seal: (plaintext, context) => sealSecret(kek.reveal(), plaintext, context),
    open: (sealed, context) => openSecret(kek.reveal(), sealed, context),
    derive: (purpose) => deriveKey(kek, purpose),
    isHere: (role) => held.active.get(role)?.key !== undefined,
    exportKey: (role) => privateKeyToPem(keyOf(role)),
    async reload(from) {
      held = await readKeys(from, kek);
    },
  };
}

/** A key of its own for a purpose, alike in all processes that have the key-encryption key. */
export const deriveKey = (kek: Secret<Uint8Array>, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', kek.reveal(), '', `sekisho:${purpose}`, DERIVED_KEY_BYTES));

/** Another worker detached a key, or brought it back: this one follows. */
export function followKeys(keys: KeyStore, { store, feed }: { store: Store; feed: ChangeFeed }): void {
  const reload = (): Promise<void> => keys.reload(store.db);
  feed.subscribe(['settings'], ({ key }) => (key === KEYS_CHANGE_KEY ? reload() : undefined), reload);
}

interface HeldKey {
  readonly certificate: Certificate;
  readonly key: KeyObject | undefined;
  readonly signer: Signer | undefined;
}

async function readKeys(db: DbOrTx, kek: Secret<Uint8Array>) {
  const rows = (await listKeys(db)).map((row) => ({
    ...row,
    certificate: parseCertificate(Buffer.from(row.certificate, 'base64')),
  }));
  const hold = ({ certificate, keyId, sealed }: (typeof rows)[number]): HeldKey => {
    const key = sealed === null ? undefined : openKey(keyId, sealed, kek);
    return { certificate, key, signer: key === undefined ? undefined : fileSigner(key) };
  };
  const active = new Map<KeyRole, HeldKey>();
  for (const role of KEY_ROLES) {
    const row = rows.find((candidate) => candidate.role === role && candidate.state === 'active');
    if (row !== undefined) active.set(role, hold(row));
  }
  const ofRole = (role: KeyRole) => rows.filter((row) => row.role === role);
  return {
    active,
    anchors: ofRole('root').map(({ certificate }) => certificate),
    issuers: ofRole('issuing').map(({ certificate }) => certificate),
    authorities: (['root', 'issuing'] as const).flatMap((role) =>
      ofRole(role).map((row): Authority => {
        const { certificate, signer } = hold(row);
        const { retiredAtMs } = row;
        return { role, certificate, signer, retiredAtMs, notAfterMs: certificate.notAfterMs };
      }),
    ),
    responders: ofRole('ocsp-signer')
      .filter(({ state }) => state === 'active')
      .map(hold),
  };
}

/** Records a key of the domain with its certificate; the private key goes in as an envelope bound to its key ID. */
export async function addKey(
  tx: Tx,
  key: { role: KeyRole; privateKey: KeyObject; certificate: Certificate },
  kek: Secret<Uint8Array>,
  nowMs: number,
): Promise<void> {
  const { certificate, privateKey, role } = key;
  const { keyId, fingerprint } = certificate;
  const sealed = sealSecret(
    kek.reveal(),
    Buffer.from(privateKeyToPem(privateKey), 'utf8'),
    keyContext(keyId),
  );
  const der = Buffer.from(certificate.der).toString('base64');
  const algorithm = fileSigner(privateKey).algorithm;
  await insertKey(
    tx,
    { keyId, role, algorithm, sealed, certificate: der, fingerprint, state: 'active' },
    nowMs,
  );
}

/** What the envelope of a key is bound to. */
export const keyContext = (keyId: string): string => `ca-key:${keyId}`;

const openKey = (keyId: string, sealed: string, kek: Secret<Uint8Array>): KeyObject =>
  privateKeyFromPem(Buffer.from(openSecret(kek.reveal(), sealed, keyContext(keyId))).toString('utf8'));

export type { KeyRole } from './keys.store.ts';
