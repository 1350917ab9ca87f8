import type { Emergency, GateHost, RotationKind } from '@sekisho/core/rules/rotation.ts';
import type { Tx } from '../../store/tables.ts';
import type { IndexedHost } from '../fleet/fleet-index.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Echo, RotationRow } from './rotation.store.ts';

/** What an administrator, or the server itself, wants renewed; prepared in the transaction that enters the update. */
export interface RotationWish {
  readonly tx: Tx;
  /** As this transaction sees them. */
  readonly keys: KeyStore;
  readonly emergency: Emergency | null;
  /** Checked: a certificate from outside, with its key (F-30). */
  readonly outside: OutsideCertificate | null;
  readonly nowMs: number;
}

/** Key and certificate in PEM, checked field by field; the chain leaf first. */
export interface OutsideCertificate {
  readonly keyPem: string;
  readonly chainPem: string;
}

/** What was made for an update. */
export interface Prepared {
  readonly fromKeyId: string;
  readonly toKeyId: string;
  /** For the change alone: further keys, by what they are for. */
  readonly detail: Readonly<Record<string, unknown>>;
  /** Records the new keys as `next`. */
  readonly record: (tx: Tx) => Promise<void>;
}

/** What a step changes, inside the transaction that moves the update on; `keys` are the keys as this transaction sees them. */
export interface ChangeStep {
  readonly tx: Tx;
  readonly rotation: RotationRow;
  readonly nowMs: number;
}

/**
 * What is changed by an update (F-30): TLS certificate, signing certificate, CA. The machine says when; each method runs in the
 * transaction of its step, behind the duty's fence, and does the same when it is called again. Each returns what hosts echo once they
 * have taken it. `rotation.fromKeyId` is what is given up, `rotation.toKeyId` what is to be in use: on the way back they are swapped.
 */
export interface RotationChange {
  readonly kind: RotationKind;
  /** Makes keys and certificates, and asks for what the change needs. Refusals: KEY_DETACHED, … */
  prepare(wish: RotationWish): Promise<Prepared>;
  /** Documents say the new one beside the old one, which is in use. */
  announce(step: ChangeStep): Promise<Echo>;
  /** The new one is in use from now on; the old one is still good. Server processes are told by the change feed. */
  switch(step: ChangeStep): Promise<Echo>;
  /** Hosts are to have nothing more of the old one (the CA: certificates). Only a change of kind `ca` has it. */
  rekey?(step: ChangeStep): Promise<Echo>;
  /** Documents no longer say the old one; its private key is destroyed. */
  withdraw(step: ChangeStep): Promise<Echo>;
  /** Before the switch: the new one leaves the documents, and its key is destroyed. */
  abandon(step: ChangeStep): Promise<Echo>;
  /** The key that a server process has in use: what it confirms. `tlsKeyId` is what its listeners show. */
  inUse(worker: { readonly keys: KeyStore; readonly tlsKeyId: string }): string;
  /** What a host has beyond its echo, in the phase that is on: the CA looks whether it is re-keyed. */
  hasFollowed?(host: IndexedHost, rotation: RotationRow): boolean;
  /** Does a host that has heard of nothing come back by itself after the switch? */
  comesBack(host: IndexedHost, rotation: RotationRow): GateHost['unaided'];
}
