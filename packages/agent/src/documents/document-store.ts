import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId, Sha256Hex } from '@sekisho/core/ids.ts';
import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import { decideAdoption } from '@sekisho/core/rules/adoption.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { DocumentPayload, OrderPayload } from '@sekisho/core/wire/documents.ts';
import { epochMs } from '@sekisho/core/wire/scalars.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { readDocumentHeader } from '@sekisho/pki/document-header.ts';
import { signerKeyOf, signersOfBundle, verifyDocument, type NamedSigner } from '@sekisho/pki/documents.ts';
import { verifyBundle } from '@sekisho/pki/verify-bundle.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { finishRepair, writeRepair } from '../repair/repair-journal.ts';
import { verifyPackage, type VerifiedPackage } from '../repair/verify-package.ts';
import { isMissing } from '../settings.ts';
import { AnchorFiles } from './anchor-files.ts';
import { anchorsOfBundle, intermediatesOfBundle } from './trust-anchors.ts';

/** Documents that an agent keeps; orders are carried out, not kept. */
export const KEPT_DOCUMENTS = ['bundle', 'list', 'assignment', 'policy'] as const;
export type KeptDocument = (typeof KEPT_DOCUMENTS)[number];

export interface HeldDocument<Type extends KeptDocument> {
  readonly payload: DocumentPayload<Type>;
  readonly contentSha256: Sha256Hex;
}

/** A verified document before it is adopted. */
export type AddressedDocument = {
  readonly [Type in KeptDocument]: { readonly type: Type; readonly payload: DocumentPayload<Type> };
}[KeptDocument];

/** What became of a document that was offered. Only the first of them changed anything. */
export type Adoption = 'adopt' | 'same' | 'lower' | 'fork';

/**
 * The signed documents of this host (F-04, F-12). What `held` shows is on the disk; a serial never goes down; a damaged file
 * gives way to the one before it, and is fetched again because the heartbeat then echoes the older serial.
 */
export interface DocumentStore {
  held<Type extends KeptDocument>(type: Type): HeldDocument<Type> | undefined;
  /** Serial (generation of the bundle), or 0. What is echoed in heartbeats. */
  serial(type: KeptDocument): number;
  /**
   * Verifies and, by the adoption rule, keeps a document. `isVerified`: whoever handed it out was (F-20); true by default.
   * Refusal: any of DOCUMENT_…
   */
  offer(type: KeptDocument, jws: string, isVerified?: boolean): Promise<Adoption>;
  /** Verifies an order; whom it is for and whether it is late is the job runner's question. */
  verifyOrder(jws: string): Promise<OrderPayload>;
  readonly anchors: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
  /** Documents whose newest file was not readable at the start. */
  readonly damaged: ReadonlySet<KeptDocument>;
}

/** The documents on a disk: a communication package may replace what they are verified by. */
export interface RepairableStore extends DocumentStore {
  /**
   * F-13 Takes bundle, list and anchors of a package together, or nothing. Refusals: REPAIR_…; after REPAIR_UNFINISHED it is decided, and
   * waits for room on the disk.
   */
  repair(text: string, expectedFingerprint: string | undefined): Promise<VerifiedPackage>;
  /** A repair was decided and could not be carried out: until then what was held before counts, and nothing newer is adopted. */
  readonly isRepairUnfinished: boolean;
  /** Tries again to carry it out; rejects with the system's error. */
  finishRepair(): Promise<void>;
}

export async function openDocumentStore(options: {
  folder: string;
  anchorsFile: string;
  domainId: DomainId;
  /**
   * F-20 Throws when a document whose signature was verified is not for this host; by default the server is believed to know. `isVerified`:
   * the server was, too.
   */
  admit?: (document: AddressedDocument, isVerified: boolean) => void;
  clock: Clock;
  log: Log;
}): Promise<RepairableStore> {
  const { folder, domainId, clock, log } = options;
  const held: { [Type in KeptDocument]?: HeldDocument<Type> } = {};
  const damaged = new Set<KeptDocument>();
  /** A repair that is on the disk and not carried out yet, perhaps since before the start. */
  let unsettled: VerifiedPackage | 'earlier' | undefined;
  try {
    await finishRepair(folder, options.anchorsFile, log);
  } catch (error) {
    log.error({ err: error }, 'a repair that was decided can not be carried out yet');
    unsettled = 'earlier';
  }
  let files = await AnchorFiles.open(options.anchorsFile);
  let { anchors } = files;
  let intermediates: Certificate[] = [];
  /** F-30 Of the trust bundle: what is adopted from now on is signed by one of these. */
  let signers: NamedSigner[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  const verify = <Type extends KeptDocument>(
    type: Type,
    jws: string,
    facts: { anchors: readonly Certificate[]; nowMs: number; signers?: readonly NamedSigner[] },
  ): Promise<HeldDocument<Type>> =>
    type === 'bundle'
      ? // asked for exactly this type
        (verifyBundle(jws, { domainId, ...facts }) as Promise<HeldDocument<KeptDocument>> as Promise<
          HeldDocument<Type>
        >)
      : verifyDocument(jws, { type, domainId, ...facts });

  function take<Type extends KeptDocument>(type: Type, document: HeldDocument<Type>): void {
    (held as Record<KeptDocument, unknown>)[type] = document;
    if (held.bundle === undefined || type !== 'bundle') return;
    anchors = anchorsOfBundle(held.bundle.payload);
    intermediates = intermediatesOfBundle(held.bundle.payload);
    signers = signersOfBundle(held.bundle.payload);
  }

  /**
   * The file, else the one before it. Dates are checked at the time of issue: it was adopted then (F-12: months offline). What was signed under
   * a CA that has left since stays in use until there is something newer.
   */
  async function load(type: KeptDocument): Promise<void> {
    for (const name of [`${type}.jws`, `${type}.jws.previous`]) {
      const jws = await readIfThere(join(folder, name));
      if (jws === undefined) continue;
      try {
        const by = type === 'bundle' ? files.anchors : [...files.anchors, ...files.former];
        const outside = signers.filter((signer) => signer.outside && signer.keyId === signerKeyOf(jws));
        take(type, await verify(type, jws, { anchors: by, nowMs: signedAtMs(jws), signers: outside }));
        return;
      } catch (error) {
        damaged.add(type);
        log.warn({ err: error, type, name }, 'a stored document is damaged');
      }
    }
  }

  /**
   * F-13 What was decided and could not be carried out (a full disk) comes before all else: carried out at the next start, it would take back
   * what was adopted meanwhile.
   */
  async function settleRepair(): Promise<void> {
    if (unsettled === undefined) return;
    await finishRepair(folder, options.anchorsFile, log);
    files = await AnchorFiles.open(options.anchorsFile);
    const found = unsettled;
    unsettled = undefined;
    damaged.delete('bundle');
    damaged.delete('list');
    if (found === 'earlier') for (const type of ['bundle', 'list'] as const) await load(type);
    else {
      take('bundle', found.bundle);
      take('list', found.list);
    }
  }

  async function adopt(type: KeptDocument, jws: string, isVerified: boolean): Promise<Adoption> {
    await settleRepair();
    const document = await verify(type, jws, { anchors, nowMs: clock.nowMs(), signers });
    // verified as exactly this type
    options.admit?.({ type, payload: document.payload } as AddressedDocument, isVerified);
    const decision = decideAdoption(versionOf(held[type]), versionOf(document)!);
    if (decision !== 'adopt') return decision;
    const path = join(folder, `${type}.jws`);
    if (held[type] !== undefined && !damaged.has(type)) await keepPrevious(path);
    await writeDurably(path, jws, {
      moments: {
        beforeFsync: () => {
          crashPoint('agent-document.before-fsync');
        },
        beforeRename: () => {
          crashPoint('agent-document.before-rename');
        },
        renamed: () => {
          crashPoint('agent-document.renamed');
        },
      },
    });
    take(type, document);
    damaged.delete(type);
    if (type === 'bundle') await files.save(anchors);
    return 'adopt';
  }

  async function repair(text: string, expectedFingerprint: string | undefined): Promise<VerifiedPackage> {
    await settleRepair();
    const { bundle, list } = held;
    const facts = { domainId, anchors, bundle, list, expectedFingerprint, nowMs: clock.nowMs() };
    const found = await verifyPackage(text, facts);
    const trusted = anchorsOfBundle(found.bundle.payload);
    await writeRepair(folder, { bundle: found.bundleJws, list: found.listJws, anchors: trusted });
    unsettled = found;
    await settleRepair().catch((error: unknown) => {
      const detail = error instanceof Error && 'code' in error ? String(error.code) : '-';
      throw new AppError('REPAIR_UNFINISHED', { detail }, { cause: error });
    });
    return found;
  }

  for (const type of KEPT_DOCUMENTS) await load(type);
  // half written is not damaged
  if (unsettled !== undefined) for (const type of ['bundle', 'list'] as const) damaged.delete(type);
  // what a crash interrupted between the bundle and its anchors; nothing when they are the same
  if (held.bundle !== undefined && unsettled === undefined) await files.save(anchors);
  return {
    held: (type) => held[type],
    serial: (type) => held[type]?.payload.serial ?? 0,
    offer(type, jws, isVerified = true) {
      const result = turn.then(() => adopt(type, jws, isVerified));
      turn = result.catch(() => undefined);
      return result;
    },
    repair(text, expectedFingerprint) {
      const result = turn.then(() => repair(text, expectedFingerprint));
      turn = result.catch(() => undefined);
      return result;
    },
    get isRepairUnfinished() {
      return unsettled !== undefined;
    },
    finishRepair() {
      const result = turn.then(settleRepair);
      turn = result.catch(() => undefined);
      return result;
    },
    async verifyOrder(jws) {
      const order = await verifyDocument(jws, {
        type: 'order',
        domainId,
        anchors,
        nowMs: clock.nowMs(),
        signers,
      });
      return order.payload;
    },
    get anchors() {
      return anchors;
    },
    get intermediates() {
      return intermediates;
    },
    damaged,
  };
}

const versionOf = (
  document: HeldDocument<KeptDocument> | undefined,
): { serial: number; contentSha256: Sha256Hex } | undefined =>
  document === undefined
    ? undefined
    : { serial: document.payload.serial, contentSha256: document.contentSha256 };

/** The newest good file is kept as the one before it; a crash in between leaves the newest where it is. */
const keepPrevious = async (path: string): Promise<void> => {
  await writeDurably(`${path}.previous`, await readFile(path));
};

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    const content = await readFile(path);
    return content.byteLength > DOCUMENT_BYTES_MAX ? '' : content.toString('utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const issuedPayload = z.object({ issuedAt: epochMs });

/**
 * When it was signed, at the earliest: a document whose signer has left is signed again as it is, by a certificate that was not valid yet
 * when its content was made.
 */
function signedAtMs(jws: string): number {
  return Math.max(issuedAtMs(jws), readDocumentHeader(jws).chain[0]?.notBeforeMs ?? 0);
}

/** When a stored document says it was issued; the signature is checked afterwards. */
function issuedAtMs(jws: string): number {
  try {
    const body = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');
    return issuedPayload.parse(JSON.parse(body)).issuedAt;
  } catch (error) {
    throw new AppError('DOCUMENT_MALFORMED', { detail: 'the stored payload' }, { cause: error });
  }
}
