import type { DomainId } from '@sekisho/core/ids.ts';
import { decideAdoption } from '@sekisho/core/rules/adoption.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { signersOfBundle, verifyDocument, type NamedSigner } from '@sekisho/pki/documents.ts';
import { sha256Hex } from '@sekisho/pki/keys.ts';
import { verifyBundle } from '@sekisho/pki/verify-bundle.ts';
import type { DocumentStore, HeldDocument, KeptDocument } from '../documents/document-store.ts';
import { anchorsOfBundle, intermediatesOfBundle } from '../documents/trust-anchors.ts';

/** Verified documents that are shared: bundles, lists and policies of a few groups, of which each agent is given the same. */
const SHARED_DOCUMENTS_MAX = 64;

interface Trust {
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  readonly signers: readonly NamedSigner[];
}

/**
 * Makes the document stores of simulated agents: the real verification and the real adoption rule, on memory. A document that
 * many agents are given alike is verified once for those that trust the same anchors.
 */
export function createSharedDocuments(options: {
  domainId: DomainId;
  root: Certificate;
  clock: Clock;
}): () => DocumentStore {
  const { domainId, clock } = options;
  const verified = new Map<string, Promise<HeldDocument<KeptDocument>>>();
  const trusts = new WeakMap<object, Trust>();
  const first: Trust = { anchors: [options.root], intermediates: [], signers: [] };

  function verify(type: KeptDocument, jws: string, trust: Trust): Promise<HeldDocument<KeptDocument>> {
    const { anchors, signers } = trust;
    const wish = { domainId, anchors, signers, nowMs: clock.nowMs() };
    // an assignment is of one host alone
    if (type === 'assignment') return verifyDocument(jws, { ...wish, type });
    const by = [...anchors.map((one) => one.fingerprint), ...signers.map(({ keyId }) => keyId)];
    const key = [type, sha256Hex(Buffer.from(jws)), ...by].join(' ');
    const found = verified.get(key);
    if (found !== undefined) return found;
    const work: Promise<HeldDocument<KeptDocument>> =
      type === 'bundle' ? verifyBundle(jws, wish) : verifyDocument(jws, { ...wish, type });
    verified.set(key, work);
    work.catch(() => verified.delete(key));
    const oldest = verified.size > SHARED_DOCUMENTS_MAX ? verified.keys().next() : undefined;
    if (oldest?.done === false) verified.delete(oldest.value);
    return work;
  }

  function trustOf(bundle: HeldDocument<'bundle'> | undefined): Trust {
    if (bundle === undefined) return first;
    const known = trusts.get(bundle.payload);
    if (known !== undefined) return known;
    const { payload } = bundle;
    const trust = {
      anchors: anchorsOfBundle(payload),
      intermediates: intermediatesOfBundle(payload),
      signers: signersOfBundle(payload),
    };
    trusts.set(payload, trust);
    return trust;
  }

  return () => {
    const held: { [Type in KeptDocument]?: HeldDocument<Type> } = {};
    let trust = first;
    const take = (type: KeptDocument, document: HeldDocument<KeptDocument>): void => {
      // `verifyDocument` was asked for exactly this type
      (held as Record<KeptDocument, unknown>)[type] = document;
      if (type === 'bundle') trust = trustOf(held.bundle);
    };
    return {
      held: (type) => held[type],
      serial: (type) => held[type]?.payload.serial ?? 0,
      async offer(type, jws) {
        const document = await verify(type, jws, trust);
        const before = held[type];
        const decision = decideAdoption(
          before === undefined ? undefined : versionOf(before),
          versionOf(document),
        );
        if (decision !== 'adopt') return decision;
        take(type, document);
        return decision;
      },
      async verifyOrder(jws) {
        const { anchors, signers } = trust;
        const wish = { type: 'order', domainId, anchors, signers, nowMs: clock.nowMs() } as const;
        return (await verifyDocument(jws, wish)).payload;
      },
      get anchors() {
        return trust.anchors;
      },
      get intermediates() {
        return trust.intermediates;
      },
      damaged: new Set(),
    };
  };
}

const versionOf = (document: HeldDocument<KeptDocument>) => ({
  serial: document.payload.serial,
  contentSha256: document.contentSha256,
});
