import { AppError } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { RootView } from '@sekisho/core/wire/root.ts';
import { openWithPassphrase, sealWithPassphrase } from '@sekisho/pki/passphrase-envelope.ts';
import { keyIdOfSpki, privateKeyFromPem, spkiOf } from '@sekisho/pki/keys.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Store } from '../../store/store.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { KEYS_CHANGE_KEY, keyContext, type KeyStore } from './key-store.ts';
import { setSealed } from './keys.store.ts';

export interface RootParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly keys: KeyStore;
}

/** Where the root's key is (T-01). */
export const viewRoot = ({ keys }: Pick<RootParts, 'keys'>): RootView => ({
  fingerprint: keys.certificateOf('root').fingerprint,
  state: keys.isHere('root') ? 'attached' : 'detached',
});

/** The root's key under a passphrase. Audited; nothing else changes. Refusal: KEY_DETACHED. */
export async function exportRoot(
  parts: RootParts,
  passphrase: string,
  principal: Principal,
): Promise<{ fingerprint: RootView['fingerprint']; package: string }> {
  const { fingerprint, keyId } = parts.keys.certificateOf('root');
  const pem = Buffer.from(parts.keys.exportKey('root'), 'utf8');
  try {
    const text = await sealWithPassphrase(passphrase, pem, PACKAGE_CONTEXT);
    await audited(parts, 'export-root', principal, keyId, () => Promise.resolve());
    return { fingerprint, package: text };
  } finally {
    pem.fill(0);
  }
}

/**
 * Removes the root's key from the server. The caller shows the package it has stored: only one that opens, and holds this
 * very key, lets the other copy go. Refusals: KEY_DETACHED, ROOT_PACKAGE_…, PASSPHRASE_WRONG.
 */
export async function detachRoot(
  parts: RootParts,
  proof: { passphrase: string; package: string },
  principal: Principal,
): Promise<RootView> {
  if (!parts.keys.isHere('root')) throw new AppError('KEY_DETACHED', { role: 'root' });
  await openPackage(parts, proof);
  const { keyId } = parts.keys.certificateOf('root');
  await audited(parts, 'detach-root', principal, keyId, (tx) => setSealed(tx, keyId, null));
  await parts.keys.reload(parts.store.db);
  return viewRoot(parts);
}

/** Brings the root's key back, sealed by the server's key-encryption key. Refusals as above, ROOT_ATTACHED_ALREADY. */
export async function attachRoot(
  parts: RootParts,
  proof: { passphrase: string; package: string },
  principal: Principal,
): Promise<RootView> {
  if (parts.keys.isHere('root')) throw new AppError('ROOT_ATTACHED_ALREADY');
  const pem = await openPackage(parts, proof);
  const { keyId } = parts.keys.certificateOf('root');
  const sealed = parts.keys.seal(pem, keyContext(keyId));
  await audited(parts, 'attach-root', principal, keyId, (tx) => setSealed(tx, keyId, sealed));
  await parts.keys.reload(parts.store.db);
  return viewRoot(parts);
}

const PACKAGE_CONTEXT = 'root-key';

async function openPackage(
  { keys }: RootParts,
  proof: { passphrase: string; package: string },
): Promise<Uint8Array> {
  const pem = await openWithPassphrase(proof.passphrase, proof.package, PACKAGE_CONTEXT);
  const root = keys.certificateOf('root');
  if (keyIdOfPem(pem) === root.keyId) return pem;
  throw new AppError('ROOT_PACKAGE_OTHER', { fingerprint: root.fingerprint });
}

function keyIdOfPem(pem: Uint8Array): string | undefined {
  try {
    return keyIdOfSpki(spkiOf(privateKeyFromPem(Buffer.from(pem).toString('utf8'))));
  } catch {
    return undefined; // no key at all is not this one
  }
}

async function audited(
  { store, clock }: RootParts,
  act: 'export-root' | 'detach-root' | 'attach-root',
  principal: Principal,
  subject: string,
  change: (tx: Parameters<Parameters<Store['transaction']>[0]>[0]) => Promise<void>,
): Promise<void> {
  const nowMs = clock.nowMs();
  await store.transaction(async (tx) => {
    await change(tx);
    const { name: actor, origin } = principal;
    await recordAudit(tx, { act, actor, origin, subject, outcome: 'done', detail: {} }, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
  });
}
