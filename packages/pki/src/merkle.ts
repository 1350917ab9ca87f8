import { hash as hashOf } from 'node:crypto';

/** Bytes of every hash of the tree. */
export const TREE_HASH_BYTES = 32;

/** The tree of no leaves. @source RFC 6962 §2.1 */
export const emptyRoot = (): Uint8Array => hashOf('sha256', new Uint8Array(), 'buffer');

/** A leaf. @source RFC 6962 §2.1 */
export const leafHash = (data: Uint8Array): Uint8Array =>
  hashOf('sha256', Buffer.concat([LEAF, data]), 'buffer');

/** A node over two. @source RFC 6962 §2.1 */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  hashOf('sha256', Buffer.concat([NODE, left, right]), 'buffer');

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** A tree that grows at its right edge: memory for one hash a level, whatever its size. */
export class GrowingTree {
  #size = 0;
  /** The complete subtrees, the largest first. */
  readonly #edge: { size: number; hash: Uint8Array }[] = [];

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    let whole = { size: 1, hash: leaf };
    for (let last = this.#edge.at(-1); last?.size === whole.size; last = this.#edge.at(-1)) {
      this.#edge.pop();
      whole = { size: last.size * 2, hash: nodeHash(last.hash, whole.hash) };
    }
    this.#edge.push(whole);
    this.#size += 1;
  }

  root(): Uint8Array {
    const [last, ...others] = this.#edge.map(({ hash }) => hash).reverse();
    return last === undefined ? emptyRoot() : others.reduce((right, left) => nodeHash(left, right), last);
  }
}

/** Hash of the complete subtree of `2 ** level` leaves that begins at leaf `index * 2 ** level`. */
export type SubtreeHash = (level: number, index: number) => Promise<Uint8Array>;

/** The root over the first `size` leaves, out of stored subtrees. */
export const rootOf = (size: number, subtree: SubtreeHash): Promise<Uint8Array> =>
  size === 0 ? Promise.resolve(emptyRoot()) : hashOfRange(0, size, subtree);

/**
 * Proves that leaf `index` is in the tree of the first `size`: the hashes beside its path, from the leaf up.
 * @source RFC 6962 §2.1.1
 */
export async function inclusionProof(
  index: number,
  size: number,
  subtree: SubtreeHash,
): Promise<Uint8Array[]> {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) throw new RangeError('no such leaf');
  const path: Promise<Uint8Array>[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start);
    const isLeft = index < middle;
    path.push(isLeft ? hashOfRange(middle, end, subtree) : hashOfRange(start, middle, subtree));
    [start, end] = isLeft ? [start, middle] : [middle, end];
  }
  return (await Promise.all(path)).reverse();
}

/**
 * Proves that the tree of the first `from` leaves is the beginning of the tree of the first `size`.
 * @source RFC 6962 §2.1.2
 */
export async function consistencyProof(
  from: number,
  size: number,
  subtree: SubtreeHash,
): Promise<Uint8Array[]> {
  if (!(Number.isSafeInteger(from) && from >= 0 && from <= size)) throw new RangeError('no such tree');
  if (from === 0 || from === size) return [];
  const path: Promise<Uint8Array>[] = [];
  let [start, end] = [0, size];
  while (end !== from) {
    const middle = start + splitOf(end - start);
    const isLeft = from <= middle;
    path.push(isLeft ? hashOfRange(middle, end, subtree) : hashOfRange(start, middle, subtree));
    [start, end] = isLeft ? [start, middle] : [middle, end];
  }
  // the old tree's own subtree: known to who has its root, unless it is a part of it
  if (start !== 0) path.push(hashOfRange(start, end, subtree));
  return (await Promise.all(path)).reverse();
}

/** Is the leaf at `index` of the tree of that size and root? @source RFC 9162 §2.1.3.2 */
export function verifyInclusion(proof: {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const { leaf, index, size, hashes, root } = proof;
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size))
    return false;
  let [node, last, found] = [index, size - 1, leaf];
  for (const one of hashes) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      found = nodeHash(one, found);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else found = nodeHash(found, one);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(found, root);
}

/** Is the smaller tree the beginning of the larger one? @source RFC 9162 §2.1.4.2 */
export function verifyConsistency(proof: {
  readonly from: { readonly size: number; readonly root: Uint8Array };
  readonly to: { readonly size: number; readonly root: Uint8Array };
  readonly hashes: readonly Uint8Array[];
}): boolean {
  const { from, to, hashes } = proof;
  if (!(Number.isSafeInteger(from.size) && Number.isSafeInteger(to.size)) || from.size < 0) return false;
  if (from.size > to.size) return false;
  if (from.size === to.size) return hashes.length === 0 && same(from.root, to.root);
  if (from.size === 0) return hashes.length === 0 && same(from.root, emptyRoot());
  const isWhole = Number.isInteger(Math.log2(from.size));
  const [first, ...rest] = isWhole ? [from.root, ...hashes] : hashes;
  if (first === undefined) return false;
  let [node, last] = [from.size - 1, to.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [older, newer] = [first, first];
  for (const one of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [older, newer] = [nodeHash(one, older), nodeHash(one, newer)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else newer = nodeHash(newer, one);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(older, from.root) && same(newer, to.root);
}

/** Leaves `start` to `end` (not included), where `start` is a multiple of the largest complete subtree in it. */
async function hashOfRange(start: number, end: number, subtree: SubtreeHash): Promise<Uint8Array> {
  const size = end - start;
  const level = Math.log2(size);
  if (Number.isInteger(level)) return subtree(level, start / size);
  const middle = start + splitOf(size);
  const [left, right] = await Promise.all([
    hashOfRange(start, middle, subtree),
    hashOfRange(middle, end, subtree),
  ]);
  return nodeHash(left, right);
}

/** The largest power of two below a size. */
const splitOf = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1);

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
