import { canonicalAuditRow } from '@sekisho/core/audit-row.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { parseDomainId, type DomainId } from '@sekisho/core/ids.ts';
import type { AuditEntryView, AuditKeyView } from '@sekisho/core/wire/audit.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { signersOfBundle, verifyDocument, type NamedSigner } from '@sekisho/pki/documents.ts';
import { GrowingTree, leafHash } from '@sekisho/pki/merkle.ts';
import { openCheckpoint, parseNoteVerifier, type Checkpoint, type NoteVerifier } from '@sekisho/pki/note.ts';

/** Findings that are listed one by one; more are counted. */
export const FINDINGS_LISTED_MAX = 200;

/** What is wrong at a place of the log. */
export interface AuditFinding {
  /** The row; for `tree`, `rewritten` and `cut` the first that is not covered any more. */
  readonly seq: number;
  /**
   * `changed`, `removed`, `inserted`: this row. `moved`: out of order in the file. `cut`: the log ends before its checkpoint.
   * `tree`: the hashes themselves were changed. `rewritten`: not the continuation of an earlier checkpoint.
   */
  readonly what: 'changed' | 'removed' | 'inserted' | 'moved' | 'cut' | 'tree' | 'rewritten';
}

/** A log to be proved: a server's answers, or a file. Nothing of it is believed. */
export interface AuditSource {
  readonly key: AuditKeyView;
  /** The newest signed head. */
  readonly checkpoint: string;
  /** Heads that were signed earlier. */
  readonly earlier: readonly string[];
  /** Every place in order. */
  entries(): AsyncIterable<AuditEntryView>;
  /** So many rows the program wrote, as far as was read; a row beyond is not its own. */
  written?(): number;
}

export interface VerifiedLog {
  readonly origin: string;
  readonly verifierKey: string;
  readonly caFingerprint: string;
  readonly checkpoint: string;
  /** Rows under the checkpoint. */
  readonly size: number;
  readonly root: string;
  /** Rows that are newer than it: not proved yet. */
  readonly newer: number;
  readonly findings: readonly AuditFinding[];
  /** All of them, also those that are not listed. */
  readonly findingsCount: number;
}

/**
 * Proves a log from the CA's fingerprint alone: the root vouches for the document signer (by its certificate, or in the trust bundle for
 * the key of one from outside), that for the audit key, that for the checkpoint, and the checkpoint for every row. `held`: a checkpoint that
 * was kept elsewhere; the log must continue it.
 * Refusals: AUDIT_FINGERPRINT_OTHER, DOCUMENT_…, NOTE_…, CHECKPOINT_ORIGIN_OTHER.
 */
export async function verifyLog(
  source: AuditSource,
  options: {
    caFingerprint: string;
    held?: string | undefined;
    onProgress?: (done: number, total: number) => void;
  },
): Promise<VerifiedLog> {
  const verifier = await verifierOf(source.key, options.caFingerprint);
  const head = openCheckpoint(source.checkpoint, verifier);
  const held = options.held === undefined ? undefined : openCheckpoint(options.held, verifier);
  const walk = new Walk(head, [
    ...source.earlier.map((note) => openCheckpoint(note, verifier)),
    ...(held === undefined ? [] : [held]),
  ]);
  if (held !== undefined && held.size > head.size) walk.find({ what: 'rewritten', seq: head.size + 1 });
  for await (const entry of source.entries()) {
    walk.take(entry, source.written?.());
    options.onProgress?.(walk.done, head.size);
  }
  const { findings, count, newer } = walk.end();
  return {
    origin: verifier.name,
    verifierKey: verifier.text,
    caFingerprint: options.caFingerprint,
    checkpoint: source.checkpoint,
    size: head.size,
    root: Buffer.from(head.root).toString('base64'),
    newer,
    findings,
    findingsCount: count,
  };
}

/** The audit key that the CA of this fingerprint vouches for. */
async function verifierOf(key: AuditKeyView, caFingerprint: string): Promise<NoteVerifier> {
  const root = parseCertificate(Buffer.from(key.rootCertificate, 'base64'));
  if (root.fingerprint !== caFingerprint)
    throw new AppError('AUDIT_FINGERPRINT_OTHER', { expected: caFingerprint, found: root.fingerprint });
  const domainId = parseDomainId(key.domainId);
  if (domainId === undefined) throw new AppError('DOCUMENT_MALFORMED', { detail: 'no domain' });
  const { payload } = await verifyDocument(key.keyDocument, {
    type: 'audit-key',
    domainId,
    anchors: [root],
    signers: key.bundle === undefined ? [] : await signersNamedBy(key.bundle, { domainId, root }),
    nowMs: issuedAtOf(key.keyDocument),
  });
  const verifier = parseNoteVerifier(payload.verifierKey);
  if (verifier.name !== payload.origin)
    throw new AppError('CHECKPOINT_ORIGIN_OTHER', { expected: payload.origin, found: verifier.name });
  return verifier;
}

/** F-30 The signers that the root itself names. */
async function signersNamedBy(
  bundle: string,
  { domainId, root }: { domainId: DomainId; root: Certificate },
): Promise<NamedSigner[]> {
  const nowMs = issuedAtOf(bundle);
  const { payload } = await verifyDocument(bundle, { type: 'bundle', domainId, anchors: [root], nowMs });
  return signersOfBundle(payload);
}

/** The document is judged as of the moment it was signed: an export is proved also when its signer is long expired. */
function issuedAtOf(jws: string): number {
  try {
    const payload: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (typeof payload === 'object' && payload !== null && 'issuedAt' in payload)
      return Number(payload.issuedAt);
  } catch {
    // refused below, where it is verified
  }
  return Number.NaN;
}

/** One pass over the log, with memory for one hash a level. */
class Walk {
  readonly #head: Checkpoint;
  readonly #earlier: Map<number, Uint8Array[]>;
  /** Over what the rows say, and over the hashes that the log has for them. */
  readonly #rows = new GrowingTree();
  readonly #leaves = new GrowingTree();
  readonly #findings: AuditFinding[] = [];
  #count = 0;
  #newer = 0;
  #isLeafMissing = false;
  /** The earlier heads that hold say up to where the log is sound. */
  #soundTo = 0;
  #last = 0;
  done = 0;

  constructor(head: Checkpoint, earlier: readonly Checkpoint[]) {
    this.#head = head;
    this.#earlier = new Map();
    for (const { size, root } of earlier) this.#earlier.set(size, [...(this.#earlier.get(size) ?? []), root]);
  }

  find(finding: AuditFinding): void {
    this.#count += 1;
    if (this.#findings.length < FINDINGS_LISTED_MAX) this.#findings.push(finding);
  }

  take(entry: AuditEntryView, written = Number.MAX_SAFE_INTEGER): void {
    const { seq } = entry;
    if (seq < 1) return this.find({ what: 'inserted', seq });
    if (seq <= this.#last) return this.find({ what: 'moved', seq });
    for (let gone = this.#last + 1; gone < seq && gone <= this.#head.size; gone += 1)
      this.#covered({ seq: gone, leaf: null, row: null });
    if (seq > this.#head.size) this.#beyond(entry, written);
    else this.#covered(entry);
    this.#last = seq;
  }

  #covered({ seq, leaf, row }: AuditEntryView): void {
    this.done = seq;
    const given = leaf === null ? undefined : Buffer.from(leaf, 'base64');
    this.#isLeafMissing ||= given === undefined;
    const found = row?.seq === seq ? leafHash(Buffer.from(canonicalAuditRow(row), 'utf8')) : undefined;
    if (found === undefined) this.find({ what: row === null ? 'removed' : 'moved', seq });
    else if (given !== undefined && Buffer.compare(found, given) !== 0) this.find({ what: 'changed', seq });
    this.#rows.append(found ?? NOTHING);
    this.#leaves.append(given ?? NOTHING);
    this.#compareEarlier();
  }

  #beyond({ seq, row }: AuditEntryView, written: number): void {
    const expected = Math.max(this.#last, this.#head.size) + 1;
    if (row === null || seq !== expected || seq > written)
      this.find({ what: row === null ? 'removed' : 'inserted', seq });
    else this.#newer += 1;
  }

  /** At the size of an earlier head: does it hold for what came until here? */
  #compareEarlier(): void {
    const heads = this.#earlier.get(this.#rows.size);
    if (heads === undefined) return;
    const [rows, leaves] = [this.#rows.root(), this.#leaves.root()];
    const holds = heads.every((root) => [rows, leaves].some((one) => Buffer.compare(one, root) === 0));
    if (!holds) this.find({ what: 'rewritten', seq: this.#soundTo + 1 });
    else this.#soundTo = this.#rows.size;
  }

  end(): { findings: AuditFinding[]; count: number; newer: number } {
    if (this.#rows.size < this.#head.size) this.find({ what: 'cut', seq: this.#rows.size + 1 });
    else if (this.#rows.size === this.#head.size) this.#compareHead();
    const findings = this.#findings.sort((a, b) => a.seq - b.seq);
    return { findings, count: this.#count, newer: this.#newer };
  }

  #compareHead(): void {
    const isHead = (root: Uint8Array): boolean => Buffer.compare(root, this.#head.root) === 0;
    if (isHead(this.#rows.root())) {
      // every row is what was signed: only the hashes beside them can have been changed
      const changed = this.#findings.filter(({ what }) => what === 'changed');
      if (changed.length === 0 && !this.#isLeafMissing) return;
      const others = this.#findings.filter(({ what }) => what !== 'changed');
      this.#count += others.length + 1 - this.#findings.length;
      this.#findings.splice(0, this.#findings.length, ...others, { what: 'tree', seq: changed[0]?.seq ?? 1 });
      return;
    }
    if (this.#isLeafMissing || !isHead(this.#leaves.root()))
      this.find({ what: 'tree', seq: this.#soundTo + 1 });
  }
}

/** In the place of a row that is gone. */
const NOTHING = new Uint8Array(32);
