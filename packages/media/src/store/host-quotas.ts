import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import type { MediaEventName } from '../media-event.ts';
import type { Repository } from './repository.ts';

/** A host that was over its quota is told of again only after it was this far below it. */
const REARM_SHARE = 0.95;

/** Counts what a host's repositories hold together against its quota. */
export class HostQuotas {
  readonly #quotaBytes: () => number | null;
  readonly #repositoriesOf: (hostId: HostId) => Promise<Repository[]>;
  readonly #tell: (event: MediaEventName, detail: Record<string, string | number>) => void;
  readonly #reserved = new Map<HostId, number>();
  readonly #exceeded = new Set<HostId>();

  constructor(
    quotaBytes: () => number | null,
    repositoriesOf: (hostId: HostId) => Promise<Repository[]>,
    tell: (event: MediaEventName, detail: Record<string, string | number>) => void,
  ) {
    this.#quotaBytes = quotaBytes;
    this.#repositoriesOf = repositoriesOf;
    this.#tell = tell;
  }

  /** Reserves room for an upload, or refuses with REPOSITORY_QUOTA. Call the result when the upload has ended. */
  async reserve(hostId: HostId, lengthBytes: number): Promise<() => void> {
    const quotaBytes = this.#quotaBytes();
    if (quotaBytes === null) return () => undefined;
    const storedBytes = await this.storedBytes(hostId);
    const usedBytes = storedBytes + (this.#reserved.get(hostId) ?? 0);
    if (usedBytes + lengthBytes > quotaBytes) {
      if (!this.#exceeded.has(hostId)) {
        this.#exceeded.add(hostId);
        this.#tell('repository-quota', { hostId, usedBytes, quotaBytes });
      }
      throw new AppError('REPOSITORY_QUOTA', { usedBytes, quotaBytes });
    }
    if (usedBytes + lengthBytes < quotaBytes * REARM_SHARE) this.#exceeded.delete(hostId);
    this.#change(hostId, lengthBytes);
    return () => {
      this.#change(hostId, -lengthBytes);
    };
  }

  async storedBytes(hostId: HostId): Promise<number> {
    let total = 0;
    for (const repository of await this.#repositoriesOf(hostId)) total += await repository.bytes();
    return total;
  }

  #change(hostId: HostId, difference: number): void {
    const reserved = (this.#reserved.get(hostId) ?? 0) + difference;
    if (reserved > 0) this.#reserved.set(hostId, reserved);
    else this.#reserved.delete(hostId);
  }
}
