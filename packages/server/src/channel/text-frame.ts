/** A length up to this stands in the second byte of a frame. */
const LENGTH_IN_BYTE_MAX = 125;
/** In its place, when the length follows in two bytes. */
const LENGTH_IN_TWO_BYTES = 126;
/** The longest text that `textFrame` takes, in bytes. */
export const TEXT_FRAME_BYTES_MAX = 65_535;
const FINAL_TEXT = 0x81;

/**
 * A WebSocket frame with a whole text, as a server sends it: not masked, in one piece of memory, so that one write of the TLS socket
 * does for head and text. Undefined: longer than TEXT_FRAME_BYTES_MAX.
 *
 * @source RFC 6455 5.2
 */
export function textFrame(text: string): Buffer | undefined {
  const length = Buffer.byteLength(text);
  if (length > TEXT_FRAME_BYTES_MAX) return undefined;
  const isShort = length <= LENGTH_IN_BYTE_MAX;
  const headLength = isShort ? 2 : 4;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = FINAL_TEXT;
  frame[1] = isShort ? length : LENGTH_IN_TWO_BYTES;
  if (!isShort) frame.writeUInt16BE(length, 2);
  frame.write(text, headLength, 'utf8');
  return frame;
}
