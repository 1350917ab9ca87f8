import { AppError, isErrorCode } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { DAY_MS, HOUR_MS, type Clock } from '@sekisho/core/time.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHmac, hash, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Store } from '../store/store.ts';
import type { Tx } from '../store/tables.ts';
import { afterCommit, runWithCommitHook } from '../store/transaction-context.ts';
import { listWorkers } from '../store/workers.ts';
import { refusalOf } from './refusal.ts';

export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
export const IDEMPOTENCY_REPLAYED_HEADER = 'idempotency-replayed';
/** How long a reply is kept for whoever asks again. */
export const IDEMPOTENCY_KEPT_MS = DAY_MS;
export const IDEMPOTENCY_KEYS_PER_ACTOR_MAX = 10_000;
/** A longer reply is not kept: who asks again is told that the outcome is unknown. */
export const IDEMPOTENCY_REPLY_LENGTH_MAX = 512 * 1024;
/** What is kept of one actor's replies altogether; beyond that one is as if it were too long. */
export const IDEMPOTENCY_REPLIES_LENGTH_MAX = 32 * 1024 * 1024;
export const IDEMPOTENCY_PRUNE_EVERY_MS = HOUR_MS;
const RETRY_SECONDS = 2;

/** What is under way: by which process, and whether it has changed anything yet. */
const underWay = z.object({ workerId: z.string(), effect: z.boolean() });
const underWayText = (workerId: string, effect: boolean): string => JSON.stringify({ workerId, effect });
/** What was answered, and for what rights. A refusal after an effect is kept too. */
const stored = z.object({
  /** Of whoever asked, as they were when the work began: what was seen with others is not shown again. */
  rightsSha256: z.string(),
  answer: z.union([
    z.object({ status: z.int(), etag: z.string().nullable(), body: z.unknown() }),
    z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) }),
  ]),
});
type Answer = z.infer<typeof stored>['answer'];

interface Row {
  readonly actor: string;
  readonly key: string;
  /** What whoever asks may do now. */
  readonly rightsSha256: string;
}

/** Seals replies, which may carry secrets, and has a key for what is compared of requests. */
interface Box {
  seal(plaintext: Uint8Array, context: string): string;
  open(sealed: string, context: string): Uint8Array;
  derive(purpose: string): Uint8Array;
}

const REQUESTS_PURPOSE = 'idempotency-requests';

/**
 * Writes that are carried out once, however often they are sent (S-05). A row says that the request began; each transaction
 * of the handler marks in itself that it had an effect; the sealed reply follows. So after a crash it is known: nothing
 * happened and the request is carried out, or something did and whoever repeats it is told so – never done twice. A reply is
 * shown again to the rights alone with which it was asked for.
 */
export class Idempotency {
  readonly #parts: { store: Store; clock: Clock; log: Log; box: Box; workerId: string };
  /** What this process works on now. */
  readonly #here = new Set<string>();
  readonly #requestsKey: Uint8Array;

  constructor(parts: { store: Store; clock: Clock; log: Log; box: Box; workerId: string }) {
    this.#parts = parts;
    this.#requestsKey = parts.box.derive(REQUESTS_PURPOSE);
  }

  /** Without a key the work is simply done. Refusals: IDEMPOTENCY_…, and those of the work. */
  async once(
    request: FastifyRequest,
    reply: FastifyReply,
    principal: Principal,
    work: () => Promise<unknown>,
  ): Promise<unknown> {
    const key = keyOf(request);
    if (key === undefined) return work();
    const row: Row = { actor: actorOf(principal), key, rightsSha256: rightsHash(principal) };
    const name = `${row.actor}\n${key}`;
    if (this.#here.has(name)) throw new AppError('IDEMPOTENCY_UNDER_WAY', { retrySeconds: RETRY_SECONDS });
    this.#here.add(name);
    try {
      const before = await this.#begin(row, await requestHash(request, this.#requestsKey));
      if (before !== undefined) return this.#replay(row, before, reply);
      return await this.#carryOut(row, reply, work);
    } finally {
      this.#here.delete(name);
    }
  }

  /** Removes what is older than a day. */
  async prune(): Promise<void> {
    await this.#parts.store.transaction(async (tx) => {
      await tx
        .deleteFrom('idempotency_keys')
        .where('created_at_ms', '<', this.#parts.clock.nowMs() - IDEMPOTENCY_KEPT_MS)
        .execute();
    });
  }

  /** The sealed reply of the first request; undefined: this is the first, and its row is there. */
  async #begin(row: Row, requestSha256: string): Promise<string | undefined> {
    const { store, clock, workerId } = this.#parts;
    return store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      await tx
        .deleteFrom('idempotency_keys')
        .where('actor', '=', row.actor)
        .where('created_at_ms', '<', nowMs - IDEMPOTENCY_KEPT_MS)
        .execute();
      const found = await tx
        .selectFrom('idempotency_keys')
        .select(['request_sha256', 'status', 'reply'])
        .where('actor', '=', row.actor)
        .where('idempotency_key', '=', row.key)
        .executeTakeFirst();
      if (found !== undefined) {
        if (found.request_sha256 !== requestSha256) throw new AppError('IDEMPOTENCY_KEY_REUSED');
        if (found.status !== null) {
          if (found.reply === null) throw new AppError('IDEMPOTENCY_OUTCOME_UNKNOWN');
          return found.reply;
        }
        await this.#takeOver(tx, row, underWay.parse(JSON.parse(found.reply ?? 'null')));
        return undefined;
      }
      const { rows } = await tx
        .selectFrom('idempotency_keys')
        .select((select) => select.fn.countAll<number>().as('rows'))
        .where('actor', '=', row.actor)
        .executeTakeFirstOrThrow();
      if (Number(rows) >= IDEMPOTENCY_KEYS_PER_ACTOR_MAX)
        throw new AppError('IDEMPOTENCY_KEYS_TOO_MANY', { limit: IDEMPOTENCY_KEYS_PER_ACTOR_MAX });
      await tx
        .insertInto('idempotency_keys')
        .values({
          actor: row.actor,
          idempotency_key: row.key,
          request_sha256: requestSha256,
          status: null,
          reply_length: 0,
          created_at_ms: nowMs,
          reply: underWayText(workerId, false),
        })
        .execute();
      return undefined;
    });
  }

  /** The first request was begun and never answered: its process works on it, died before it did anything, or after. */
  async #takeOver(tx: Tx, row: Row, first: z.infer<typeof underWay>): Promise<void> {
    const { store, workerId } = this.#parts;
    const others = await listWorkers(store, tx);
    // this process would have it in memory: what is not there, a failure left behind
    const lives = first.workerId !== workerId && others.some(({ id, live }) => live && id === first.workerId);
    if (lives) throw new AppError('IDEMPOTENCY_UNDER_WAY', { retrySeconds: RETRY_SECONDS });
    if (first.effect) throw new AppError('IDEMPOTENCY_OUTCOME_UNKNOWN');
    await this.#write(tx, row, { status: null, reply: underWayText(workerId, false) });
  }

  async #carryOut(row: Row, reply: FastifyReply, work: () => Promise<unknown>): Promise<unknown> {
    const { workerId } = this.#parts;
    let effect = false;
    const mark = async (tx: Tx): Promise<void> => {
      await this.#write(tx, row, { status: null, reply: underWayText(workerId, true) });
      afterCommit(tx, () => {
        effect = true;
      });
    };
    try {
      const body = await runWithCommitHook(mark, work);
      crashPoint('idempotency.effect-committed');
      const etag = reply.getHeader('etag');
      await this.#keep(row, reply.statusCode, {
        status: reply.statusCode,
        etag: typeof etag === 'string' ? etag : null,
        body,
      });
      return body;
    } catch (error) {
      await this.#afterFailure(row, effect, error);
      throw error;
    }
  }

  /** A refusal that changed nothing frees its key; one that did is the answer from now on; a failure stays unknown. */
  async #afterFailure(row: Row, effect: boolean, error: unknown): Promise<void> {
    const { store, log } = this.#parts;
    try {
      if (!effect) {
        await store.transaction(async (tx) => {
          await tx
            .deleteFrom('idempotency_keys')
            .where('actor', '=', row.actor)
            .where('idempotency_key', '=', row.key)
            // a commit whose answer was lost may have happened: then the row says so, and stays
            .where('reply', '=', underWayText(this.#parts.workerId, false))
            .execute();
        });
        return;
      }
      const refusal = refusalOf(error, log);
      if (refusal.status >= 500) return;
      await this.#keep(row, refusal.status, { code: refusal.code, params: { ...refusal.params } });
    } catch (failure) {
      log.warn({ err: failure }, 'the end of a request with an idempotency key could not be written');
    }
  }

  async #keep(row: Row, status: number, answer: Answer): Promise<void> {
    const { store, box, log } = this.#parts;
    const content: z.input<typeof stored> = { rightsSha256: row.rightsSha256, answer };
    const text = JSON.stringify(content);
    const sealed =
      text.length > IDEMPOTENCY_REPLY_LENGTH_MAX ? null : box.seal(Buffer.from(text, 'utf8'), contextOf(row));
    try {
      await store.transaction(async (tx) => {
        const fits =
          sealed !== null && (await keptLength(tx, row)) + sealed.length <= IDEMPOTENCY_REPLIES_LENGTH_MAX;
        await this.#write(tx, row, { status, reply: fits ? sealed : null });
      });
    } catch (error) {
      // it is done and answered; who repeats it is told that the outcome is unknown
      log.warn({ err: error }, 'the reply to an idempotency key could not be kept');
    }
  }

  async #write(tx: Tx, row: Row, set: { status: number | null; reply: string | null }): Promise<void> {
    await tx
      .updateTable('idempotency_keys')
      .set({ ...set, reply_length: set.reply?.length ?? 0 })
      .where('actor', '=', row.actor)
      .where('idempotency_key', '=', row.key)
      .where('status', 'is', null) // an answer stays as it is
      .execute();
  }

  #replay(row: Row, sealed: string, reply: FastifyReply): unknown {
    const text = Buffer.from(this.#parts.box.open(sealed, contextOf(row))).toString('utf8');
    const { answer, rightsSha256 } = stored.parse(JSON.parse(text));
    if (rightsSha256 !== row.rightsSha256) throw new AppError('IDEMPOTENCY_RIGHTS_CHANGED');
    void reply.header(IDEMPOTENCY_REPLAYED_HEADER, 'true');
    if ('code' in answer) throw refusalOfStored(answer);
    void reply.status(answer.status);
    if (answer.etag !== null) void reply.header('etag', answer.etag);
    return answer.body;
  }
}

/** The key of a request. Refusal: IDEMPOTENCY_KEY_INVALID. */
function keyOf(request: FastifyRequest): string | undefined {
  const header = request.headers[IDEMPOTENCY_KEY_HEADER];
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,64}$/.test(header))
    throw new AppError('IDEMPOTENCY_KEY_INVALID');
  return header;
}

/** Keys belong to whoever sent them: nobody gets the reply of another. */
const actorOf = ({ kind, administratorId, apiKeyId, name }: Principal): string =>
  `${kind}:${administratorId ?? ''}:${apiKeyId ?? ''}:${name}`
    .replaceAll('\0', '')
    .slice(0, ACTOR_LENGTH_MAX);
const ACTOR_LENGTH_MAX = 500;

/** What somebody may do and how far, in one text for the same rights. */
function rightsHash({ rights }: Principal): string {
  const sorted = [...rights]
    .map(([right, reach]) => [right, reach === 'domain' ? reach : [...reach].sort()] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return hash('sha256', JSON.stringify(sorted), 'hex');
}

/** How long the replies are that are kept for an actor. */
async function keptLength(tx: Tx, { actor }: Row): Promise<number> {
  const { length } = await tx
    .selectFrom('idempotency_keys')
    .select((select) => select.fn.sum<number | null>('reply_length').as('length'))
    .where('actor', '=', actor)
    .executeTakeFirstOrThrow();
  return Number(length ?? 0);
}

/**
 * What a request is known by: keyed, and what people type as secrets goes in as slowly as passwords are hashed. So whoever
 * reads the database, even with its keys, gets no quicker way to try passwords and passphrases by it.
 */
async function requestHash(request: FastifyRequest, key: Uint8Array): Promise<string> {
  const secrets: string[] = [];
  const text = JSON.stringify([request.method, request.url, request.body ?? null], (name, value: unknown) => {
    if (typeof value !== 'string' || !TYPED_SECRET.test(name)) return value;
    secrets.push(value);
    return '';
  });
  const hmac = createHmac('sha256', key).update(text);
  if (secrets.length > 0) hmac.update(await derive(JSON.stringify(secrets), key, 32, SLOW));
  return hmac.digest('hex');
}

const TYPED_SECRET = /pass(?:word|phrase)$/i;
/** @source OWASP Password Storage Cheat Sheet: scrypt with 32 MiB */
const SLOW = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const derive = promisify<string, Uint8Array, number, typeof SLOW, Buffer>(scrypt);

const contextOf = ({ actor, key }: Row): string => `idempotency:${actor}:${key}`;

const refusalOfStored = ({
  code,
  params,
}: {
  code: string;
  params: Record<string, string | number>;
}): AppError =>
  isErrorCode(code) ? new AppError(code, params) : new AppError('IDEMPOTENCY_OUTCOME_UNKNOWN');
