import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { REQUESTS_PER_HOST_MAX, UPLOADS_PER_HOST_MAX } from '../limits.ts';

const RETRY_SECONDS = 5;

/** How many requests and uploads of one host may run at once. */
export class HostLimits {
  readonly #running = new Map<HostId, { requests: number; uploads: number }>();

  /** Lets a request in, or refuses with RATE_LIMITED. Call the result when it has been answered. */
  enter(hostId: HostId, upload: boolean): () => void {
    const running = this.#running.get(hostId) ?? { requests: 0, uploads: 0 };
    if (running.requests >= REQUESTS_PER_HOST_MAX || (upload && running.uploads >= UPLOADS_PER_HOST_MAX))
      throw new AppError('RATE_LIMITED', { retrySeconds: RETRY_SECONDS });
    running.requests += 1;
    if (upload) running.uploads += 1;
    this.#running.set(hostId, running);
    return () => {
      running.requests -= 1;
      if (upload) running.uploads -= 1;
      if (running.requests === 0) this.#running.delete(hostId);
    };
  }
}
