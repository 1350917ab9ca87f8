import { parseHostId, type HostId, type Sha256Hex } from '@sekisho/core/ids.ts';
import { isRevokedAt } from '@sekisho/core/rules/revocation.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import {
  certificatesOfHost,
  eachCertificate,
  findCertificates,
  type CertificateRow,
} from '../certificates/certificate-rows.ts';

/** What is asked per request (T-42): whose certificate it is, and whether it still counts at this moment. */
export interface RegistryEntry {
  readonly hostId: HostId;
  readonly issuerKeyId: string;
  readonly serial: string;
  readonly notAfterMs: number;
  readonly revoked: boolean;
}

/** All host certificates that have not expired, in memory: filled from the store, moved on by the change feed. */
export class CertificateRegistry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #rows = new Map<string, CertificateRow>();
  readonly #used = new Set<Sha256Hex>();
  #onFirstUse: (fingerprint: Sha256Hex) => void = () => undefined;
  #onRevocation: (hostId: HostId) => void = () => undefined;

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
  }

  /** Fills it; the feed runs already. */
  async start(feed: ChangeFeed): Promise<void> {
    feed.subscribeMany(
      ['certificate', 'revocation'],
      async (changes) => {
        const keysOf = (wanted: 'certificate' | 'revocation'): string[] =>
          changes.filter(({ kind }) => kind === wanted).map(({ key }) => key);
        for (const row of await findCertificates(this.#store.db, keysOf('certificate'))) this.#put(row);
        for (const key of keysOf('revocation')) await this.refreshHost(key);
      },
      () => this.#fill(),
    );
    await this.#fill();
  }

  lookup(fingerprint: Sha256Hex): RegistryEntry | undefined {
    const row = this.#rows.get(fingerprint);
    if (row === undefined) return undefined;
    return {
      hostId: row.hostId,
      issuerKeyId: row.issuerKeyId,
      serial: row.serial,
      notAfterMs: row.notAfterMs,
      revoked: isRevokedAt(row, this.#clock.nowMs()),
    };
  }

  /** Does the certificate with this fingerprint count at that moment? The same as `lookup`, for whoever asks of all hosts. */
  counts(fingerprint: string, nowMs: number): boolean {
    const row = this.#rows.get(fingerprint);
    return row !== undefined && row.notAfterMs > nowMs && !isRevokedAt(row, nowMs);
  }

  /** The key that signed the certificate with this fingerprint. */
  issuerOf(fingerprint: string): string | undefined {
    return this.#rows.get(fingerprint)?.issuerKeyId;
  }

  /** Hosts that have a certificate which counts at this moment; all of them are looked at. */
  certifiedHosts(): Set<HostId> {
    const nowMs = this.#clock.nowMs();
    const found = new Set<HostId>();
    for (const row of this.#rows.values()) if (this.counts(row.fingerprint, nowMs)) found.add(row.hostId);
    return found;
  }

  /** A verified request came with it: at the first one of a reissued certificate its predecessor goes (T-14). */
  noteUse(fingerprint: Sha256Hex): void {
    const row = this.#rows.get(fingerprint);
    if (row === undefined || row.replaces === null || row.firstUsedAtMs !== null) return;
    if (this.#used.has(fingerprint)) return;
    this.#used.add(fingerprint);
    this.#onFirstUse(fingerprint);
  }

  /** The first use could not be recorded: the next request tries again. */
  forgetUse(fingerprint: Sha256Hex): void {
    this.#used.delete(fingerprint);
  }

  /** Reads a host's certificates anew; every revocation ends here, in whichever process it was decided. */
  async refreshHost(key: string): Promise<void> {
    const hostId = parseHostId(key);
    if (hostId === undefined) return;
    let found: HostId | undefined;
    for (const row of await certificatesOfHost(this.#store.db, hostId)) {
      this.#put(row);
      found = row.hostId;
    }
    if (found !== undefined) this.#onRevocation(found);
  }

  /** One listener each: main.ts wires them. */
  listen(listeners: {
    onFirstUse: (fingerprint: Sha256Hex) => void;
    onRevocation: (hostId: HostId) => void;
  }): void {
    this.#onFirstUse = listeners.onFirstUse;
    this.#onRevocation = listeners.onRevocation;
  }

  /** Forgets what has expired; returns how many. */
  prune(): number {
    const nowMs = this.#clock.nowMs();
    let pruned = 0;
    for (const [fingerprint, row] of this.#rows) {
      if (row.notAfterMs >= nowMs) continue;
      this.#rows.delete(fingerprint);
      this.#used.delete(row.fingerprint);
      pruned += 1;
    }
    return pruned;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** What the database does not have any more, after a failover that lost it, counts for nothing in any process. */
  async #fill(): Promise<void> {
    const gone = new Set(this.#rows.keys());
    await eachCertificate(this.#store, this.#clock.nowMs(), (row) => {
      this.#put(row);
      gone.delete(row.fingerprint);
    });
    for (const fingerprint of gone) this.#rows.delete(fingerprint);
  }

  /** A revocation is final: a row that was read before it, and comes after it, does not take it back. */
  #put(row: CertificateRow): void {
    const known = this.#rows.get(row.fingerprint);
    if (known !== undefined && stepsToEnd(known) < stepsToEnd(row)) return;
    this.#rows.set(row.fingerprint, row);
  }
}

/** A certificate is good, then perhaps to be revoked at a set time, then revoked; never back. */
const stepsToEnd = (row: CertificateRow): number => {
  if (row.revokedAtMs !== null) return 0;
  return row.revokeDueAtMs !== null ? 1 : 2;
};
