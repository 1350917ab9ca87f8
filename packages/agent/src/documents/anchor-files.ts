import type { Certificate } from '@sekisho/pki/certificate.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { loadAnchors, saveAnchors } from './trust-anchors.ts';

/** Anchors that have left are remembered for the documents on this disk; of more, the oldest are forgotten. */
const FORMER_ANCHORS_MAX = 16;

/**
 * The anchors on the disk, and beside them those that have left (F-38): documents that were adopted under one of these stay readable after
 * a restart. They open nothing else: no peer and no new document is verified by them.
 */
export class AnchorFiles {
  readonly #path: string;
  #anchors: readonly Certificate[];
  #former: readonly Certificate[];

  private constructor(path: string, anchors: readonly Certificate[], former: readonly Certificate[]) {
    this.#path = path;
    this.#anchors = anchors;
    this.#former = former;
  }

  /** Refusal: AGENT_ANCHORS_UNREADABLE. */
  static async open(path: string): Promise<AnchorFiles> {
    return new AnchorFiles(path, await loadAnchors(path), await loadAnchors(formerAnchorsAt(path)));
  }

  get anchors(): readonly Certificate[] {
    return this.#anchors;
  }
  get former(): readonly Certificate[] {
    return this.#former;
  }

  /** Durably; who leaves is among the former ones before the others are without it. Nothing is written when nothing changes. */
  async save(anchors: readonly Certificate[]): Promise<void> {
    if (isSame(anchors, this.#anchors)) return;
    const leaving = this.#anchors.filter((one) => !has(anchors, one) && !has(this.#former, one));
    if (leaving.length > 0) {
      const former = [...this.#former, ...leaving].slice(-FORMER_ANCHORS_MAX);
      await saveAnchors(formerAnchorsAt(this.#path), former);
      this.#former = former;
    }
    crashPoint('agent-anchors.before-save');
    await saveAnchors(this.#path, anchors);
    this.#anchors = anchors;
    crashPoint('agent-anchors.saved');
  }
}

/** Where the anchors that left lie, beside those of now. */
export const formerAnchorsAt = (path: string): string => `${path}.former`;

const has = (among: readonly Certificate[], wanted: Certificate): boolean =>
  among.some(({ fingerprint }) => fingerprint === wanted.fingerprint);

const isSame = (a: readonly Certificate[], b: readonly Certificate[]): boolean =>
  a.length === b.length && a.every((one) => has(b, one));
