import type { Random } from '@sekisho/core/time.ts';
import { createHash } from 'node:crypto';

/** Randomness that a test can repeat: a hash of the seed and a counter. */
export class SeededRandom implements Random {
  readonly #seed: string;
  #counter = 0;

  constructor(seed: number | string = 1) {
    this.#seed = String(seed);
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    for (let filled = 0; filled < length; filled += 32) {
      const block = createHash('sha256').update(`${this.#seed}:${this.#counter}`).digest();
      this.#counter += 1;
      out.set(block.subarray(0, Math.min(32, length - filled)), filled);
    }
    return out;
  }

  /** A version 4 UUID. */
  uuid(): string {
    const raw = this.bytes(16);
    raw[6] = (raw[6]! & 0x0f) | 0x40;
    raw[8] = (raw[8]! & 0x3f) | 0x80;
    const hex = Buffer.from(raw).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  fraction(): number {
    return Buffer.from(this.bytes(6)).readUIntBE(0, 6) / 2 ** 48;
  }
}
