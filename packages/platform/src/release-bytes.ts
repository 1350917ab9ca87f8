/** Below this the collector is cheaper than the call. */
const RELEASED_BYTES_MIN = 1024;

/**
 * Gives the memory of a piece of a stream back at once, for who is its last reader: afterwards it is empty. Gigabytes that pass
 * through in pieces of 16 KiB would otherwise wait for the garbage collector, which then walks the whole heap for every few
 * megabytes. A piece that shares its memory with others (a slice, a pool) is left alone.
 */
export function releaseBytes(piece: Uint8Array): void {
  const { buffer, byteLength } = piece;
  if (byteLength < RELEASED_BYTES_MIN || byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
