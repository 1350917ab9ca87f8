import { AppError } from '@sekisho/core/errors.ts';
import { parseRepositoryName, repositoryOwner, type HostId, type RepositoryName } from '@sekisho/core/ids.ts';
import { TRASH_KEEP_MS } from '@sekisho/core/limits.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { makePrivateFolder } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readdir } from 'node:fs/promises';
import { EVENT_RETRY_MS, REPOSITORIES_PER_HOST_MAX } from '../limits.ts';
import type { MediaEvent, MediaEventName } from '../media-event.ts';
import { HostQuotas } from './host-quotas.ts';
import { Repository } from './repository.ts';
import { measureSpace, SpaceWatch, type MeasureSpace } from './space-watch.ts';

export interface MediaStoreOptions {
  readonly folder: string;
  readonly quotaBytesPerHost: () => number | null;
  readonly onEvent: (event: MediaEvent) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The disk's figures; tests inject others. */
  readonly measureSpace?: MeasureSpace;
}

/** All repositories of one media server in a local folder. One process at a time uses the folder. */
export class MediaStore {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly space: SpaceWatch;
  readonly quotas: HostQuotas;
  readonly #folder: string;
  readonly #onEvent: MediaStoreOptions['onEvent'];
  readonly #repositories = new Map<RepositoryName, Promise<Repository>>();
  readonly #names = new Set<RepositoryName>();
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  private constructor(options: MediaStoreOptions) {
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.#folder = options.folder;
    this.#onEvent = options.onEvent;
    const tell = (event: MediaEventName, detail: Record<string, string | number>): void => {
      this.tell(event, detail);
    };
    this.space = new SpaceWatch(options.folder, options.measureSpace ?? measureSpace, tell);
    this.quotas = new HostQuotas(options.quotaBytesPerHost, (hostId) => this.#ofHost(hostId), tell);
  }

  /**
   * Opens every repository (which cleans up after a crash), and tells what the server may not know yet. One that can't be
   * opened is tried again when it is asked for, and keeps none of the others from being served.
   */
  static async open(options: MediaStoreOptions): Promise<MediaStore> {
    await makePrivateFolder(options.folder);
    const store = new MediaStore(options);
    for (const entry of await readdir(options.folder)) {
      const name = parseRepositoryName(entry);
      if (name === undefined) continue;
      store.#names.add(name);
      await store.get(name).catch((error: unknown) => {
        options.log.error({ error, repository: name }, 'a repository cannot be opened');
      });
    }
    await store.tellUntold();
    return store;
  }

  names(): RepositoryName[] {
    return [...this.#names];
  }

  async find(name: RepositoryName): Promise<Repository | undefined> {
    return this.#names.has(name) ? this.get(name) : undefined;
  }

  /** The repository, or REPOSITORY_UNKNOWN. */
  get(name: RepositoryName): Promise<Repository> {
    if (!this.#names.has(name))
      return Promise.reject(new AppError('REPOSITORY_UNKNOWN', { repository: name }));
    let opened = this.#repositories.get(name);
    if (opened === undefined) {
      const nowMs = this.clock.nowMs();
      opened = Repository.open(this.#folder, name, { nowMs, forgetBeforeMs: nowMs - TRASH_KEEP_MS });
      this.#repositories.set(name, opened);
      opened.catch(() => this.#repositories.delete(name));
    }
    return opened;
  }

  /** Makes the repository, or finds it. A host may have only so many. */
  createOf(hostId: HostId, name: RepositoryName): Promise<Repository> {
    const owned = this.names().filter((other) => repositoryOwner(other) === hostId);
    if (!this.#names.has(name) && owned.length >= REPOSITORIES_PER_HOST_MAX)
      return Promise.reject(new AppError('REPOSITORIES_TOO_MANY', { limit: REPOSITORIES_PER_HOST_MAX }));
    return this.create(name);
  }

  /** Makes the repository, or finds it, without a limit: on the administrator's behalf. */
  create(name: RepositoryName): Promise<Repository> {
    this.#names.add(name);
    return this.get(name);
  }

  /** Tells the server of a snapshot that is on the disk; what fails is told again later and after a restart. */
  async tellSnapshot(
    repository: Repository,
    snapshotId: Parameters<Repository['journal']['receive']>[0],
  ): Promise<void> {
    const receivedAtMs = repository.journal.received().get(snapshotId);
    if (receivedAtMs === undefined) return;
    try {
      await this.#onEvent({ kind: 'snapshot', repository: repository.name, snapshotId, receivedAtMs });
      await repository.journal.markTold(snapshotId, this.clock.nowMs());
    } catch (error) {
      this.log.warn({ error, repository: repository.name, snapshotId }, 'snapshot not told yet');
      this.#retryLater();
    }
  }

  async tellUntold(): Promise<void> {
    for (const opening of this.#repositories.values()) {
      const repository = await opening;
      for (const { snapshotId } of repository.journal.untold())
        await this.tellSnapshot(repository, snapshotId);
    }
  }

  /** Tells an event; its loss is logged, never the client's problem. */
  tell(event: MediaEventName, detail: Record<string, string | number>): void {
    this.log.warn({ event, ...detail }, 'media server event');
    this.#onEvent({ kind: 'event', event, atMs: this.clock.nowMs(), detail }).catch((error: unknown) => {
      this.log.error({ error, event }, 'event could not be kept');
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    for (const opening of this.#repositories.values()) await (await opening.catch(() => undefined))?.close();
  }

  async #ofHost(hostId: HostId): Promise<Repository[]> {
    return Promise.all(
      this.names()
        .filter((name) => repositoryOwner(name) === hostId)
        .map((name) => this.get(name)),
    );
  }

  #retryLater(): void {
    if (this.#closed || this.#cancelRetry !== undefined) return;
    this.#cancelRetry = this.clock.timer(EVENT_RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.tellUntold().catch((error: unknown) => {
        this.log.error({ error }, 'snapshots could not be told');
      });
    });
  }
}
