import type { Log } from '@sekisho/platform/log.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { countIssued, listShards } from './crl-shards.store.ts';
import { OCSP_PATH } from './crl-path.ts';

/** What a certificate says of its revocation: the shard it is in, and where to ask. */
export interface OpenShard {
  readonly shard: number;
  readonly crlUrls: readonly string[];
  readonly ocspUrls: readonly string[];
}

/** The open shard of each issuer, in memory: an issuance asks no database for it. */
export class CrlShards {
  readonly #store: Store;
  readonly #log: Log;
  #open = new Map<string, OpenShard>();
  /** Certificates that were issued here since the last `flush`. */
  #issued = new Map<OpenShard, { issuerKeyId: string; issued: number }>();

  constructor(parts: { store: Store; log: Log }) {
    this.#store = parts.store;
    this.#log = parts.log;
  }

  /** Fills it; the feed runs already. */
  async start(feed: ChangeFeed): Promise<void> {
    const fill = (): Promise<void> => this.#fill();
    feed.subscribeMany(['crl'], fill, fill);
    await fill();
  }

  /** The shard into which certificates of this issuer go now. */
  current(issuerKeyId: string): OpenShard {
    const open = this.#open.get(issuerKeyId);
    if (open === undefined) throw new Error(`the issuer ${issuerKeyId} has no open shard`);
    return open;
  }

  /** A certificate was issued into it. */
  note(issuerKeyId: string, shard: OpenShard): void {
    const known = this.#issued.get(shard);
    if (known === undefined) this.#issued.set(shard, { issuerKeyId, issued: 1 });
    else known.issued += 1;
  }

  /** Writes how many were issued: about right is enough, since it only says when the next shard is opened. */
  async flush(): Promise<void> {
    const counted = this.#issued;
    this.#issued = new Map();
    for (const [{ shard }, { issuerKeyId, issued }] of counted)
      await countIssued(this.#store.db, { issuerKeyId, shard, issued });
  }

  async #fill(): Promise<void> {
    const open = new Map<string, OpenShard>();
    for (const row of await listShards(this.#store.db)) {
      if (row.closedAtMs !== null || row.shard === 0) continue;
      const known = this.#open.get(row.issuerKeyId);
      // the same object for the same shard: what is encoded of it is kept beside it
      open.set(row.issuerKeyId, known?.shard === row.shard ? known : openShard(row.shard, row.uris));
      if (known !== undefined && known.shard !== row.shard)
        this.#log.info(
          { issuerKeyId: row.issuerKeyId, shard: row.shard },
          'a new shard of revocation lists is open',
        );
    }
    this.#open = open;
  }
}

/** What certificates of an open shard say. */
export const openShard = (shard: number, uris: readonly string[]): OpenShard => ({
  shard,
  crlUrls: uris,
  ocspUrls: [...new Set(uris.map((uri) => new URL(OCSP_PATH, uri).href))],
});
