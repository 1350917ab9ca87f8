/**
 * Splits a byte stream into lines of bounded length. A line that is longer is dropped whole (its start is kept nowhere): a
 * program that prints without end costs no memory.
 */
export class LineSplitter {
  readonly #lineBytesMax: number;
  readonly #onLine: (line: string) => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #dropping = false;
  #dropped = 0;

  constructor(lineBytesMax: number, onLine: (line: string) => void) {
    this.#lineBytesMax = lineBytesMax;
    this.#onLine = onLine;
  }

  /** Lines that were too long. */
  get dropped(): number {
    return this.#dropped;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#add(chunk.subarray(start, end));
      this.#finish();
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
  }

  /** The last line may have no end. */
  end(): void {
    if (this.#bytes > 0 || this.#dropping) this.#finish();
  }

  #add(part: Buffer): void {
    if (part.length === 0 || this.#dropping) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#lineBytesMax) {
      this.#parts = [];
      this.#dropping = true;
      return;
    }
    this.#parts.push(Buffer.from(part));
  }

  #finish(): void {
    if (this.#dropping) this.#dropped += 1;
    else this.#onLine(Buffer.concat(this.#parts).toString('utf8').replace(/\r$/, ''));
    this.#parts = [];
    this.#bytes = 0;
    this.#dropping = false;
  }
}
