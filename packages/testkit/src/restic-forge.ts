import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { z } from 'zod';

/**
 * What an insider who holds the repository's password can make without restic: validly encrypted packs, indexes, snapshots
 * and locks with any content.
 * @source restic design document, "Repository Format", "Keys, Encryption and MAC"
 */
export interface MasterKey {
  readonly encrypt: Buffer;
  readonly macK: Buffer;
  readonly macR: Buffer;
}

const masterKey = z.object({
  mac: z.object({ k: z.base64(), r: z.base64() }),
  encrypt: z.base64(),
});

/** The output of `restic cat masterkey`. */
export function parseMasterKey(json: string): MasterKey {
  const parsed = masterKey.parse(JSON.parse(json));
  return {
    encrypt: Buffer.from(parsed.encrypt, 'base64'),
    macK: Buffer.from(parsed.mac.k, 'base64'),
    macR: Buffer.from(parsed.mac.r, 'base64'),
  };
}

/** Any irreducible polynomial of degree 53 serves; this one is of a real repository. */
const CHUNKER_POLYNOMIAL = '3f9cf2de8330b5';
/** restic takes about half a second to open a real key; tests open repositories hundreds of times. */
const CHEAP_SCRYPT = { N: 1024, r: 8, p: 1 };

/** A new repository as `restic init` makes it, but for a password that costs little to try. */
export function forgeRepository(password: string): { config: Buffer; key: { id: string; bytes: Buffer } } {
  const master: MasterKey = { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
  const salt = randomBytes(64);
  const derived = scryptSync(password, salt, 64, CHEAP_SCRYPT);
  const user: MasterKey = {
    encrypt: derived.subarray(0, 32),
    macK: derived.subarray(32, 48),
    macR: derived.subarray(48, 64),
  };
  const secret = {
    mac: { k: master.macK.toString('base64'), r: master.macR.toString('base64') },
    encrypt: master.encrypt.toString('base64'),
  };
  const bytes = Buffer.from(
    JSON.stringify({
      created: '2020-01-01T00:00:00Z',
      username: 'test',
      hostname: 'test',
      kdf: 'scrypt',
      ...CHEAP_SCRYPT,
      salt: salt.toString('base64'),
      data: encrypt(user, Buffer.from(JSON.stringify(secret))).toString('base64'),
    }),
  );
  const config = { version: 2, id: randomBytes(32).toString('hex'), chunker_polynomial: CHUNKER_POLYNOMIAL };
  return { config: encrypt(master, Buffer.from(JSON.stringify(config))), key: { id: sha256(bytes), bytes } };
}

/** IV ‖ AES-256-CTR ciphertext ‖ Poly1305-AES tag. */
export function encrypt(key: MasterKey, plaintext: Uint8Array): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', key.encrypt, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([iv, ciphertext, poly1305Aes(key, iv, ciphertext)]);
}

export interface ForgedBlob {
  readonly type: 'data' | 'tree';
  /** What the header claims: not necessarily the hash of the content. */
  readonly id: string;
  readonly content: Uint8Array;
}

/** A pack file whose header claims what it is told to; its name is right. */
export function forgePack(
  key: MasterKey,
  blobs: readonly ForgedBlob[],
): { id: string; bytes: Buffer; blobs: { id: string; type: string; offset: number; length: number }[] } {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  const listed: { id: string; type: string; offset: number; length: number }[] = [];
  let offset = 0;
  for (const blob of blobs) {
    const sealed = encrypt(key, blob.content);
    const entry = Buffer.alloc(37);
    entry.writeUInt8(blob.type === 'data' ? 0 : 1, 0);
    entry.writeUInt32LE(sealed.length, 1);
    Buffer.from(blob.id, 'hex').copy(entry, 5);
    entries.push(entry);
    parts.push(sealed);
    listed.push({ id: blob.id, type: blob.type, offset, length: sealed.length });
    offset += sealed.length;
  }
  const header = encrypt(key, Buffer.concat(entries));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const bytes = Buffer.concat([...parts, header, length]);
  return { id: sha256(bytes), bytes, blobs: listed };
}

/** An encrypted JSON file: index, snapshot or lock. */
export function forgeFile(key: MasterKey, content: unknown): { id: string; bytes: Buffer } {
  const bytes = encrypt(key, Buffer.from(JSON.stringify(content)));
  return { id: sha256(bytes), bytes };
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function poly1305Aes(key: MasterKey, nonce: Uint8Array, message: Uint8Array): Buffer {
  const aes = createCipheriv('aes-128-ecb', key.macK, null);
  aes.setAutoPadding(false);
  const pad = littleEndian(Buffer.concat([aes.update(nonce), aes.final()]));
  const r = littleEndian(key.macR) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  const p = (1n << 130n) - 5n;
  let sum = 0n;
  for (let offset = 0; offset < message.length; offset += 16) {
    const block = message.subarray(offset, offset + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % p;
  }
  const tag = (sum + pad) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

const littleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);
