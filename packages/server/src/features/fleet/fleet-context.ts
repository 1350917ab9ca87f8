import type { DomainId } from '@sekisho/core/ids.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { DocumentPayload } from '@sekisho/core/wire/documents.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Store } from '../../store/store.ts';
import type { Tx } from '../../store/tables.ts';
import type { FleetSettings } from './fleet-settings.ts';

/** The documents that the fleet makes; bundle and list come from elsewhere. */
export type FleetDocumentType = 'assignment' | 'policy' | 'order';
/** A payload without what the signer adds: domain, serial and time. */
export type DocumentBody<Type extends FleetDocumentType> = Omit<
  DocumentPayload<Type>,
  'domain' | 'serial' | 'issuedAt'
>;

/** What the fleet needs of the document service. */
export interface FleetDocuments {
  /** Signs and stores in the transaction; the same content again makes nothing new and returns the serial it has. */
  make<Type extends FleetDocumentType>(
    tx: Tx,
    type: Type,
    scope: string,
    body: DocumentBody<Type>,
  ): Promise<number>;
  /** Signs the newest version again, with a higher serial: who holds a newer one of another scope takes no older one. */
  makeAgain(tx: Tx, type: 'bundle' | 'list' | FleetDocumentType, scope: string): Promise<number | undefined>;
  latest(
    type: 'bundle' | 'list' | FleetDocumentType,
    scope: string,
  ): Promise<{ jws: string; serial: number } | undefined>;
  /** From memory: asked at every heartbeat. */
  latestSerial(type: 'bundle' | 'list' | FleetDocumentType, scope: string): number | undefined;
}

/** Seals what must not lie in clear: the envelope under the key-encryption key. */
export interface SecretBox {
  seal(plaintext: Uint8Array, context: string): string;
  open(sealed: string, context: string): Uint8Array;
}

/** What the use cases of plans, jobs, points and repositories need. The composition root gives it. */
export interface FleetContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly domainId: DomainId;
  readonly documents: FleetDocuments;
  readonly secrets: SecretBox;
  readonly settings: FleetSettings;
}

/** Who acts, as the audit log names them. */
export interface Actor {
  readonly name: string;
  readonly origin: string;
}
/** The server itself. */
export const SYSTEM_ACTOR: Actor = { name: 'system', origin: 'server' };
