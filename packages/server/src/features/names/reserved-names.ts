import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { judgeName, type ReservedName } from '@sekisho/core/rules/naming.ts';
import type { ChangeFeed } from '../../store/change-feed.ts';
import type { Store } from '../../store/store.ts';
import { z } from 'zod';
import { listStoredApplications } from '../applications/application-rows.ts';
import { mediaSettings } from '../hosts/host-rows.ts';

const listedServers = z.array(z.object({ address: z.string() }));

/**
 * T-31 Names that are never mapped by themselves, in memory: addresses of management servers, endpoints of media servers, virtual names
 * of clusters and applications, registered hosts that have not come yet.
 */
export class ReservedNames {
  readonly #store: Store;
  readonly #serverHostId: HostId;
  #servers = new Map<string, readonly HostId[]>();
  #endpoints = new Map<string, readonly HostId[]>();
  #registered = new Set<string>();
  #clusters = new Set<string>();
  /** T-34: virtual names of applications, with the hosts that an administrator mapped them to. */
  #applications = new Map<string, readonly HostId[]>();

  constructor(store: Store, serverHostId: HostId) {
    this.#store = store;
    this.#serverHostId = serverHostId;
  }

  async start(feed: ChangeFeed): Promise<void> {
    feed.subscribeMany(
      ['host', 'known-host', 'document', 'cluster', 'application'],
      async (changes) => {
        const hosts = changes.filter(({ kind }) => kind === 'host');
        if (hosts.length > 0 && (await this.#concernsMedia(hosts.map(({ key }) => key))))
          await this.#readEndpoints();
        const registered = changes.filter(({ kind }) => kind === 'known-host').map(({ key }) => key);
        if (registered.length > 0) await this.#readRegistered(registered);
        if (changes.some(({ kind }) => kind === 'cluster')) await this.#readClusters();
        if (changes.some(({ kind }) => kind === 'application')) await this.#readApplications();
        if (changes.some(({ kind, key }) => kind === 'document' && key.startsWith('list/')))
          await this.#readServers();
      },
      () => this.#fill(),
    );
    await this.#fill();
  }

  /** Of a canonical name; what no host may be called (a loopback address) by its text. */
  find(name: string): ReservedName | undefined {
    const servers = this.#servers.get(name);
    const media = this.#endpoints.get(name);
    if (servers !== undefined) return { for: 'management-server', hostIds: [...servers, ...(media ?? [])] };
    if (media !== undefined) return { for: 'media-server', hostIds: media };
    if (this.#clusters.has(name)) return { for: 'cluster', hostIds: [] };
    const nodes = this.#applications.get(name);
    if (nodes !== undefined) return { for: 'cluster', hostIds: nodes };
    if (this.#registered.has(name)) return { for: 'registered-host', hostIds: [] };
    return undefined;
  }

  async #fill(): Promise<void> {
    await this.#readServers();
    await this.#readEndpoints();
    await this.#readClusters();
    await this.#readApplications();
    this.#registered.clear();
    await this.#readRegistered(undefined);
  }

  /** Of every installation of the domain. */
  async #readServers(): Promise<void> {
    const rows = await this.#store.db.selectFrom('server_lists').select('servers').execute();
    const servers = rows.flatMap((row) => listedServers.parse(JSON.parse(row.servers)));
    this.#servers = new Map(servers.map(({ address }) => [reservedKey(address), [this.#serverHostId]]));
  }

  /** Enrolments change hosts all the time; media servers are few. */
  async #concernsMedia(ids: readonly string[]): Promise<boolean> {
    const known = new Set<string>([...this.#endpoints.values()].flat());
    if (ids.some((id) => known.has(id))) return true;
    const row = await this.#store.db
      .selectFrom('hosts')
      .select('id')
      .where('media_since_ms', 'is not', null)
      .where('id', 'in', [...new Set(ids)].slice(0, IDS_PER_QUERY_MAX))
      .limit(1)
      .executeTakeFirst();
    return row !== undefined || ids.length > IDS_PER_QUERY_MAX;
  }

  async #readEndpoints(): Promise<void> {
    const rows = await this.#store.db
      .selectFrom('hosts')
      .select(['id', 'media'])
      .where('media_since_ms', 'is not', null)
      .orderBy('id')
      .execute();
    const endpoints = new Map<string, HostId[]>();
    for (const row of rows) {
      const id = parseHostId(row.id);
      if (id === undefined) continue;
      for (const { address } of mediaSettings.parse(JSON.parse(row.media ?? '{}')).endpoints) {
        const key = reservedKey(address);
        const ids = endpoints.get(key) ?? [];
        if (!ids.includes(id)) ids.push(id);
        endpoints.set(key, ids);
      }
    }
    this.#endpoints = endpoints;
  }

  async #readClusters(): Promise<void> {
    const rows = await this.#store.db.selectFrom('clusters').select('name').execute();
    this.#clusters = new Set(rows.map(({ name }) => name));
  }

  async #readApplications(): Promise<void> {
    const mappings = await listStoredApplications(this.#store.db);
    this.#applications = new Map(mappings.map(({ name, hosts }) => [name, hosts]));
  }

  /** Undefined: all. */
  async #readRegistered(names: readonly string[] | undefined): Promise<void> {
    for (let from = 0; from < (names?.length ?? 1); from += IDS_PER_QUERY_MAX) {
      const part = names?.slice(from, from + IDS_PER_QUERY_MAX);
      let query = this.#store.db.selectFrom('known_hosts').select('name').where('used_at_ms', 'is', null);
      if (part !== undefined) query = query.where('name', 'in', part);
      const rows = await query.execute();
      for (const name of part ?? []) this.#registered.delete(name);
      for (const { name } of rows) this.#registered.add(name);
    }
  }
}

const IDS_PER_QUERY_MAX = 200;

/** The canonical form; for what is no name of a host (a loopback address) the text in lower case. */
export const reservedKey = (raw: string): string => {
  const judged = judgeName(raw);
  return judged.allow ? judged.name : raw.toLowerCase();
};
