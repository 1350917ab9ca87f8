import { refuse, type Refusal } from '../errors.ts';
import type { LegacyKind } from '../wire/legacy-kinds.ts';

/** What is recorded of a host that speaks the plain protocol. */
export interface LegacyHostFacts {
  /** Its primary name. */
  readonly name: string;
  readonly kind: LegacyKind;
  /** Null: it is no legacy host (any more). */
  readonly legacySinceMs: number | null;
  /** Null: it never talked over mutual TLS, or its attributes were reset since (T-35). */
  readonly secureSinceMs: number | null;
  /** A certificate of it was revoked. */
  readonly revoked: boolean;
  /** The one address that it may come from; null: any. */
  readonly address: string | null;
}

export interface LegacyFacts {
  /** The setting: insecure communication with legacy hosts is on. */
  readonly insecureCommunication: boolean;
  /** As what it comes. */
  readonly as: LegacyKind;
  /** Where it comes from, in canonical text. */
  readonly address: string;
  /** Undefined: nobody was let in under that name. */
  readonly host: LegacyHostFacts | undefined;
  /** Did it show the key that it was given? Always true where we dial it. */
  readonly keyMatches: boolean;
  /** A host that has talked securely and goes by one of its names, or by the address that it comes from (T-52). */
  readonly secureOwner: string | undefined;
  /** The one reporting collector that the server's configuration names, case-folded. */
  readonly reportingCollector: string | undefined;
}

export type LegacyDecision = { readonly allow: true } | Refusal;

/**
 * May this host talk without a certificate (T-50 … T-54)? In this order: the setting, an administrator's word and the key, revoked hosts
 * never, none that ever talked securely, only as what it was let in, only from its address, only the collector that is configured.
 */
export function decideLegacy(facts: LegacyFacts): LegacyDecision {
  const { host } = facts;
  if (!facts.insecureCommunication) return refuse('INSECURE_COMMUNICATION_OFF');
  if (host === undefined || !facts.keyMatches) return refuse('LEGACY_KEY_REFUSED');
  const { name } = host;
  if (host.revoked) return refuse('LEGACY_HOST_REVOKED', { name });
  if (host.secureSinceMs !== null || host.legacySinceMs === null)
    return refuse('LEGACY_DOWNGRADE', { name, host: name });
  if (facts.secureOwner !== undefined) return refuse('LEGACY_DOWNGRADE', { name, host: facts.secureOwner });
  if (host.kind !== facts.as) return refuse('LEGACY_KIND_OTHER', { name });
  if (host.address !== null && host.address !== facts.address)
    return refuse('LEGACY_ADDRESS_OTHER', { name, address: facts.address });
  if (facts.as === 'collector' && facts.reportingCollector !== name.toLowerCase())
    return refuse('LEGACY_COLLECTOR_OTHER', { name });
  return { allow: true };
}

/** What a legacy host may do with one object of its own repository (T-50). */
export interface LegacyAccessFacts {
  readonly method: string;
  /** Of the REST protocol; `repository`: the repository itself. */
  readonly object: 'repository' | 'config' | 'keys' | 'locks' | 'snapshots' | 'index' | 'data';
  /** A list of names, not an object. */
  readonly list: boolean;
  /** An administrator's grant to read this repository, null when there is none. */
  readonly grantUntilMs: number | null;
  readonly nowMs: number;
}

/**
 * A backup reads what it needs to append: config, keys, indexes, locks, the snapshots' heads, and which packs are there. What was backed
 * up (`data`) is read with a grant alone. Nothing is removed but locks, which the store itself looks after.
 */
export function decideLegacyAccess(facts: LegacyAccessFacts): LegacyDecision {
  const reads = facts.method === 'GET' || facts.method === 'HEAD';
  if (!reads || facts.object !== 'data' || facts.list || facts.method === 'HEAD') return { allow: true };
  if (facts.grantUntilMs !== null && facts.nowMs < facts.grantUntilMs) return { allow: true };
  return refuse('LEGACY_READ_NEEDS_GRANT');
}
