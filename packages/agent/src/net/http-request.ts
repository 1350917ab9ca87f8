import { AppError, isErrorCode } from '@sekisho/core/errors.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

/** Nothing moves for so long: given up. */
export const REQUEST_TIMEOUT_MS = 30_000;
/** From the call to the last byte of the reply: a peer that drips, or a queue that does not move, holds nobody for longer. */
export const REQUEST_WHOLE_MAX_MS = 120_000;

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs?: number;
  readonly wholeMaxMs?: number;
  /** A longer reply is cut off, and refused. */
  readonly replyBytesMax: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Where a request goes, over whose connections. */
interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly agent?: Agent | undefined;
}

/** Kept connections that may turn out to be dead, one after the other, before a new one is made. */
const DEAD_CONNECTIONS_MAX = 8;

/**
 * One request, its whole reply in memory (bounded). A status is not judged here. What is asked here may be asked twice: a kept
 * connection that the other side had closed meanwhile is no answer, and the next one is tried (RFC 9112 §9.3.1).
 */
export async function sendRequest(target: HttpTarget, wish: HttpRequest): Promise<HttpReply> {
  for (let dead = 0; ; dead += 1) {
    const reply = await sendOnce(target, wish, dead < DEAD_CONNECTIONS_MAX);
    if (reply !== 'dead connection') return reply;
  }
}

function sendOnce(
  target: HttpTarget,
  wish: HttpRequest,
  mayFindDead: boolean,
): Promise<HttpReply | 'dead connection'> {
  return new Promise((resolve, reject) => {
    const body = typeof wish.body === 'string' ? Buffer.from(wish.body) : wish.body;
    const outgoing = request({
      host: target.host,
      port: target.port,
      ...(target.agent === undefined ? { agent: false } : { agent: target.agent }),
      method: wish.method,
      path: wish.path,
      headers: { ...wish.headers, ...(body === undefined ? {} : { 'content-length': body.byteLength }) },
      timeout: wish.timeoutMs ?? REQUEST_TIMEOUT_MS,
      ...(wish.signal === undefined ? {} : { signal: wish.signal }),
    });
    const giveUp = (): void => {
      outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    };
    const timer = setTimeout(giveUp, wish.wholeMaxMs ?? REQUEST_WHOLE_MAX_MS);
    outgoing.once('close', () => {
      clearTimeout(timer);
    });
    outgoing.on('timeout', giveUp);
    let answered = false;
    outgoing.on('error', (error) => {
      if (mayFindDead && !answered && outgoing.reusedSocket && isReset(error)) resolve('dead connection');
      else reject(error);
    });
    outgoing.on('response', (incoming) => {
      answered = true;
      const parts: Buffer[] = [];
      let bytes = 0;
      incoming.on('error', reject);
      incoming.on('data', (part: Buffer) => {
        bytes += part.byteLength;
        if (bytes <= wish.replyBytesMax) parts.push(part);
        else outgoing.destroy(new AppError('BODY_TOO_LARGE', { limitBytes: wish.replyBytesMax }));
      });
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(parts) });
      });
    });
    outgoing.end(body);
  });
}

/** A reply that is read piece by piece, whoever reads it bounds it. Refusal: the server's own, or SERVER_REPLY_UNUSABLE. */
export function streamRequest(target: HttpTarget, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { host, port, agent = false } = target;
    const outgoing = request({ host, port, agent, path, method: 'GET', timeout: REQUEST_TIMEOUT_MS });
    outgoing.on('timeout', () => {
      outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
    });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      if (incoming.statusCode === 200) {
        resolve(incoming);
        return;
      }
      const parts: Buffer[] = [];
      let bytes = 0;
      incoming.on('error', reject);
      incoming.on('data', (part: Buffer) => {
        bytes += part.byteLength;
        if (bytes <= REFUSAL_BYTES_MAX) parts.push(part);
        else outgoing.destroy(new AppError('BODY_TOO_LARGE', { limitBytes: REFUSAL_BYTES_MAX }));
      });
      incoming.on('end', () => {
        const status = incoming.statusCode ?? 0;
        reject(refusalOf(`${host}:${port}`, { status, body: Buffer.concat(parts) }));
      });
    });
    outgoing.end();
  });
}

const REFUSAL_BYTES_MAX = 64 * 1024;

const isReset = (error: Error): boolean =>
  'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

/** The refusal in a reply of status 400 or more: the server's own code, or SERVER_REPLY_UNUSABLE. */
export function refusalOf(server: string, reply: Pick<HttpReply, 'status' | 'body'>): AppError {
  try {
    const parsed = problem.parse(JSON.parse(reply.body.toString('utf8')));
    if (isErrorCode(parsed.code)) return new AppError(parsed.code, parsed.params);
  } catch {
    // Not one of ours: said below.
  }
  return new AppError('SERVER_REPLY_UNUSABLE', { server, detail: `HTTP ${reply.status}` });
}

/** Words for a failure below HTTP: the system's code, which people know from their logs. */
export function describeNetworkError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (error instanceof AggregateError && error.errors.length > 0)
    return describeNetworkError(error.errors[0]);
  return code ?? error.message;
}
