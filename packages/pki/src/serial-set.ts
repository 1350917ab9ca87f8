/**
 * The serials of a revocation list, found in the list's own bytes: four bytes for each beside them, and as much again for a table
 * once somebody asks. A million of them as texts would take a hundred megabytes.
 */
export class SerialSet {
  readonly #bytes: Uint8Array;
  /** Where the content of each INTEGER begins; the byte before it is its length, which is short. */
  readonly #starts: Uint32Array;
  #table: Uint32Array | undefined;
  #different = 0;

  constructor(bytes: Uint8Array, starts: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
  }

  /** How many different serials there are. */
  get size(): number {
    this.#index();
    return this.#different;
  }

  /** Lower-case hex without leading zero bytes. */
  has(serial: string): boolean {
    if (this.#starts.length === 0 || serial.length > SCRATCH.length * 2) return false;
    const length = SCRATCH.write(serial, 'hex');
    if (length * 2 !== serial.length || length === 0) return false;
    const table = this.#index();
    const mask = table.length - 1;
    for (let slot = hashOf(SCRATCH, 0, length) & mask; ; slot = (slot + 1) & mask) {
      const at = table[slot]!;
      if (at === 0) return false;
      if (this.#equals(at - 1, SCRATCH, 0, length)) return true;
    }
  }

  /** The serials in their order in the list. */
  *keys(): IterableIterator<string> {
    for (const start of this.#starts) {
      const [from, length] = this.#trimmed(start);
      yield Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + from, length).toString('hex');
    }
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.keys();
  }

  /** An open hash table of starts (plus one); built when the list was believed, not before: what it holds is then the CA's. */
  #index(): Uint32Array {
    if (this.#table !== undefined) return this.#table;
    const table = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(2, this.#starts.length * 1.5))));
    const mask = table.length - 1;
    next: for (const start of this.#starts) {
      const [from, length] = this.#trimmed(start);
      let slot = hashOf(this.#bytes, from, length) & mask;
      for (; table[slot] !== 0; slot = (slot + 1) & mask)
        if (this.#equals(table[slot]! - 1, this.#bytes, from, length)) continue next;
      table[slot] = start + 1;
      this.#different += 1;
    }
    this.#table = table;
    return table;
  }

  #equals(start: number, bytes: Uint8Array, from: number, length: number): boolean {
    const [own, ownLength] = this.#trimmed(start);
    if (ownLength !== length) return false;
    for (let n = 0; n < length; n += 1) if (this.#bytes[own + n] !== bytes[from + n]) return false;
    return true;
  }

  /** Without the zero byte that only says "positive". */
  #trimmed(start: number): readonly [from: number, length: number] {
    const length = this.#bytes[start - 1]!;
    return this.#bytes[start] === 0 ? [start + 1, length - 1] : [start, length];
  }
}

const SERIAL_BYTES_MAX = 20;
const SCRATCH = Buffer.alloc(SERIAL_BYTES_MAX);

/** FNV-1a over the bytes, its high bits folded in. */
function hashOf(bytes: Uint8Array, from: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let n = from; n < from + length; n += 1) hash = Math.imul(hash ^ bytes[n]!, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}
