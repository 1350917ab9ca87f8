import { isErrorCode } from '@sekisho/core/errors.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where bytes go: a TLS port (with a certificate, if one is given), a plain port or a Unix socket. */
export type Target =
  | {
      readonly tls: number;
      readonly identity?: { readonly key: string; readonly cert: string };
      /** A loopback address to come from. */
      readonly from?: string;
    }
  | { readonly tcp: number }
  | { readonly unix: string };

/** What came back on a connection, as far as it reads as one HTTP answer. */
export interface RawAnswer {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The code of the refusal: of the problem document or of the header of EST. */
  readonly code: string | undefined;
  readonly text: string;
}

/** Opens a connection and resolves when bytes may be sent. The certificate of the other side is not looked at. */
export function open(target: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      socket.off('error', reject);
      socket.on('error', () => undefined); // cut: the answer, or its lack, tells
      resolve(socket);
    };
    const socket =
      'tls' in target
        ? connectTls(
            {
              host: '127.0.0.1',
              port: target.tls,
              rejectUnauthorized: false,
              ...target.identity,
              ...(target.from === undefined ? {} : { localAddress: target.from }),
            },
            done,
          )
        : 'tcp' in target
          ? connectTcp(target.tcp, '127.0.0.1', done)
          : connectTcp(target.unix, done);
    socket.once('error', reject);
  });
}

/** Sends exactly these bytes on a fresh connection and reads until the other side has answered or ended it. */
export async function send(target: Target, ...parts: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  const socket = await open(target);
  return exchange(socket, ...parts);
}

/** The same on a connection that is open; it is closed afterwards. */
export function exchange(socket: Socket, ...parts: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (isWhole(Buffer.concat(chunks))) socket.destroy();
    });
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      resolve(answerOf(Buffer.concat(chunks)));
    });
    for (const part of parts) socket.write(part);
    socket.resume();
  });
}

/** Ends when the other side has ended the connection. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
    socket.resume();
  });

/** True when a refusal has all that it must have: a known code, words and a hint. */
export function isWholeRefusal(answer: RawAnswer): boolean {
  if (answer.status < 400 || answer.code === undefined || !isErrorCode(answer.code)) return false;
  if (answer.headers['sekisho-code'] !== undefined) {
    const [words = '', hint = ''] = answer.body.split('\n');
    return words !== '' && hint !== '';
  }
  const parsed = problem.safeParse(parseJson(answer.body));
  return parsed.success && parsed.data.title !== '' && (parsed.data.detail ?? '') !== '';
}

function isWhole(bytes: Buffer): boolean {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(bytes.subarray(0, end).toString('latin1'))?.[1];
  return length !== undefined && bytes.length >= end + 4 + Number(length);
}

function answerOf(bytes: Buffer): RawAnswer {
  const text = bytes.toString('utf8');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = rest.join('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0),
    headers,
    body,
    code: headers['sekisho-code'] ?? codeOf(body),
    text,
  };
}

function codeOf(body: string): string | undefined {
  const parsed = problem.safeParse(parseJson(body));
  return parsed.success ? parsed.data.code : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
