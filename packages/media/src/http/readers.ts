import { AppError } from '@sekisho/core/errors.ts';
import type { HostId, RepositoryName } from '@sekisho/core/ids.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';

interface Reading {
  readonly hostId: HostId;
  readonly repository: RepositoryName;
}

/** P-14 Answers that a host gets from a repository of another, by a grant: read only, and cut when the grant ends. */
export class Readers {
  readonly #mayRead: (hostId: HostId, repository: RepositoryName) => boolean;
  readonly #running = new Map<ServerResponse, Reading>();

  constructor(mayRead: ((hostId: HostId, repository: RepositoryName) => boolean) | undefined) {
    this.#mayRead = mayRead ?? (() => false);
  }

  /** Lets a request in. @throws AppError REPOSITORY_OTHER_HOST without a grant, REPOSITORY_READ_ONLY for anything but reading */
  enter(reading: Reading, request: IncomingMessage, response: ServerResponse): void {
    const { hostId, repository } = reading;
    if (!this.#mayRead(hostId, repository)) throw new AppError('REPOSITORY_OTHER_HOST', { repository });
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new AppError('REPOSITORY_READ_ONLY', { repository });
    this.#running.set(response, reading);
    response.once('close', () => this.#running.delete(response));
  }

  /** Cuts the answers whose grant ended meanwhile; how many. */
  cutUngranted(): number {
    let cut = 0;
    for (const [response, { hostId, repository }] of this.#running) {
      if (this.#mayRead(hostId, repository)) continue;
      response.destroy();
      cut += 1;
    }
    return cut;
  }
}
