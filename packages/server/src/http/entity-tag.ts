import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';

/** An entity tag of what an administrator edits: it changes with every change of that, and with nothing else. */
export type EntityTag = `"${string}"`;

/** The tag of something that counts its revisions. */
export const revisionTag = (revision: number): EntityTag => `"r${revision}"`;

/** The tag of something small, by what it says. */
export const contentTag = (content: unknown): EntityTag => `"${digest(content)}"`;

/** Sends the tag with the reply. */
export const sendTag = (reply: FastifyReply, tag: EntityTag): void => void reply.header('etag', tag);

/** Who changed something last, and when: said to whoever comes too late. */
export interface LastChange {
  readonly by: string;
  readonly atMs: number;
}

/** What a request says of the state that it was made for; undefined: it doesn't say. */
export interface Precondition {
  /** Is this tag among those that the request names? */
  holds(current: EntityTag): boolean;
}

/** The If-Match of a request. @source RFC 9110 §13.1.1 (strong comparison) */
export function preconditionOf(request: FastifyRequest): Precondition | undefined {
  const header = request.headers['if-match'];
  if (header === undefined) return undefined;
  // what follows the dot is about what was shown beside it, such as figures
  const tags = tagsOf(header).map((tag) => tag.replace(/\.[^".]*"$/, '"'));
  return { holds: (current) => tags.includes('*') || tags.includes(current) };
}

/**
 * Inside the transaction that changes something: is it still what the request was made for?
 * Refusal: PRECONDITION_FAILED, with who changed it and when, if `lastChange` knows.
 */
export async function requireUnchanged(
  precondition: Precondition | undefined,
  current: EntityTag,
  lastChange: () => Promise<LastChange | undefined>,
): Promise<void> {
  if (precondition === undefined || precondition.holds(current)) return;
  const last = await lastChange();
  throw new AppError('PRECONDITION_FAILED', {
    by: last?.by ?? '?',
    at: last === undefined ? '?' : new Date(last.atMs).toISOString(),
  });
}

/**
 * A reply with its entity tag (that of the handler and the content, else a weak one of the content), or 304 without a body
 * when the caller has it already. @source RFC 9110 §13.1.2 (weak comparison)
 */
export function answerUnchanged(request: FastifyRequest, reply: FastifyReply, body: unknown): unknown {
  if (request.method !== 'GET' || reply.sent) return body;
  const own = reply.getHeader('etag');
  const tag = typeof own === 'string' ? `${own.slice(0, -1)}.${digest(body)}"` : `W/"${digest(body)}"`;
  void reply.header('etag', tag);
  if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'private, no-cache');
  const known = request.headers['if-none-match'];
  if (known === undefined) return body;
  const strength = /^W\//;
  const tags = tagsOf(known).map((one) => one.replace(strength, ''));
  if (!tags.includes('*') && !tags.includes(tag.replace(strength, ''))) return body;
  void reply.status(304);
  return reply.send();
}

const tagsOf = (header: string): string[] => header.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];

const digest = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64url').slice(0, 22);
