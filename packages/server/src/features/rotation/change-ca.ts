import { AppError } from '@sekisho/core/errors.ts';
import { CRL_VALID_MS } from '@sekisho/core/rules/revocation.ts';
import type { Emergency } from '@sekisho/core/rules/rotation.ts';
import type { FleetParts } from '../../context.ts';
import { recordChange } from '../../store/record-change.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { makeBundle } from '../domain/publish-trust.ts';
import {
  addKey,
  deleteLinks,
  insertLink,
  KEYS_CHANGE_KEY,
  retireKey,
  setKeyState,
  type KeyState,
  type KeyStore,
} from '../keys/key-store.ts';
import { dropLists, lastLeafEndMs, renewListOfRoot, signFinalLists } from '../revocation/final-lists.ts';
import { caExchanges, keyOfCa } from './ca-exchange.ts';
import { isRekeyed } from './is-rekeyed.ts';
import { makeCa } from './make-ca.ts';
import { makeLists, makePoliciesAnew } from './make-documents.ts';
import type { ChangeStep, RotationChange } from './rotation-change.ts';
import { NO_ECHO, type Echo, type RotationRow } from './rotation.store.ts';

/**
 * F-30, F-37, F-38 The domain's CA: a new root with its issuing CA and role certificates. Announced in a bundle that the old root signs, in use
 * from a bundle on that the new root signs, and every host gets a certificate of the new CA before the old one leaves and its keys are
 * destroyed; a link stays for hosts that were off. After a theft there is no link, and the old root stays in the bundle as a tombstone.
 */
export function changeCa(parts: FleetParts): RotationChange {
  const publish = async (tx: Tx): Promise<Echo> => {
    await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
    return { ...NO_ECHO, bundleGeneration: await makeBundle(parts, tx) };
  };
  return {
    kind: 'ca',
    async prepare({ emergency, outside, nowMs, tx: db, keys }) {
      if (outside !== null) throw new AppError('ROTATION_OUTSIDE_CA');
      const old = oldRoot(keys, emergency);
      const made = await makeCa(parts, { db, keys, linkedFrom: emergency === null ? old : undefined, nowMs });
      const pairs = made.keys.map(({ role, certificate }) => ({
        role,
        before: keys.certificateOf(role).keyId,
        after: certificate.keyId,
      }));
      const [root] = made.keys;
      if (root === undefined) throw new Error('no root was made');
      return {
        fromKeyId: keys.certificateOf('root').keyId,
        toKeyId: root.certificate.keyId,
        detail: {
          pairs,
          outside: false,
          notAfterMs: root.certificate.notAfterMs,
          fingerprint: root.certificate.fingerprint,
          linked: made.links.length > 0,
        },
        record: async (tx) => {
          for (const key of made.keys) await addKey(tx, { ...key, state: 'next' }, keys.seal, nowMs);
          for (const link of made.links) await insertLink(tx, link, nowMs);
          await recordChange(tx, 'settings', KEYS_CHANGE_KEY);
        },
      };
    },
    // a root that is lost announces nothing: its hosts need a communication package
    announce: ({ tx, rotation }) =>
      rotation.emergency !== null && !parts.keys.isHere('root') ? Promise.resolve(NO_ECHO) : publish(tx),
    async switch({ tx, rotation, nowMs }) {
      await requireOldRoot(parts, tx, rotation);
      for (const { from, to } of caExchanges(rotation)) {
        await setKeyState(tx, from, 'retiring', nowMs);
        await setKeyState(tx, to, 'active', nowMs);
      }
      const echo = await publish(tx);
      await makePoliciesAnew(parts, tx);
      return { ...echo, listSerial: await makeLists(parts, tx, 'anew') };
    },
    // each host is asked by the pacer, and counted by what it shows
    rekey: ({ rotation }) => Promise.resolve(rotation.echo),
    async withdraw(step) {
      const { tx, rotation } = step;
      await endCa(parts, step, rotation.emergency === 'stolen' ? 'compromised' : 'destroyed');
      if (rotation.direction === 'back' || rotation.emergency === 'stolen')
        await deleteLinks(tx, rotation.fromKeyId);
      const echo = await publish(tx);
      return { ...echo, listSerial: await makeLists(parts, tx, 'changed') };
    },
    async abandon({ tx, rotation, nowMs }) {
      for (const { role, to } of caExchanges(rotation))
        await destroy(tx, { role, keyId: to, state: 'destroyed' }, nowMs);
      await endResponder(parts, tx, keyOfCa(rotation, 'issuing').to, nowMs);
      await dropLists(
        tx,
        caExchanges(rotation).map(({ to }) => to),
      );
      await deleteLinks(tx, rotation.toKeyId);
      return publish(tx);
    },
    inUse: ({ keys }) => keys.certificateOf('root').keyId,
    hasFollowed: (host, rotation) =>
      rotation.phase !== 'rekeying' || isRekeyed(parts.registry, host, rotation),
    // links lead it, also who was never heard: every agent that is set up today walks them. Nothing leads from a root that was stolen or lost
    comesBack: ({ capabilities, lastSeenMs }, { emergency }) =>
      emergency === null && (lastSeenMs === 0 || capabilities.includes('links')),
  };
}

/** Once another root is in use, the old one cannot be brought back: it signs the last lists, and the way back. Refusal: KEY_DETACHED. */
async function requireOldRoot({ keys }: FleetParts, tx: Tx, rotation: RotationRow): Promise<void> {
  if (rotation.emergency !== null) return;
  const found = (await keys.readIn(tx)).keysOf('root').find(({ keyId }) => keyId === rotation.fromKeyId);
  if (found?.isHere === false) throw new AppError('KEY_DETACHED', { role: 'root' });
}

/** The root that is given up, if it can sign. Refusal: KEY_DETACHED, unless nothing of it is wanted any more. */
function oldRoot(keys: KeyStore, emergency: Emergency | null) {
  if (emergency !== null && !keys.isHere('root')) return undefined;
  return { certificate: keys.certificateOf('root'), signer: keys.signerFor('root') };
}

/** Last lists, then the private keys go; certificates stay, to be read in the records. */
async function endCa(
  parts: FleetParts,
  { tx, rotation, nowMs }: ChangeStep,
  rootBecomes: 'destroyed' | 'compromised',
): Promise<void> {
  const keys = await parts.keys.readIn(tx);
  const exchanges = caExchanges(rotation);
  const untilMs = (await lastLeafEndMs(tx, keyOfCa(rotation, 'issuing').from, nowMs)) + CRL_VALID_MS;
  for (const { from } of exchanges) {
    const authority = keys.authorities().find(({ certificate }) => certificate.keyId === from);
    if (authority?.signer === undefined) continue;
    await signFinalLists(
      tx,
      { certificate: authority.certificate, signer: authority.signer },
      { untilMs, nowMs },
    );
  }
  await renewListOfRoot(tx, rotation.toKeyId);
  await endResponder(parts, tx, keyOfCa(rotation, 'issuing').from, nowMs);
  for (const { role, from } of exchanges)
    await destroy(tx, { role, keyId: from, state: role === 'root' ? rootBecomes : 'destroyed' }, nowMs);
}

/** OCSP is answered for a CA no longer than its key is here: then its last list counts. */
async function endResponder({ keys }: FleetParts, tx: Tx, issuing: string, nowMs: number): Promise<void> {
  const certificate = keys.issuers().find(({ keyId }) => keyId === issuing);
  const responder = certificate === undefined ? undefined : keys.responderOf(certificate);
  if (responder !== undefined) await retireKey(tx, responder.certificate.keyId, nowMs);
}

async function destroy(
  tx: Tx,
  key: { role: string; keyId: string; state: Extract<KeyState, 'destroyed' | 'compromised'> },
  nowMs: number,
): Promise<void> {
  await setKeyState(tx, key.keyId, key.state, nowMs);
  const audit = {
    act: 'destroy-ca-key',
    actor: 'system',
    origin: 'server',
    subject: key.keyId,
    outcome: 'done',
    detail: { role: key.role, state: key.state },
  } as const;
  await recordAudit(tx, audit, nowMs);
}
