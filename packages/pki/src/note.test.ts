import { AppError } from '@sekisho/core/errors.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { before, test } from 'node:test';
import { generatePrivateKey } from './keys.ts';
import {
  checkpointText,
  NOTE_BYTES_MAX,
  noteVerifier,
  openCheckpoint,
  openNote,
  originOf,
  parseNoteVerifier,
  rawPublicKeyOf,
  signNote,
} from './note.ts';
import { fileSigner, type Signer } from './signer.ts';

const refusedWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

/** The published example of the format. @source golang.org/x/mod/sumdb/note, package documentation */
const EXAMPLE = {
  verifier: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  seed: Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1),
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature:
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=',
};
const ORIGIN = 'sekisho.00000000-0000-4000-8000-000000000000/audit';

let signer: Signer;
before(async () => {
  signer = fileSigner(await generatePrivateKey('ed25519'));
});
const own = () => noteVerifier(ORIGIN, rawPublicKeyOf(signer.spkiDer));

test('S-06 a note comes out byte for byte like the published example, and its key reads', async () => {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), EXAMPLE.seed]);
  const key = fileSigner(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  const note = await signNote(EXAMPLE.text, 'PeterNeumann', key);
  assert.equal(note, `${EXAMPLE.text}\n${EXAMPLE.signature}\n`);
  assert.equal(noteVerifier('PeterNeumann', rawPublicKeyOf(key.spkiDer)).text, EXAMPLE.verifier);
  assert.equal(openNote(note, parseNoteVerifier(EXAMPLE.verifier)), EXAMPLE.text);
});

test('S-06 a key that was changed anywhere is refused', () => {
  const { verifier } = EXAMPLE;
  const wrong = [
    '',
    'PeterNeumann',
    verifier.replace('c74f20a3', 'c74f20a4'),
    verifier.replace('PeterNeumann', 'PeterNeumanN'),
    verifier.replace('Peter', 'Peter '),
    verifier.replace('+ARpc', '+Ahpc'),
    `x ${verifier}`,
    `+${verifier}`,
    `${verifier} x`,
    `${verifier}=`,
    verifier.replace('10TW', '10T='),
    `${verifier}AAAA`,
  ];
  for (const text of wrong)
    assert.throws(() => parseNoteVerifier(text), refusedWith('NOTE_KEY_INVALID'), text);
});

test('S-06 a key has a name without spaces and plus, and 32 bytes', () => {
  const key = rawPublicKeyOf(signer.spkiDer);
  for (const name of ['a', 'x'.repeat(300), '関所', ORIGIN]) assert.equal(noteVerifier(name, key).name, name);
  for (const name of ['', 'x'.repeat(301), ' a', 'a ', 'a b', 'a+b', 'a\u00a0b', 'a\u0000', 'a\n'])
    assert.throws(() => noteVerifier(name, key), refusedWith('NOTE_KEY_INVALID'), name);
  for (const bytes of [0, 31, 33])
    assert.throws(() => noteVerifier('a', Buffer.alloc(bytes, 1)), refusedWith('NOTE_KEY_INVALID'));
});

test('S-06 a checkpoint is three lines and a signature, and reads back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), async (size, root) => {
      const text = checkpointText({ origin: ORIGIN, size, root });
      assert.match(text, /^\S+\n\d+\n[A-Za-z0-9+/]{43}=\n$/);
      const note = await signNote(text, ORIGIN, signer);
      assert.deepEqual(openCheckpoint(note, own()), { origin: ORIGIN, size, root: Buffer.from(root) });
      assert.equal(originOf(note), ORIGIN);
    }),
    { numRuns: 20 },
  );
});

test('S-06 a note of which any character was changed does not open', async () => {
  const note = await signNote(
    checkpointText({ origin: ORIGIN, size: 7, root: Buffer.alloc(32, 1) }),
    ORIGIN,
    signer,
  );
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.constantFrom('x', '0', '\n', ' ', '—', '\0'), (at, other) => {
      fc.pre(note[at] !== other);
      const changed = note.slice(0, at) + other + note.slice(at + 1);
      assert.throws(
        () => openCheckpoint(changed, own()),
        (error) => error instanceof AppError,
      );
    }),
    { numRuns: 400 },
  );
});

test('S-06 signatures of others are left alone, and none of the right key is not enough', async () => {
  const other = fileSigner(await generatePrivateKey('ed25519'));
  const text = checkpointText({ origin: ORIGIN, size: 0, root: Buffer.alloc(32) });
  const [mine, theirs, sameName] = [
    await signNote(text, ORIGIN, signer),
    await signNote(text, 'witness.example', other),
    await signNote(text, ORIGIN, other),
  ];
  const line = (note: string): string => note.split('\n\n')[1] ?? '';
  assert.equal(openNote(mine + line(theirs) + line(sameName), own()), text);
  assert.equal(openNote(theirs + line(mine), own()), text);
  assert.throws(() => openNote(theirs, own()), refusedWith('NOTE_UNSIGNED'));
  assert.throws(() => openNote(sameName, own()), refusedWith('NOTE_UNSIGNED'));
  const forged = mine.replace(/.{7}=\n$/, 'AAAAAAA=\n');
  assert.throws(() => openNote(forged, own()), refusedWith('NOTE_SIGNATURE_INVALID'));
});

test('S-06 a checkpoint of another log is refused, also with a right signature', async () => {
  const text = checkpointText({ origin: 'sekisho.other/audit', size: 0, root: Buffer.alloc(32) });
  const note = await signNote(text, ORIGIN, signer);
  assert.throws(() => openCheckpoint(note, own()), refusedWith('CHECKPOINT_ORIGIN_OTHER'));
});

test('S-06 a signed text that is no checkpoint is refused', async () => {
  const root = Buffer.alloc(32).toString('base64');
  const texts = [
    `${ORIGIN}\n`,
    `${ORIGIN}\n07\n${root}\n`,
    `${ORIGIN}\n-1\n${root}\n`,
    `${ORIGIN}\n9007199254740993\n${root}\n`,
    `${ORIGIN}\n1\n${root.slice(4)}\n`,
    `${ORIGIN}\n1\n${root.replace('=', '')}\n`,
    `\n1\n${root}\n`,
    `${ORIGIN}\n1\n${root}\n\nmore\n`,
    `${ORIGIN}\n1\n${root}\nmore\n\n`,
  ];
  for (const text of texts) {
    const note = await signNote(text, ORIGIN, signer);
    assert.throws(() => openCheckpoint(note, own()), refusedWith('NOTE_MALFORMED'), text);
  }
  const extended = await signNote(`${ORIGIN}\n1\n${root}\nmore\n`, ORIGIN, signer);
  assert.equal(openCheckpoint(extended, own()).size, 1);
});

test('S-06 what is no note is refused, however long it is', async () => {
  const whole = await signNote('a\n', ORIGIN, signer);
  const signature = whole.split('\n\n')[1] ?? '';
  const broken = [
    '',
    '\n',
    'a',
    'a\n',
    '\n\n',
    'a\n\n',
    `a\n\n${signature.trimEnd()}`,
    `a\n\n- ${ORIGIN} AAAA\n`,
    `\n${signature}`,
  ];
  for (const note of [...broken, whole.repeat(NOTE_BYTES_MAX / whole.length + 1)])
    assert.throws(() => openNote(note, own()), refusedWith('NOTE_MALFORMED'), note.slice(0, 80));
  for (const text of ['no line end', 'a\nb', 'a\tb\n', '', 'a\ud800\n'])
    await assert.rejects(signNote(text, ORIGIN, signer), /^TypeError: not a text that a note can hold$/);
  const p256 = fileSigner(await generatePrivateKey('p256'));
  await assert.rejects(signNote('a\n', ORIGIN, p256), /^TypeError: notes are signed with Ed25519$/);
});

const base64 = (length: number): string => Buffer.alloc(length, 7).toString('base64');

test('S-06 a line that is no signature refuses the note, beside a right one too', async () => {
  const note = await signNote('a\n', ORIGIN, signer);
  const lines = [
    `x— witness.example ${base64(68)}`,
    `— witness.example ${base64(68)} x`,
    `— witness.example ${base64(68)}x`,
    `- witness.example ${base64(68)}`,
    `— wit+ness ${base64(68)}`,
    `— wit\u00a0ness ${base64(68)}`,
    `— witness.example ${base64(68).replace(/.=$/, '9=')}`,
    `— witness.example ${base64(4)}`,
    '— witness.example',
    '',
  ];
  for (const line of lines)
    assert.throws(() => openNote(`${note}${line}\n`, own()), refusedWith('NOTE_MALFORMED'), line);
});

test('S-06 signatures of other kinds and lengths are left alone', async () => {
  const note = await signNote('a\n', ORIGIN, signer);
  for (const length of [5, 67, 68, 69, 70, 71])
    assert.equal(openNote(`${note}— witness.example ${base64(length)}\n`, own()), 'a\n');
});

test('S-06 a note has as many signatures and bytes as are allowed, and no more', async () => {
  const note = await signNote('a\n', ORIGIN, signer);
  const other = `— witness.example ${base64(68)}\n`;
  assert.equal(openNote(note + other.repeat(63), own()), 'a\n');
  assert.throws(() => openNote(note + other.repeat(64), own()), refusedWith('NOTE_MALFORMED'));
  const text = `${'a'.repeat(NOTE_BYTES_MAX - Buffer.byteLength(note) + 1)}\n`;
  const longest = await signNote(text, ORIGIN, signer);
  assert.equal(Buffer.byteLength(longest), NOTE_BYTES_MAX);
  assert.equal(openNote(longest, own()), text);
  const longer = await signNote(`a${text}`, ORIGIN, signer);
  assert.throws(() => openNote(longer, own()), refusedWith('NOTE_MALFORMED'));
});

test('S-06 every text that is signed opens, an empty line too', async () => {
  for (const text of ['\n', '\n\n', 'a\n\nb\n', '関所\n'])
    assert.equal(openNote(await signNote(text, ORIGIN, signer), own()), text);
});

test('S-06 the refusal of a note says whose signature is missing or wrong, and whose log it is', async () => {
  const told = (act: () => unknown): unknown => {
    try {
      act();
      return 'opened';
    } catch (error) {
      assert.ok(error instanceof AppError);
      return [error.code, error.params];
    }
  };
  const note = await signNote('a\n', ORIGIN, signer);
  assert.deepEqual(
    told(() => openNote(note.replace('a', 'b'), own())),
    ['NOTE_SIGNATURE_INVALID', { name: ORIGIN }],
  );
  const stranger = noteVerifier('witness.example', rawPublicKeyOf(signer.spkiDer));
  assert.deepEqual(
    told(() => openNote(note, stranger)),
    ['NOTE_UNSIGNED', { name: 'witness.example' }],
  );
  const other = checkpointText({ origin: 'sekisho.other/audit', size: 0, root: Buffer.alloc(32) });
  const foreign = await signNote(other, ORIGIN, signer);
  assert.deepEqual(
    told(() => openCheckpoint(foreign, own())),
    ['CHECKPOINT_ORIGIN_OTHER', { expected: ORIGIN, found: 'sekisho.other/audit' }],
  );
});
