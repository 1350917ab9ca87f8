import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { AnyRoute } from './mount.ts';

/** What a cursor's authenticator is made with: derived from the key-encryption key, so alike on every server. */
export const CURSOR_KEY_PURPOSE = 'list-cursors';
const MAC_BYTES = 16;
/** A cursor is a row's place in its list and the authenticator. */
export const CURSOR_LENGTH_MAX = 1_000;

/** The place of a row in lists that go by time and ID: `<ms>/<id>`. */
export const timeCursor = (ms: number, id: string): string => `${ms}/${id}`;

/** Reads it back. Refusal: CURSOR_INVALID. */
export function parseTimeCursor(raw: string | undefined): { ms: number; id: string } | undefined {
  if (raw === undefined) return undefined;
  const [, ms, id] = /^(\d{1,15})\/([0-9a-zA-Z-]{1,128})$/.exec(raw) ?? [];
  if (ms === undefined || id === undefined) throw new AppError('CURSOR_INVALID');
  return { ms: Number(ms), id };
}

/** The place of a row in lists that go by a number of their own: only ever up or down, no two alike. */
export const numberCursor = (num: number): string => String(num);

/** Reads it back. Refusal: CURSOR_INVALID. */
export function parseNumberCursor(raw: string | undefined): number | undefined {
  if (raw === undefined) return undefined;
  if (!/^\d{1,15}$/.test(raw)) throw new AppError('CURSOR_INVALID');
  return Number(raw);
}

/**
 * The rows of a page, and where the next one begins. `rows` has one more than the page holds, when there are more.
 * `placeOf` gives what the handler takes as `after`.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  placeOf: (row: Row) => string,
): { shown: Row[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { shown, next: rows.length > limit && last !== undefined ? placeOf(last) : null };
}

/** The query with the place that its cursor stands for. Refusal: CURSOR_INVALID, also for the cursor of another question. */
export function openAfter(app: FastifyInstance, route: AnyRoute, request: FastifyRequest): unknown {
  const query = request.query as Record<string, unknown>;
  const given = query['after'];
  if (app.cursorKey === undefined || given === undefined || !isList(route)) return query;
  if (typeof given !== 'string' || given.length > CURSOR_LENGTH_MAX) throw new AppError('CURSOR_INVALID');
  const bytes = Buffer.from(given, 'base64url');
  const place = bytes.subarray(0, Math.max(0, bytes.length - MAC_BYTES)).toString('utf8');
  if (!isSame(seal(app.cursorKey, route, query, place), given)) throw new AppError('CURSOR_INVALID');
  return { ...query, after: place };
}

/** The reply with its `next` as a cursor of this list and this question alone. */
export function sealNext(
  app: FastifyInstance,
  route: AnyRoute,
  request: FastifyRequest,
  reply: unknown,
): unknown {
  if (app.cursorKey === undefined || !isList(route) || typeof reply !== 'object' || reply === null)
    return reply;
  const next = 'next' in reply ? reply.next : undefined;
  if (typeof next !== 'string') return reply;
  return { ...reply, next: seal(app.cursorKey, route, request.query as Record<string, unknown>, next) };
}

const isList = (route: AnyRoute): boolean =>
  route.method === 'GET' &&
  'shape' in route.query &&
  typeof route.query.shape === 'object' &&
  route.query.shape !== null &&
  'after' in route.query.shape;

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whoever changes a byte, takes it to another list or asks for something else gets another text. */
function seal(key: Uint8Array, route: AnyRoute, query: Record<string, unknown>, place: string): string {
  const filters = Object.entries(query)
    .filter(([name]) => name !== 'after' && name !== 'limit')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const question = createHash('sha256')
    .update(JSON.stringify([route.path, filters]))
    .digest();
  const mac = createHmac('sha256', key)
    .update(question)
    .update(place, 'utf8')
    .digest()
    .subarray(0, MAC_BYTES);
  return Buffer.concat([Buffer.from(place, 'utf8'), mac]).toString('base64url');
}
