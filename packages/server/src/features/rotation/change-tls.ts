import { NOT_BEFORE_BACK_MS } from '@sekisho/core/limits.ts';
import { DAY_MS } from '@sekisho/core/time.ts';
import { issueServerTls } from '@sekisho/pki/issue.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import type { FleetParts } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { SERVER_TLS_VALID_DAYS, tlsNames } from '../domain/make-authority.ts';
import { addKey, KEYS_CHANGE_KEY, setKeyState, type KeyState, type KeyStore } from '../keys/key-store.ts';
import { readOutside } from './read-outside.ts';
import { makeLists } from './make-documents.ts';
import type { ChangeStep, RotationChange } from './rotation-change.ts';
import { NO_ECHO, type Echo } from './rotation.store.ts';
import { revokeServerCertificate } from '../revocation/revoke-server-certificate.ts';
import { listedAddresses } from './listed-addresses.ts';

const SERIAL_BYTES = 16;

/** F-30 The management server's TLS certificate: lists announce its public key beside the old one's. */
export function changeTls(parts: FleetParts): RotationChange {
  const echoOfLists = async (tx: Tx): Promise<Echo> => ({
    ...NO_ECHO,
    listSerial: await makeLists(parts, tx, 'changed'),
  });
  const setStates = async (
    { tx, nowMs }: ChangeStep,
    states: readonly (readonly [string, KeyState])[],
  ): Promise<Echo> => {
    for (const [keyId, state] of states) await setKeyState(tx, keyId, state, nowMs);
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
    return echoOfLists(tx);
  };
  return {
    kind: 'tls',
    async prepare({ outside, nowMs, tx: db, keys }) {
      const fromKeyId = keys.certificateOf('server-tls').keyId;
      const made = outside === null ? await makeOwn(parts, { db, keys, nowMs }) : readOutside(outside);
      return {
        fromKeyId,
        toKeyId: made.certificate.keyId,
        detail: { outside: outside !== null, notAfterMs: made.certificate.notAfterMs },
        record: async (tx) => {
          await addKey(tx, { role: 'server-tls', state: 'next', ...made }, keys.seal, nowMs);
          await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
        },
      };
    },
    announce: ({ tx }) => echoOfLists(tx),
    switch: (step) =>
      setStates(step, [
        [step.rotation.fromKeyId, 'retiring'],
        [step.rotation.toKeyId, 'active'],
      ]),
    async withdraw(step) {
      if (step.rotation.emergency === 'stolen') await revokeStolen(parts, step);
      return setStates(step, [[step.rotation.fromKeyId, 'destroyed']]);
    },
    abandon: (step) => setStates(step, [[step.rotation.toKeyId, 'destroyed']]),
    inUse: ({ tlsKeyId }) => tlsKeyId,
    // a certificate of the domain's CA is accepted by the chain, whatever list a host has
    comesBack: (_host, { toKeyId }) =>
      parts.keys.keysOf('server-tls').find(({ keyId }) => keyId === toKeyId)?.outsideChain === null,
  };
}

/** F-34 What the domain's CA made counts until its end, unless it is revoked; one from outside leaves with its pin. */
async function revokeStolen(
  { domain, keys }: FleetParts,
  { tx, rotation, nowMs }: ChangeStep,
): Promise<void> {
  const now = await keys.readIn(tx);
  const stolen = now.keysOf('server-tls').find(({ keyId }) => keyId === rotation.fromKeyId);
  const { certificate, outsideChain } = stolen ?? {};
  if (certificate === undefined || outsideChain !== null) return;
  const root = now.anchors().find(({ subjectKeyId }) => subjectKeyId === certificate.authorityKeyId);
  if (root === undefined) return;
  const { serverHostId } = domain;
  await revokeServerCertificate(tx, {
    certificate,
    rootKeyId: root.keyId,
    serverHostId,
    why: rotation.id,
    nowMs,
  });
}

/** Refusal: KEY_DETACHED, when the root's key is not on this server. */
async function makeOwn(
  { config, domain, random }: FleetParts,
  { db, keys, nowMs }: { db: DbOrTx; keys: KeyStore; nowMs: number },
) {
  const issuer = { certificate: keys.certificateOf('root'), signer: keys.signerFor('root') };
  const privateKey = await generatePrivateKey('p256');
  const addresses = [...new Set([...config.addresses, ...(await listedAddresses(db, domain.serverId))])];
  const certificate = await issueServerTls({
    issuer,
    domainId: domain.id,
    serverId: domain.serverId,
    ...tlsNames(addresses),
    spkiDer: fileSigner(privateKey).spkiDer,
    serial: random.bytes(SERIAL_BYTES),
    notBeforeMs: Math.max(nowMs - NOT_BEFORE_BACK_MS, issuer.certificate.notBeforeMs),
    notAfterMs: Math.min(nowMs + SERVER_TLS_VALID_DAYS * DAY_MS, issuer.certificate.notAfterMs),
  });
  return { privateKey, certificate };
}
