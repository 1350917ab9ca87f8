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
import { z } from 'zod';
import { listLinks, type KeyLink } from './links.store.ts';
import { insertKey, KEY_ROLES, KEY_STATES, listKeys, type KeyRole, type KeyState } from './keys.store.ts';

/** A CA of the domain: one that issues now, or one that another has followed. */
export interface Authority {
  readonly role: 'root' | 'issuing';
  readonly certificate: Certificate;
  /** Nothing when its key is not on this server. */
  readonly signer: Signer | undefined;
  readonly retiredAtMs: number | null;
  readonly notAfterMs: number;
}

/** A key that is announced, in use, or on its way out. */
export interface KeyInUse {
  readonly keyId: string;
  readonly certificate: Certificate;
  readonly state: KeyState;
  /** Not null: its certificate is from outside (F-30), with these issuers. */
  readonly outsideChain: readonly Certificate[] | null;
  /** False: the private half is not on this server. */
  readonly isHere: boolean;
}

/** The keys of the domain. They leave it as signatures alone (invariant 1); the TLS key goes into OpenSSL. */
export interface KeyStore {
  /** The signer of a role. Refusal: KEY_DETACHED when the key is not on this server. */
  signerFor(role: KeyRole): Signer;
  /** The role's certificate. */
  certificateOf(role: KeyRole): Certificate;
  /** Root certificates that this domain trusts, announced ones too. */
  anchors(): readonly Certificate[];
  /** Roots that nobody may trust any more: they are named in the trust bundle as tombstones. */
  compromised(): readonly Certificate[];
  /** F-38 Roots that another has followed, and that a link leads on from: the newest first. */
  former(): readonly Certificate[];
  /**
   * F-38 A trust bundle with a generation below this names no root that leads to the one in use: its host is cut off. Generations are times,
   * and a bundle names every root that was there when it was made.
   */
  leadsSinceMs(): number;
  /** F-38 The newest first. */
  links(): readonly KeyLink[];
  /** Issuing CAs whose leaves may still be in use, or will be. */
  issuers(): readonly Certificate[];
  /** CAs whose keys were not destroyed, retired ones too: each owes lists and OCSP answers until `isIssuerOver`. */
  authorities(): readonly Authority[];
  /** Who answers OCSP for an issuing CA (it named it itself); nothing while there is none. */
  responderOf(issuer: Certificate): Issuer | undefined;
  /** Root first, then issuing CAs. */
  caPem(): string;
  /** Key and chain for a TLS listener: of the active key, or of that one while it is `next`, `active` or `retiring`. */
  tlsMaterial(keyId?: string): { keyId: string; key: string; cert: string };
  /** Keys of a role that are announced, in use, or on their way out: the newest first. */
  keysOf(role: KeyRole): readonly KeyInUse[];
  /** The keys as a transaction sees them, which may have changed them: nothing here moves. */
  readIn(db: DbOrTx): Promise<KeyStore>;
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
/** Issuers of a certificate from outside. */
export const CHAIN_CERTIFICATES_MAX = 8;

/** Key of the feed's changes that call for `reload`. */
export const KEYS_CHANGE_KEY = 'ca-keys';

/** Opens all keys of the domain. Refusals: SECRET_UNREADABLE (another key-encryption key), KEY_DETACHED. */
export async function loadKeys(db: DbOrTx, kek: Secret<Uint8Array>): Promise<KeyStore> {
  const opened: Opened = new Map();
  return keyStoreOf(await readKeys(db, kek, opened), kek, opened);
}

function keyStoreOf(here: Keys, kek: Secret<Uint8Array>, opened: Opened): KeyStore {
  let held = here;
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
    compromised: () => held.compromised,
    former: () => held.former,
    leadsSinceMs: () => held.leadsSinceMs,
    links: () => held.links,
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
    tlsMaterial(keyId) {
      const role = 'server-tls';
      const wanted = held.inUse.find((key) => key.role === role && key.keyId === keyId);
      const { key, certificate, outsideChain } = wanted ?? need(role);
      if (key === undefined) throw new AppError('KEY_DETACHED', { role });
      const cert = [certificate, ...(outsideChain ?? [])].map(({ der }) => certificateToPem(der)).join('');
      return { keyId: certificate.keyId, key: privateKeyToPem(key), cert };
    },
    keysOf: (role) =>
      held.inUse
        .filter((key) => key.role === role)
        .map(({ keyId, certificate, state, outsideChain, key }) => ({
          keyId,
          certificate,
          state,
          outsideChain,
          isHere: key !== undefined,
        })),
    readIn: async (from) => keyStoreOf(await readKeys(from, kek, opened), kek, opened),
    seal: (plaintext, context) => sealSecret(kek.reveal(), plaintext, context),
    open: (sealed, context) => openSecret(kek.reveal(), sealed, context),
    derive: (purpose) => deriveKey(kek, purpose),
    isHere: (role) => held.active.get(role)?.key !== undefined,
    exportKey: (role) => privateKeyToPem(keyOf(role)),
    async reload(from) {
      held = await readKeys(from, kek, opened);
      // a key that was destroyed or detached stays in no memory
      for (const envelope of opened.keys()) if (!held.envelopes.has(envelope)) opened.delete(envelope);
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
  readonly outsideChain: readonly Certificate[] | null;
}

/** Keys by their envelope: an update of certificates reads them at each step, and opens none twice. */
type Opened = Map<string, { readonly key: KeyObject; readonly signer: Signer }>;
/** An envelope opens for its own key alone. */
const envelopeOf = ({ keyId, sealed }: { keyId: string; sealed: string | null }): string =>
  `${keyId} ${sealed ?? ''}`;

type Keys = Awaited<ReturnType<typeof readKeys>>;
const storedChain = z.array(z.base64()).max(CHAIN_CERTIFICATES_MAX);
const storedState = z.enum(KEY_STATES);

async function readKeys(db: DbOrTx, kek: Secret<Uint8Array>, opened: Opened) {
  const rows = (await listKeys(db)).map((row) => ({
    ...row,
    certificate: parseCertificate(Buffer.from(row.certificate, 'base64')),
    state: storedState.parse(row.state),
  }));
  const hold = ({ certificate, keyId, sealed, chain }: (typeof rows)[number]): HeldKey => {
    const envelope = envelopeOf({ keyId, sealed });
    const found = sealed === null ? undefined : (opened.get(envelope) ?? openKey(keyId, sealed, kek));
    if (found !== undefined) opened.set(envelope, found);
    const outsideChain = chain === null ? null : parseChain(chain);
    return { certificate, key: found?.key, signer: found?.signer, outsideChain };
  };
  const active = new Map<KeyRole, HeldKey>();
  for (const role of KEY_ROLES) {
    const row = rows.find((candidate) => candidate.role === role && candidate.state === 'active');
    if (row !== undefined) active.set(role, hold(row));
  }
  const isGone = ({ state }: (typeof rows)[number]): boolean =>
    state === 'destroyed' || state === 'compromised';
  // those that are in use first: who shows one root shows that one
  const ofRole = (role: KeyRole) =>
    rows
      .filter((row) => row.role === role && !isGone(row))
      .sort((a, b) => Number(b.state === 'active') - Number(a.state === 'active'));
  const links = await listLinks(db);
  const linked = new Set(links.filter(({ kind }) => kind === 'forward').map(({ fromKeyId }) => fromKeyId));
  return {
    envelopes: new Set(rows.map(envelopeOf)),
    active,
    inUse: rows
      .filter(({ state }) => state === 'next' || state === 'active' || state === 'retiring')
      .map((row) => ({ role: row.role, keyId: row.keyId, state: row.state, ...hold(row) })),
    anchors: ofRole('root').map(({ certificate }) => certificate),
    compromised: rows
      .filter(({ role, state }) => role === 'root' && state === 'compromised')
      .map(({ certificate }) => certificate),
    former: rows
      .filter(({ role, state, keyId }) => role === 'root' && state === 'destroyed' && linked.has(keyId))
      .map(({ certificate }) => certificate),
    leadsSinceMs: leadsSinceMs(rows, links),
    links,
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

/** When the oldest root was made from which links lead to one that still counts. */
function leadsSinceMs(
  rows: readonly { role: string; state: KeyState; keyId: string; createdAtMs: number }[],
  links: readonly KeyLink[],
): number {
  const roots = rows.filter(({ role, state }) => role === 'root' && state !== 'compromised');
  const leading = new Set(roots.filter(({ state }) => state !== 'destroyed').map(({ keyId }) => keyId));
  for (let before = -1; before !== leading.size;) {
    before = leading.size;
    for (const { kind, fromKeyId, toKeyId } of links)
      if (kind === 'forward' && leading.has(toKeyId)) leading.add(fromKeyId);
  }
  return Math.min(...roots.filter(({ keyId }) => leading.has(keyId)).map(({ createdAtMs }) => createdAtMs));
}

/** A key that is to be recorded. */
export interface NewKey {
  readonly role: KeyRole;
  readonly privateKey: KeyObject;
  readonly certificate: Certificate;
  /** `active` when it is left out. */
  readonly state?: KeyState;
  readonly outsideChain?: readonly Certificate[];
}

/** Records a key of the domain with its certificate; the private key goes in as an envelope bound to its key ID. */
export async function addKey(
  tx: Tx,
  key: NewKey,
  seal: Secret<Uint8Array> | KeyStore['seal'],
  nowMs: number,
): Promise<void> {
  const { certificate, privateKey, role, state = 'active', outsideChain } = key;
  const { keyId, fingerprint } = certificate;
  const pem = Buffer.from(privateKeyToPem(privateKey), 'utf8');
  const sealed =
    typeof seal === 'function'
      ? seal(pem, keyContext(keyId))
      : sealSecret(seal.reveal(), pem, keyContext(keyId));
  const der = base64Of(certificate);
  const algorithm = fileSigner(privateKey).algorithm;
  const chain = outsideChain === undefined ? null : JSON.stringify(outsideChain.map(base64Of));
  await insertKey(tx, { keyId, role, algorithm, sealed, certificate: der, fingerprint, state, chain }, nowMs);
}

const base64Of = ({ der }: Certificate): string => Buffer.from(der).toString('base64');
const parseChain = (text: string): Certificate[] =>
  storedChain.parse(JSON.parse(text)).map((der) => parseCertificate(Buffer.from(der, 'base64')));

/** What the envelope of a key is bound to. */
export const keyContext = (keyId: string): string => `ca-key:${keyId}`;

function openKey(
  keyId: string,
  sealed: string,
  kek: Secret<Uint8Array>,
): { readonly key: KeyObject; readonly signer: Signer } {
  const pem = Buffer.from(openSecret(kek.reveal(), sealed, keyContext(keyId)));
  const key = privateKeyFromPem(pem.toString('utf8'));
  pem.fill(0);
  return { key, signer: fileSigner(key) };
}

export { hasKey, mayIssue, retireKey, setKeyState, type KeyRole, type KeyState } from './keys.store.ts';
export { deleteLinks, insertLink, type KeyLink } from './links.store.ts';
