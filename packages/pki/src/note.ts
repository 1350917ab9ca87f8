import { AppError } from '@sekisho/core/errors.ts';
import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import type { Signer } from './signer.ts';
import { TREE_HASH_BYTES } from './merkle.ts';

/** A note of more bytes than this is not read. */
export const NOTE_BYTES_MAX = 64 * 1024;
/** At least 16 must be taken. @source C2SP signed-note, Format */
export const NOTE_SIGNATURES_MAX = 64;

/** Ed25519 as the note format defines it. @source C2SP signed-note, Signature types */
const ED25519_TYPE = 0x01;
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const KEY_ID_BYTES = 4;

/** Who signs: a name without spaces and plus, and a public key. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly publicKey: KeyObject;
  /** `name+hex(key ID)+base64(type || key)`: how other tools take it. */
  readonly text: string;
}

/** The verifier of a raw Ed25519 public key. Refusal: NOTE_KEY_INVALID. */
export function noteVerifier(name: string, rawPublicKey: Uint8Array): NoteVerifier {
  if (!isName(name) || rawPublicKey.length !== PUBLIC_KEY_BYTES) throw new AppError('NOTE_KEY_INVALID');
  const typed = Buffer.concat([Uint8Array.of(ED25519_TYPE), rawPublicKey]);
  const keyId = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`, 'utf8'), typed]), 'buffer').subarray(
    0,
    KEY_ID_BYTES,
  );
  const x = Buffer.from(rawPublicKey).toString('base64url');
  return {
    name,
    keyId,
    publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
    text: `${name}+${keyId.toString('hex')}+${typed.toString('base64')}`,
  };
}

/** Reads `name+hex+base64`. Refusal: NOTE_KEY_INVALID, also when the key ID is not that of the key. */
export function parseNoteVerifier(text: string): NoteVerifier {
  const [, name = '', keyId, encoded = ''] =
    /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const typed = Buffer.from(encoded, 'base64');
  if (typed[0] !== ED25519_TYPE || typed.toString('base64') !== encoded)
    throw new AppError('NOTE_KEY_INVALID');
  const verifier = noteVerifier(name, typed.subarray(1));
  if (Buffer.from(verifier.keyId).toString('hex') !== keyId) throw new AppError('NOTE_KEY_INVALID');
  return verifier;
}

/** The 32 bytes of an Ed25519 public key, out of its SubjectPublicKeyInfo. @source RFC 8410 §4 */
export const rawPublicKeyOf = (spkiDer: Uint8Array): Uint8Array => spkiDer.subarray(-PUBLIC_KEY_BYTES);

/** Signs a text that ends with a line end. @source C2SP signed-note */
export async function signNote(text: string, name: string, signer: Signer): Promise<string> {
  if (signer.algorithm !== 'ed25519') throw new TypeError('notes are signed with Ed25519');
  if (!isText(text)) throw new TypeError('not a text that a note can hold');
  const { keyId } = noteVerifier(name, rawPublicKeyOf(signer.spkiDer));
  const signature = Buffer.concat([keyId, await signer.sign(Buffer.from(text, 'utf8'))]);
  return `${text}\n— ${name} ${signature.toString('base64')}\n`;
}

/**
 * The text of a note that this key signed. Signatures of others are left alone, one of this key that is wrong refuses the
 * note. Refusals: NOTE_MALFORMED, NOTE_UNSIGNED (no signature of this key), NOTE_SIGNATURE_INVALID.
 */
export function openNote(note: string, verifier: NoteVerifier): string {
  const { text, signatures } = readNote(note);
  let isSigned = false;
  for (const { name, keyId, signature } of signatures) {
    if (name !== verifier.name || !keyId.equals(verifier.keyId)) continue;
    if (
      signature.length !== SIGNATURE_BYTES ||
      !verify(null, Buffer.from(text, 'utf8'), verifier.publicKey, signature)
    )
      throw new AppError('NOTE_SIGNATURE_INVALID', { name });
    isSigned = true;
  }
  if (!isSigned) throw new AppError('NOTE_UNSIGNED', { name: verifier.name });
  return text;
}

interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

function readNote(note: string): { text: string; signatures: NoteSignature[] } {
  const at = note.lastIndexOf('\n\n');
  const text = note.slice(0, at + 1);
  const lines = note.slice(at + 2).split('\n');
  const isWhole = lines.pop() === '' && Buffer.byteLength(note) <= NOTE_BYTES_MAX && isText(text);
  if (!isWhole || lines.length === 0 || lines.length > NOTE_SIGNATURES_MAX) throw malformed();
  return { text, signatures: lines.map(readSignature) };
}

function readSignature(line: string): NoteSignature {
  const [, name = '', encoded = ''] = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (!isName(name) || bytes.toString('base64') !== encoded || bytes.length <= KEY_ID_BYTES)
    throw malformed();
  return { name, keyId: bytes.subarray(0, KEY_ID_BYTES), signature: bytes.subarray(KEY_ID_BYTES) };
}

/** A tree head that a log vouches for. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The text of a checkpoint: origin, size, root. @source C2SP tlog-checkpoint */
export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;

/**
 * Opens a signed checkpoint of the log that is the verifier's name. Lines after the third are none of ours and are signed.
 * Refusals: those of `openNote`, NOTE_MALFORMED, CHECKPOINT_ORIGIN_OTHER.
 */
export function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(note, verifier));
  if (checkpoint.origin !== verifier.name)
    throw new AppError('CHECKPOINT_ORIGIN_OTHER', { expected: verifier.name, found: checkpoint.origin });
  return checkpoint;
}

/** Origin of a checkpoint, not believed: to find the key that should have signed it. Refusal: NOTE_MALFORMED. */
export const originOf = (note: string): string => parseCheckpoint(readNote(note).text).origin;

function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...further] = text.split('\n');
  const hashBytes = Buffer.from(root, 'base64');
  const isWhole =
    origin !== '' &&
    /^(0|[1-9]\d{0,15})$/.test(size) &&
    Number.isSafeInteger(Number(size)) &&
    hashBytes.length === TREE_HASH_BYTES &&
    hashBytes.toString('base64') === root &&
    further.pop() === '' &&
    further.every((line) => line !== '');
  if (!isWhole) throw malformed();
  return { origin, size: Number(size), root: hashBytes };
}

const isName = (name: string): boolean => /^[^\s+\p{Z}\p{Cc}]{1,300}$/u.test(name);
/** Ends with a line end, no other control characters. */
const isText = (text: string): boolean => /^[^\p{Cc}]*(\n[^\p{Cc}]*)*\n$/u.test(text) && text.isWellFormed();

const malformed = (): AppError => new AppError('NOTE_MALFORMED');
