import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import type { RenewalInformation } from '@sekisho/core/wire/agent.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { renewalInformationOf } from '../certificates/renewal-rows.ts';

/** The key of a change that concerns many hosts. */
export const MANY_HOSTS = '';
/** Hosts whose rows are read one by one; of more, all are. */
const READ_SINGLY_MAX = 20;

/** T-09 Renewal information in memory, so that no heartbeat asks the store: the few hosts that are told something are here. */
export class RenewalBoard {
  readonly #store: Store;
  readonly #clock: Clock;
  #told = new Map<HostId, RenewalInformation>();

  constructor(parts: { store: Store; clock: Clock }) {
    this.#store = parts.store;
    this.#clock = parts.clock;
  }

  /** Fills the board and follows changes; before anybody else who hears of them. */
  async start(feed: ChangeFeed): Promise<void> {
    feed.subscribeMany(
      ['renewal'],
      async (changes) => {
        const ids = new Set(changes.map(({ key }) => parseHostId(key)));
        if (ids.size > READ_SINGLY_MAX || ids.has(undefined)) await this.#read(undefined);
        else for (const id of ids) await this.#read(id);
      },
      () => this.#read(undefined),
    );
    await this.#read(undefined);
  }

  /** What this host is to be told about that certificate (hex fingerprint), or undefined. */
  of(hostId: HostId, fingerprint: string): RenewalInformation | undefined {
    const told = this.#told.get(hostId);
    return told?.fingerprint === fingerprint ? told : undefined;
  }

  /** What this host is to be told, whichever certificate it shows. */
  get(hostId: HostId): RenewalInformation | undefined {
    return this.#told.get(hostId);
  }

  get size(): number {
    return this.#told.size;
  }

  async #read(hostId: HostId | undefined): Promise<void> {
    const found = await renewalInformationOf(this.#store.db, this.#clock.nowMs(), hostId);
    if (hostId === undefined) {
      this.#told = found;
      return;
    }
    const told = found.get(hostId);
    if (told === undefined) this.#told.delete(hostId);
    else this.#told.set(hostId, told);
  }
}
