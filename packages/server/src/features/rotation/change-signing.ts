import { NOT_BEFORE_BACK_MS } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { issueDocumentSigner } from '@sekisho/pki/issue.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import type { FleetParts } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import { DOCUMENT_SIGNER_VALID_DAYS } from '../domain/make-authority.ts';
import { makeBundle } from '../domain/publish-trust.ts';
import { addKey, KEYS_CHANGE_KEY, setKeyState, type KeyState, type KeyStore } from '../keys/key-store.ts';
import { makeLists, makePoliciesAnew } from './make-documents.ts';
import { readOutside } from './read-outside.ts';
import type { ChangeStep, RotationChange } from './rotation-change.ts';
import { NO_ECHO, type Echo } from './rotation.store.ts';

const SERIAL_BYTES = 16;

/** F-30 The certificate that signs documents: the trust bundle, which the root signs, names old and new. */
export function changeSigning(parts: FleetParts): RotationChange {
  const setStates = async (
    { tx, nowMs }: ChangeStep,
    states: readonly (readonly [string, KeyState])[],
  ): Promise<Echo> => {
    for (const [keyId, state] of states) await setKeyState(tx, keyId, state, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
    return { ...NO_ECHO, bundleGeneration: await makeBundle(parts, tx) };
  };
  return {
    kind: 'signing',
    async prepare({ outside, nowMs, keys }) {
      keys.signerFor('root'); // every step of it signs a trust bundle
      const fromKeyId = keys.certificateOf('document-signer').keyId;
      const made = outside === null ? await makeOwn(parts, keys, nowMs) : readOutside(outside);
      return {
        fromKeyId,
        toKeyId: made.certificate.keyId,
        detail: { outside: outside !== null, notAfterMs: made.certificate.notAfterMs },
        record: async (tx) => {
          await addKey(tx, { role: 'document-signer', state: 'next', ...made }, keys.seal, nowMs);
          await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
        },
      };
    },
    announce: async ({ tx }) => ({ ...NO_ECHO, bundleGeneration: await makeBundle(parts, tx) }),
    async switch(step) {
      const { rotation, tx } = step;
      const echo = await setStates(step, [
        [rotation.fromKeyId, 'retiring'],
        [rotation.toKeyId, 'active'],
      ]);
      await makePoliciesAnew(parts, tx);
      return { ...echo, listSerial: await makeLists(parts, tx, 'anew') };
    },
    withdraw: (step) => setStates(step, [[step.rotation.fromKeyId, 'destroyed']]),
    abandon: (step) => setStates(step, [[step.rotation.toKeyId, 'destroyed']]),
    inUse: ({ keys }) => keys.certificateOf('document-signer').keyId,
    // it fetches the bundle first, which the root has signed; one from outside means nothing to an agent that reads no signers there
    comesBack: (host, { toKeyId }) =>
      host.capabilities.includes('announce') ||
      parts.keys.keysOf('document-signer').find(({ keyId }) => keyId === toKeyId)?.outsideChain === null,
  };
}

/** Refusal: KEY_DETACHED, when the root's key is not on this server. */
async function makeOwn({ domain, random }: FleetParts, keys: KeyStore, nowMs: number) {
  const issuer = { certificate: keys.certificateOf('root'), signer: keys.signerFor('root') };
  const privateKey = await generatePrivateKey('p256');
  const certificate = await issueDocumentSigner({
    issuer,
    domainId: domain.id,
    spkiDer: fileSigner(privateKey).spkiDer,
    serial: random.bytes(SERIAL_BYTES),
    notBeforeMs: Math.max(nowMs - NOT_BEFORE_BACK_MS, issuer.certificate.notBeforeMs),
    notAfterMs: Math.min(nowMs + DOCUMENT_SIGNER_VALID_DAYS * DAY_MS, issuer.certificate.notAfterMs),
  });
  return { privateKey, certificate };
}
