import { AppError } from '@sekisho/core/errors.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { Duplex } from 'node:stream';
import { TUNNEL_HEAD_BYTES_MAX, TUNNEL_HEAD_MAX_MS } from '../tunnel-limits.ts';

/** A wish for a tunnel, and what the client sent right behind it. */
export interface TunnelRequest {
  readonly target: string;
  readonly head: Buffer;
}

const BEGIN = Buffer.from('CONNECT ');
const END = Buffer.from('\r\n\r\n');
/** A tunnel has no body, and who is allowed what is no matter of credentials here: nobody shall believe that they count. */
const HEADERS_REFUSED: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/**
 * Reads the one thing that a connection without a certificate may say: `CONNECT TARGET HTTP/1.1` and a few headers. No HTTP parser is
 * behind it; whatever else comes is refused at its first byte that differs. Refusals: PEER_CERTIFICATE_MISSING, TUNNEL_REQUEST_INVALID,
 * REQUEST_HEADERS_TOO_LARGE, REQUEST_TOO_SLOW; undefined when it went away, or said nothing.
 *
 * @source RFC 9110 §9.3.6
 */
export function readTunnelRequest(stream: Duplex, clock: Clock): Promise<TunnelRequest | undefined> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const cancel = clock.timer(TUNNEL_HEAD_MAX_MS, () => {
      settle(() => {
        if (received.byteLength === 0) resolve(undefined);
        else reject(new AppError('REQUEST_TOO_SLOW'));
      });
    });
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk]);
      const common = Math.min(received.byteLength, BEGIN.byteLength);
      if (!received.subarray(0, common).equals(BEGIN.subarray(0, common))) {
        settle(() => {
          reject(new AppError('PEER_CERTIFICATE_MISSING'));
        });
        return;
      }
      const end = received.indexOf(END);
      if (end < 0 && received.byteLength <= TUNNEL_HEAD_BYTES_MAX) return;
      settle(() => {
        if (end < 0 || end > TUNNEL_HEAD_BYTES_MAX)
          reject(new AppError('REQUEST_HEADERS_TOO_LARGE', { limitBytes: TUNNEL_HEAD_BYTES_MAX }));
        else answer(end);
      });
    };
    const answer = (end: number): void => {
      const target = parseHead(received.toString('latin1', 0, end));
      if (target === undefined) reject(new AppError('TUNNEL_REQUEST_INVALID'));
      else resolve({ target, head: received.subarray(end + END.byteLength) });
    };
    const onGone = (): void => {
      settle(() => {
        resolve(undefined);
      });
    };
    function settle(say: () => void): void {
      cancel();
      stream.off('data', onData).off('end', onGone).off('close', onGone);
      stream.pause();
      say();
    }
    stream.on('data', onData).on('end', onGone).on('close', onGone);
  });
}

/** May a request with these headers ask for a tunnel? Keys are in lower case. */
export const tunnelHeadersFit = (names: Iterable<string>): boolean =>
  ![...names].some((name) => HEADERS_REFUSED.has(name));

function parseHead(text: string): string | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const target = /^CONNECT ([\x21-\x7e]+) HTTP\/1\.1$/.exec(first)?.[1];
  const names = lines.map((line) => /^([A-Za-z0-9-]+):[\x20-\x7e]*$/.exec(line)?.[1]?.toLowerCase());
  const isWhole =
    names.every((name) => name !== undefined) && names.filter((name) => name === 'host').length === 1;
  return isWhole && tunnelHeadersFit(names.map(String)) ? target : undefined;
}
