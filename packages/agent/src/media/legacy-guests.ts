import { AppError, isErrorCode } from '@sekisho/core/errors.ts';
import { parseSha256Hex, type HostId } from '@sekisho/core/ids.ts';
import { MINUTE_MS, SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { askLegacy, type AskLegacyBody, type AskLegacyReply } from '@sekisho/core/wire/legacy.ts';
import type { AdmitLegacy, LegacyCaller, LegacyGuest } from '@sekisho/media/http/plain-listener.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { createHash } from 'node:crypto';
import type { ServerConnection } from '../net/server-connection.ts';

/** So often a question is asked anew because something was decided while it was being answered; then it counts as unanswered. */
const ASKED_AGAIN_MAX = 3;
/** Answers that are kept. */
export const LEGACY_ANSWERS_MAX = 1_000;
/** So long a refused key is refused here: no key becomes right by itself, since whoever is let in gets a new one. */
export const REFUSED_KEY_KEPT_MS = MINUTE_MS;
/** Refused keys, and callers who have to wait, that are remembered. */
export const REFUSED_KEYS_MAX = 1_000;

/**
 * Asks the management server about hosts without a certificate (T-50); a yes is used for as long as it says. Of refusals two are kept for
 * a minute at most, so that who guesses keys does not have the server asked about each: that a key is wrong, and that a caller has to wait.
 */
export interface LegacyGuests {
  readonly admit: AdmitLegacy;
  /** Nothing that was said counts any more, and what is being answered now is asked once more. */
  forget(): void;
}

export function createLegacyGuests(options: {
  server: Pick<ServerConnection, 'call'>;
  clock: Clock;
  log: Log;
}): LegacyGuests {
  const { server, clock, log } = options;
  const kept = new Map<string, { readonly guest: LegacyGuest; readonly untilMs: number }>();
  const refused = new Map<string, { readonly refusal: AppError; readonly untilMs: number }>();
  const underWay = new Map<string, Promise<LegacyGuest>>();

  /** Goes up with each `forget`: an answer that was on its way then may be older than what was decided. */
  let epoch = 0;

  async function askServer(body: AskLegacyBody): Promise<AskLegacyReply> {
    for (let again = 0; again <= ASKED_AGAIN_MAX; again += 1) {
      const before = epoch;
      let reply: AskLegacyReply;
      try {
        reply = await server.call(askLegacy, { body });
      } catch (error) {
        log.warn({ err: error }, 'nobody said whether a legacy host may come in');
        throw new AppError('LEGACY_UNANSWERED', {}, { cause: error });
      }
      if (before === epoch) return reply;
    }
    throw new AppError('LEGACY_UNANSWERED');
  }

  async function ask({ name, address }: LegacyCaller, sha256: string, key: string): Promise<LegacyGuest> {
    const keySha256 = parseSha256Hex(sha256);
    if (keySha256 === undefined) throw new AppError('INTERNAL');
    const reply = await askServer({ as: 'client', name, keySha256, address });
    if (!reply.allow || reply.hostId === undefined) {
      const code = reply.code !== undefined && isErrorCode(reply.code) ? reply.code : 'LEGACY_KEY_REFUSED';
      const refusal = new AppError(code, reply.params ?? {});
      if (code === 'LEGACY_KEY_REFUSED') refuseFor(REFUSED_KEY_KEPT_MS, key, refusal);
      if (code === 'RATE_LIMITED') refuseFor(waitMs(refusal), callerKey({ name, address }), refusal);
      throw refusal;
    }
    const guest = { hostId: reply.hostId, repositories: reply.repositories ?? [] };
    kept.delete(key);
    kept.set(key, { guest, untilMs: clock.monotonicMs() + reply.cacheSeconds * SECOND_MS });
    const oldest = kept.size > LEGACY_ANSWERS_MAX ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
    return guest;
  }

  function refuseFor(ms: number, key: string, refusal: AppError): void {
    refused.delete(key);
    refused.set(key, { refusal, untilMs: clock.monotonicMs() + ms });
    const oldest = refused.size > REFUSED_KEYS_MAX ? refused.keys().next().value : undefined;
    if (oldest !== undefined) refused.delete(oldest);
  }

  function requireNotRefused(key: string): void {
    const found = refused.get(key);
    if (found === undefined) return;
    if (clock.monotonicMs() < found.untilMs) throw found.refusal;
    refused.delete(key);
  }

  return {
    async admit(caller) {
      const sha256 = createHash('sha256').update(caller.key.reveal()).digest('hex');
      const key = `${callerKey(caller)} ${sha256}`;
      const found = kept.get(key);
      if (found !== undefined && clock.monotonicMs() < found.untilMs) return found.guest;
      requireNotRefused(callerKey(caller));
      requireNotRefused(key);
      const same = underWay.get(key);
      if (same !== undefined) return same;
      const asking = ask(caller, sha256, key).finally(() => underWay.delete(key));
      underWay.set(key, asking);
      return asking;
    },
    forget() {
      epoch += 1;
      kept.clear();
      refused.clear();
    },
  };
}

const callerKey = ({ name, address }: Pick<LegacyCaller, 'name' | 'address'>): string =>
  `${address} ${name.toLowerCase()}`;

/** As long as the server says, a minute at most. */
function waitMs({ params }: AppError): number {
  const seconds = Number(params['retrySeconds']);
  return Number.isFinite(seconds) ? Math.min(seconds * SECOND_MS, REFUSED_KEY_KEPT_MS) : 0;
}

/** T-53 May this legacy media server be talked to in plain, now? @throws AppError the refusal, LEGACY_UNANSWERED */
export async function askLegacyMedia(
  server: Pick<ServerConnection, 'call'>,
  hostId: HostId,
  address: string,
): Promise<void> {
  const reply = await server
    .call(askLegacy, { body: { as: 'media', hostId, address } })
    .catch((error: unknown) => {
      throw new AppError('LEGACY_UNANSWERED', {}, { cause: error });
    });
  if (reply.allow) return;
  const code = reply.code !== undefined && isErrorCode(reply.code) ? reply.code : 'LEGACY_KEY_REFUSED';
  throw new AppError(code, reply.params ?? {});
}
