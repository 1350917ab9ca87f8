import { AppError, type Refusal } from '@sekisho/core/errors.ts';
import type { HostId, Sha256Hex } from '@sekisho/core/ids.ts';
import { decideLegacy } from '@sekisho/core/rules/legacy.ts';
import { printable } from '@sekisho/core/rules/naming.ts';
import { HOUR_MS, type Clock } from '@sekisho/core/time.ts';
import type { LegacyKind } from '@sekisho/core/wire/legacy-kinds.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import type { DbOrTx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { RefusalBook } from '../audit/refusal-book.ts';
import { newestCertificates } from '../certificates/certificate-rows.ts';
import { AttemptLimits } from '../issuance/attempt-limits.ts';
import { SECURITY_CHANGE_KEY, type SecurityCache } from '../security/security-cache.ts';
import {
  endLegacy,
  findLegacyHost,
  findLegacyHostByName,
  legacyIds,
  namesOfLegacy,
  secureOwnerOf,
  type LegacyHostRow,
} from './legacy-rows.ts';

/** Refused keys of one address in ten minutes, under whatever names: many hosts may be behind it, each with its own bound. */
export const REFUSED_KEYS_PER_ADDRESS_MAX = 200;
/** That a host came in is written once in this time, for each address and each way. */
export const LET_IN_TOLD_EVERY_MS = HOUR_MS;
/** Hosts and addresses of which that is remembered. */
export const LET_IN_REMEMBERED_MAX = 20_000;

export interface LegacyDeskParts {
  readonly store: Store;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  readonly log: Log;
  readonly security: SecurityCache;
  readonly refusals: RefusalBook;
  /** T-54: the one that the configuration names. */
  readonly reportingCollector: string | undefined;
}

/** Who wants to come in. */
export interface LegacyCaller {
  readonly as: LegacyKind;
  /** As it was said. */
  readonly name: string;
  readonly keySha256: Sha256Hex;
  /** In canonical text. */
  readonly address: string;
  /** The media server that says so: it may say any address. */
  readonly askedBy?: HostId;
}

/**
 * T-50 Lets hosts without a certificate in, or not: the rule out of memory as far as it goes, each refusal and each first coming in the
 * audit log. It holds the plain connections, and cuts them when the setting goes off or the host is let in no more (T-51).
 */
export class LegacyDesk {
  readonly #parts: LegacyDeskParts;
  readonly #limits: AttemptLimits;
  readonly #sockets = new Map<Socket, HostId>();
  readonly #toldMs = new Map<string, number>();
  #ids: ReadonlySet<HostId> = new Set();

  constructor(parts: LegacyDeskParts) {
    this.#parts = parts;
    this.#limits = new AttemptLimits(parts.clock, REFUSED_KEYS_PER_ADDRESS_MAX);
  }

  /** The feed runs already, and the settings follow it. */
  async start(): Promise<void> {
    const { feed, store } = this.#parts;
    const fill = async (): Promise<void> => {
      this.#ids = new Set(await legacyIds(store.db));
    };
    feed.subscribe(
      ['legacy', 'settings', 'revocation', 'host'],
      async ({ kind, key }) => {
        if (kind === 'settings') {
          if (key === SECURITY_CHANGE_KEY && !this.isOn) this.cutAll();
          return;
        }
        if (kind === 'host' && ![...this.#ids].some((id) => id === key)) return;
        this.#cut(key);
        if (kind !== 'revocation') await fill();
      },
      fill,
    );
    await fill();
  }

  get isOn(): boolean {
    return this.#parts.security.current().insecureCommunication;
  }

  /** Does any host speak the plain protocol? */
  get hasHosts(): boolean {
    return this.#ids.size > 0;
  }

  /** Refusals: INSECURE_COMMUNICATION_OFF, RATE_LIMITED: before anything of a request is looked at. */
  enter(address: string, askedBy?: HostId): void {
    if (!this.isOn) {
      this.#note(address, 'unknown', 'INSECURE_COMMUNICATION_OFF');
      throw new AppError('INSECURE_COMMUNICATION_OFF');
    }
    this.#limits.takeFrom(address, askedBy);
  }

  /** The host behind a caller. @throws AppError the refusal of `decideLegacy`, and RATE_LIMITED for who guesses keys */
  async require(caller: LegacyCaller): Promise<LegacyHostRow> {
    // who comes to the plain port itself has entered there
    if (caller.askedBy !== undefined) this.enter(caller.address, caller.askedBy);
    const { store } = this.#parts;
    const name = caller.name.toLowerCase();
    this.#limits.requireClaim(name, caller.address, caller.askedBy);
    const row = await findLegacyHostByName(store.db, name);
    const refusal = await this.refusalOf(store.db, row, caller);
    if (refusal !== undefined || row === undefined) {
      const { code, params } = refusal ?? { code: 'LEGACY_KEY_REFUSED' as const, params: {} };
      if (code === 'LEGACY_KEY_REFUSED') this.#limits.claimRefused(name, caller.address, caller.askedBy);
      this.#note(caller.address, name, code);
      throw new AppError(code, params);
    }
    await this.#tellLetIn(row, caller);
    return row;
  }

  /** What the rule says against this host now; undefined: nothing. A media server shows no key: it is dialled. */
  async refusalOf(
    db: DbOrTx,
    row: LegacyHostRow | undefined,
    caller: Pick<LegacyCaller, 'as' | 'name' | 'address'> & { readonly keySha256?: Sha256Hex },
  ): Promise<Refusal | undefined> {
    const { security, reportingCollector } = this.#parts;
    const known = row === undefined ? [] : await namesOfLegacy(db, row.hostId);
    const names = new Set([...known, caller.name.toLowerCase(), caller.address.toLowerCase()]);
    const certificate =
      row === undefined ? undefined : (await newestCertificates(db, [row.hostId])).get(row.hostId);
    const decision = decideLegacy({
      insecureCommunication: security.current().insecureCommunication,
      as: caller.as,
      address: caller.address,
      host:
        row === undefined
          ? undefined
          : { ...row, revoked: certificate !== undefined && certificate.revokedAtMs !== null },
      keyMatches: caller.as === 'media' || sameKey(row?.keySha256 ?? null, caller.keySha256),
      secureOwner: await secureOwnerOf(db, [...names], row?.hostId),
      reportingCollector: reportingCollector?.toLowerCase(),
    });
    return decision.allow ? undefined : decision;
  }

  /** T-53 May an agent talk to this legacy media server in plain, now? @throws AppError the refusal */
  async requireMedia(hostId: HostId, dialled: string, askedBy: HostId): Promise<LegacyHostRow> {
    const { store } = this.#parts;
    const row = await findLegacyHost(store.db, hostId);
    const name = row?.name ?? hostId;
    const caller = { as: 'media', name, address: dialled } as const;
    const refusal = await this.refusalOf(store.db, row, caller);
    if (refusal !== undefined || row === undefined) {
      const { code, params } = refusal ?? { code: 'LEGACY_KEY_REFUSED' as const, params: {} };
      this.#note(askedBy, name, code);
      throw new AppError(code, params);
    }
    await this.#tellLetIn(row, { ...caller, address: askedBy });
    return row;
  }

  /** A plain connection that belongs to a legacy host: it ends with the host's being let in. */
  hold(socket: Socket, hostId: HostId): void {
    if (!this.isOn) {
      socket.destroy(); // turned off while it was looked up
      return;
    }
    if (!this.#sockets.has(socket)) socket.once('close', () => this.#sockets.delete(socket));
    this.#sockets.set(socket, hostId);
  }

  /** Ends every plain connection of a legacy host; how many there were. */
  cutAll(): number {
    const cut = this.#sockets.size;
    for (const socket of this.#sockets.keys()) socket.destroy();
    if (cut > 0) this.#parts.log.warn({ cut }, 'connections of legacy hosts were cut');
    return cut;
  }

  /** A host has shown a certificate: if it was a legacy host, it is none any more (T-52). */
  async noteSecure(hostId: HostId, origin: string): Promise<void> {
    if (!this.#ids.has(hostId)) return;
    const { store, clock, feed } = this.#parts;
    const ended = await store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      if (!(await endLegacy(tx, hostId, nowMs))) return false;
      const detail = { secureSinceMs: nowMs };
      await recordAudit(
        tx,
        { act: 'end-legacy', actor: hostId, origin, subject: hostId, outcome: 'done', detail },
        nowMs,
      );
      return true;
    });
    if (ended) await feed.catchUp();
  }

  #cut(hostId: string): void {
    for (const [socket, owner] of this.#sockets) if (owner === hostId) socket.destroy();
  }

  #note(origin: string, name: string, code: string): void {
    const subject = printable(name);
    this.#parts.refusals.note({ act: 'connect-legacy', actor: 'unknown', origin, subject, code });
  }

  async #tellLetIn(row: LegacyHostRow, { as, address }: Pick<LegacyCaller, 'as' | 'address'>): Promise<void> {
    const { clock, store } = this.#parts;
    const key = `${row.hostId} ${as} ${address}`;
    const nowMs = clock.nowMs();
    const toldMs = this.#toldMs.get(key);
    if (toldMs !== undefined && nowMs - toldMs < LET_IN_TOLD_EVERY_MS) return;
    this.#toldMs.delete(key);
    this.#toldMs.set(key, nowMs);
    const oldest = this.#toldMs.size > LET_IN_REMEMBERED_MAX ? this.#toldMs.keys().next().value : undefined;
    if (oldest !== undefined) this.#toldMs.delete(oldest);
    const { name, hostId } = row;
    await store.transaction((tx) =>
      recordAudit(
        tx,
        {
          act: 'connect-legacy',
          actor: name,
          origin: address,
          subject: hostId,
          outcome: 'done',
          detail: { as },
        },
        nowMs,
      ),
    );
  }
}

function sameKey(known: Sha256Hex | null, shown: Sha256Hex | undefined): boolean {
  if (known === null || shown === undefined) return false;
  return timingSafeEqual(Buffer.from(known), Buffer.from(shown));
}
