import { crlAlarm, isIssuerOver } from '@sekisho/core/rules/revocation.ts';
import type { ServerContext } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import type { Authority } from '../keys/key-store.ts';
import { writeOutbox } from '../events/outbox.ts';
import { listNewestCrls } from './crl.store.ts';

/**
 * T-44: a list that was not renewed when it should have been is an event days before hosts begin to refuse each other, and once more when
 * it is past its end. Each is told once by this process. That is also how a root that was detached for long makes itself heard.
 */
export class CrlWatch {
  readonly #parts: Pick<ServerContext, 'clock' | 'keys' | 'log' | 'store'>;
  readonly #told = new Set<string>();

  constructor(parts: Pick<ServerContext, 'clock' | 'keys' | 'log' | 'store'>) {
    this.#parts = parts;
  }

  /** Part of the duty that signs them. */
  async look(fence: (tx: Tx) => Promise<void>): Promise<void> {
    const { clock, keys, log, store } = this.#parts;
    const nowMs = clock.nowMs();
    const authorities = new Map<string, Authority>(
      keys.authorities().map((one) => [one.certificate.keyId, one]),
    );
    for (const { issuerKeyId, shard, number, nextUpdateMs, ...crl } of await listNewestCrls(store.db)) {
      const alarm = crlAlarm({ ...crl, nextUpdateMs }, nowMs);
      const key = `${number} ${alarm}`;
      const authority = authorities.get(issuerKeyId);
      if (alarm === 'none' || this.#told.has(key)) continue;
      // the final list of a CA whose key was destroyed stays as it is
      if (authority === undefined || isIssuerOver(authority, nowMs)) continue;
      const issuer = authority.role;
      const body = { issuer, issuerKeyId, shard, number, nextUpdate: new Date(nextUpdateMs).toISOString() };
      log.error(body, alarm === 'late' ? 'a revocation list is late' : 'a revocation list is out of date');
      await store.transaction(async (tx) => {
        await fence(tx);
        await writeOutbox(tx, { kind: `crl.${alarm}`, subject: issuerKeyId, body }, nowMs);
      });
      if (this.#told.size >= TOLD_MAX) this.#told.clear();
      this.#told.add(key);
    }
  }
}

const TOLD_MAX = 10_000;
