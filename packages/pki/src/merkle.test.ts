import fc from 'fast-check';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  consistencyProof,
  emptyRoot,
  GrowingTree,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
  type SubtreeHash,
} from './merkle.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha256 = (...parts: Uint8Array[]): Uint8Array => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};

/** MTH(D[n]), PATH(m, D[n]) and PROOF(m, D[n]) word by word. @source RFC 6962 §2.1 */
function split(size: number): number {
  let k = 1;
  while (k * 2 < size) k *= 2;
  return k;
}
function mth(data: readonly Uint8Array[]): Uint8Array {
  if (data.length === 0) return sha256();
  if (data.length === 1) return sha256(Uint8Array.of(0), data[0]!);
  const k = split(data.length);
  return sha256(Uint8Array.of(1), mth(data.slice(0, k)), mth(data.slice(k)));
}
function path(m: number, data: readonly Uint8Array[]): Uint8Array[] {
  if (data.length === 1) return [];
  const k = split(data.length);
  return m < k
    ? [...path(m, data.slice(0, k)), mth(data.slice(k))]
    : [...path(m - k, data.slice(k)), mth(data.slice(0, k))];
}
function subproof(m: number, data: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === data.length) return isWhole ? [] : [mth(data)];
  const k = split(data.length);
  return m <= k
    ? [...subproof(m, data.slice(0, k), isWhole), mth(data.slice(k))]
    : [...subproof(m - k, data.slice(k), false), mth(data.slice(0, k))];
}
const subtreesOf =
  (data: readonly Uint8Array[]): SubtreeHash =>
  (level, index) =>
    Promise.resolve(mth(data.slice(index * 2 ** level, (index + 1) * 2 ** level)));

/** The leaves of the reference trees that transparency logs publish, and the roots over the first of them. */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => Buffer.from(text, 'hex'));
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('S-06 the roots of the published reference trees come out', async () => {
  assert.equal(hex(emptyRoot()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  const tree = new GrowingTree();
  for (const [index, leaf] of LEAVES.entries()) {
    tree.append(leafHash(leaf));
    assert.equal(hex(tree.root()), ROOTS[index]);
    assert.equal(hex(await rootOf(index + 1, subtreesOf(LEAVES))), ROOTS[index]);
  }
});

test('S-06 the proofs of the published reference trees come out', async () => {
  const inclusion = await inclusionProof(5, 8, subtreesOf(LEAVES));
  assert.deepEqual(inclusion.map(hex), [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  const consistency = await consistencyProof(6, 8, subtreesOf(LEAVES));
  assert.deepEqual(consistency.map(hex), [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
});

const SIZE_MAX = 67;
const data = Array.from({ length: SIZE_MAX }, (_, index) => Buffer.from(`leaf ${index}`));

test('S-06 roots and proofs are those of the definition, and verify', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: SIZE_MAX }), fc.nat(), fc.nat(), async (size, a, b) => {
      const [leaves, subtree] = [data.slice(0, size), subtreesOf(data)];
      const [index, older] = [a % size, b % (size + 1)];
      const root = mth(leaves);
      const growing = new GrowingTree();
      for (const leaf of leaves) growing.append(leafHash(leaf));
      assert.deepEqual(growing.root(), root);
      const hashes = await inclusionProof(index, size, subtree);
      assert.deepEqual(hashes, path(index, leaves));
      assert.ok(verifyInclusion({ leaf: leafHash(leaves[index]!), index, size, hashes, root }));
      const consistent = await consistencyProof(older, size, subtree);
      assert.deepEqual(consistent, older === 0 ? [] : subproof(older, leaves, true));
      const from = { size: older, root: mth(data.slice(0, older)) };
      assert.ok(verifyConsistency({ from, to: { size, root }, hashes: consistent }));
    }),
  );
});

test('S-06 a proof that was changed anywhere does not verify', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: SIZE_MAX }), fc.nat(), fc.nat(), async (size, a, b) => {
      const [leaves, subtree] = [data.slice(0, size), subtreesOf(data)];
      const [index, older] = [a % size, 1 + (b % (size - 1))];
      const root = mth(leaves);
      const leaf = leafHash(leaves[index]!);
      const hashes = await inclusionProof(index, size, subtree);
      const wrong = (hash: Uint8Array): Uint8Array => hash.map((byte, at) => (at === 7 ? byte ^ 1 : byte));
      assert.ok(!verifyInclusion({ leaf: wrong(leaf), index, size, hashes, root }));
      assert.ok(!verifyInclusion({ leaf, index, size, hashes, root: wrong(root) }));
      assert.ok(!verifyInclusion({ leaf, index, size, hashes: [...hashes, root], root }));
      assert.ok(!verifyInclusion({ leaf, index, size, hashes: hashes.slice(1), root }));
      const other = (index + 1) % size;
      assert.ok(!verifyInclusion({ leaf, index: other, size, hashes, root }));
      const from = { size: older, root: mth(leaves.slice(0, older)) };
      const proof = await consistencyProof(older, size, subtree);
      const to = { size, root };
      assert.ok(!verifyConsistency({ from: { ...from, root: wrong(from.root) }, to, hashes: proof }));
      assert.ok(!verifyConsistency({ from, to: { size, root: wrong(root) }, hashes: proof }));
      assert.ok(!verifyConsistency({ from, to, hashes: [...proof, root] }));
      assert.ok(!verifyConsistency({ from, to, hashes: proof.slice(1) }));
      assert.ok(!verifyConsistency({ from: to, to: from, hashes: proof }));
    }),
  );
});

test('S-06 what is no leaf and no tree is refused', async () => {
  const subtree = subtreesOf(data);
  for (const index of [-1, 8, 0.5, NaN])
    await assert.rejects(inclusionProof(index, 8, subtree), /^RangeError: no such leaf$/);
  for (const from of [-1, 9, 0.5])
    await assert.rejects(consistencyProof(from, 8, subtree), /^RangeError: no such tree$/);
  const root = mth(data);
  const leaf = leafHash(data[0]!);
  for (const [index, size] of [
    [-1, 1],
    [1, 1],
    [0, 0],
    [0.5, 2],
    [0, NaN],
  ] as const)
    assert.ok(!verifyInclusion({ leaf, index, size, hashes: [], root }));
  for (const [from, to] of [
    [-1, 1],
    [2, 1],
    [NaN, 1],
  ] as const)
    assert.ok(!verifyConsistency({ from: { size: from, root }, to: { size: to, root }, hashes: [] }));
});

test('S-06 a tree of no leaves has the root of nothing, and a tree counts its leaves', async () => {
  const tree = new GrowingTree();
  assert.deepEqual([tree.size, hex(tree.root())], [0, hex(emptyRoot())]);
  assert.equal(hex(await rootOf(0, subtreesOf(data))), hex(emptyRoot()));
  for (const leaf of data) tree.append(leafHash(leaf));
  assert.equal(tree.size, SIZE_MAX);
});

const [a, b, c, d, x] = ['a', 'b', 'c', 'd', 'x'].map((text) => leafHash(Buffer.from(text))) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const ab = nodeHash(a, b);
const abc = nodeHash(ab, c);
const abcd = nodeHash(ab, nodeHash(c, d));

test('S-06 hashes that lead to a root prove nothing of a leaf that such a tree cannot have', () => {
  const cases: readonly (readonly [
    index: number,
    size: number,
    hashes: Uint8Array[],
    root: Uint8Array,
    holds: boolean,
  ])[] = [
    [0, 1, [], a, true],
    [-1, 1, [], a, false],
    [1, 1, [], a, false],
    [0.5, 1, [], a, false],
    [NaN, 1, [], a, false],
    [0, 2, [b], ab, true],
    [0, 2.5, [b], ab, false],
    [0, 2 ** 53, [b], ab, false],
    // of a larger tree, with its path cut off, or a smaller one, with more of a path
    [0, 2, [], a, false],
    [0, 4, [b], ab, false],
    [0, 1, [b], nodeHash(b, a), false],
    [0, 1, [b], ab, false],
  ];
  for (const [index, size, hashes, root, holds] of cases)
    assert.equal(verifyInclusion({ leaf: a, index, size, hashes, root }), holds, `${index} of ${size}`);
});

test('S-06 hashes that lead to both roots prove nothing of trees that such hashes cannot join', () => {
  const cases: readonly (readonly [
    from: number,
    fromRoot: Uint8Array,
    to: number,
    toRoot: Uint8Array,
    hashes: Uint8Array[],
    holds: boolean,
  ])[] = [
    [1, a, 2, ab, [b], true],
    [3, abc, 4, abcd, [c, d, ab], true],
    [0, emptyRoot(), 4, abcd, [], true],
    [4, abcd, 4, abcd, [], true],
    [-1, x, 1, x, [x], false],
    [0.5, x, 1, x, [], false],
    [1, a, 2.5, ab, [b], false],
    [4, abcd, 3, abcd, [], false],
    // the same size, or none, with hashes or another root
    [4, abcd, 4, abcd, [x], false],
    [4, abcd, 4, abc, [], false],
    [0, emptyRoot(), 4, abcd, [x], false],
    [0, x, 4, abcd, [], false],
    // no hash, one too many, one too few
    [3, abc, 4, abcd, [], false],
    [3, nodeHash(x, abc), 4, nodeHash(x, abcd), [c, d, ab, x], false],
    [3, abc, 8, abcd, [c, d, ab], false],
  ];
  for (const [from, fromRoot, to, toRoot, hashes, holds] of cases)
    assert.equal(
      verifyConsistency({ from: { size: from, root: fromRoot }, to: { size: to, root: toRoot }, hashes }),
      holds,
      `${from} to ${to} by ${hashes.length}`,
    );
});
