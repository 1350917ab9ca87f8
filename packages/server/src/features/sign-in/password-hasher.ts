import { AppError } from '@sekisho/core/errors.ts';
import { canonicalPassword } from '@sekisho/core/rules/password.ts';
import type { Random } from '@sekisho/core/time.ts';
import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** What one hash costs. */
export interface PasswordCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** @source OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane */
export const PASSWORD_COST: PasswordCost = { memoryKiB: 19_456, passes: 2, lanes: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** A stored hash that asks for more was not made here. */
const MEMORY_KIB_MAX = 1024 * 1024;

/**
 * `known`: somebody who signed in from there before, or is signed in; `stranger`: everybody else. Strangers wait for each
 * other, and never for the place of those who are known.
 */
export type Lane = 'known' | 'stranger';
/** Tries of a lane that wait for the one under way; the next one is refused. One at a time: each takes 19 MiB and a core. */
export const LANE_WAITING_MAX: Readonly<Record<Lane, number>> = { known: 32, stranger: 16 };
export const BUSY_RETRY_SECONDS = 5;

const derive = promisify(argon2);

/** Hashes passwords with argon2id, off the main thread, a bounded number at once. */
export class PasswordHasher {
  readonly #random: Random;
  readonly #cost: PasswordCost;
  readonly #ends: Record<Lane, Promise<unknown>> = { known: Promise.resolve(), stranger: Promise.resolve() };
  readonly #waiting: Record<Lane, number> = { known: 0, stranger: 0 };
  #decoy: Promise<string> | undefined;

  constructor(parts: { random: Random; cost?: PasswordCost | undefined }) {
    this.#random = parts.random;
    this.#cost = parts.cost ?? PASSWORD_COST;
  }

  /** Does work that needs a hash when its turn comes. Refusal: SIGN_IN_BUSY when too many wait already. */
  inLane<Result>(lane: Lane, work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting[lane] > LANE_WAITING_MAX[lane])
      throw new AppError('SIGN_IN_BUSY', { retrySeconds: BUSY_RETRY_SECONDS });
    this.#waiting[lane] += 1;
    const result = this.#ends[lane].then(work).finally(() => {
      this.#waiting[lane] -= 1;
    });
    this.#ends[lane] = result.catch(() => undefined);
    return result;
  }

  /** A new password as it is stored: a PHC string with a fresh salt. */
  async hash(password: string): Promise<string> {
    const salt = Buffer.from(this.#random.bytes(SALT_BYTES));
    const tag = await tagOf(password, salt, this.#cost, TAG_BYTES);
    const { memoryKiB, passes, lanes } = this.#cost;
    return `$argon2id$v=19$m=${memoryKiB},t=${passes},p=${lanes}$${base64(salt)}$${base64(tag)}`;
  }

  /**
   * Is it this password? Without a hash (nobody of that name, or no password) it takes as long and is not. `renewed`: the
   * same password at today's cost, when it was hashed at another.
   */
  async verify(
    password: string,
    stored: string | null,
  ): Promise<{ readonly right: boolean; readonly renewed?: string }> {
    this.#decoy ??= this.hash(base64(Buffer.from(this.#random.bytes(SALT_BYTES))));
    const decoy = await this.#decoy;
    const parsed = parsePhc(stored ?? decoy) ?? parsePhc(decoy);
    if (parsed === undefined) throw new Error('a hash of our own cannot be read');
    const tag = await tagOf(password, parsed.salt, parsed.cost, parsed.tag.length);
    const right = timingSafeEqual(tag, parsed.tag) && stored !== null && parsePhc(stored) !== undefined;
    if (!right || sameCost(parsed.cost, this.#cost)) return { right };
    return { right, renewed: await this.hash(password) };
  }
}

const tagOf = (password: string, salt: Buffer, cost: PasswordCost, tagBytes: number): Promise<Buffer> =>
  derive('argon2id', {
    message: Buffer.from(canonicalPassword(password), 'utf8'),
    nonce: salt,
    parallelism: cost.lanes,
    tagLength: tagBytes,
    memory: cost.memoryKiB,
    passes: cost.passes,
  });

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** @source PHC string format */
function parsePhc(text: string): { cost: PasswordCost; salt: Buffer; tag: Buffer } | undefined {
  const [, memory, passes, lanes, salt, tag] = PHC.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const cost = { memoryKiB: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  if (cost.memoryKiB > MEMORY_KIB_MAX || cost.lanes < 1 || cost.passes < 1) return undefined;
  return { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

const sameCost = (one: PasswordCost, other: PasswordCost): boolean =>
  one.memoryKiB === other.memoryKiB && one.passes === other.passes && one.lanes === other.lanes;

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
