import type { GroupId, HostId, JobId } from '@sekisho/core/ids.ts';
import { reachOf, reaches, type Principal } from '@sekisho/core/rules/rights.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { EventData, EventName, EventTopic, StreamEnd } from '@sekisho/core/wire/events.ts';
import type { JobProgress } from '@sekisho/core/wire/jobs.ts';
import type { Writable } from 'node:stream';
import type { EventLog } from './event-log.ts';
import { RIGHT_OF_TOPIC, type ToldEvent } from './resolve-changes.ts';

/** So often something is sent, so that both ends know that the other is there. */
export const STREAM_HEARTBEAT_MS = 15 * SECOND_MS;
/** Whoever takes nothing for so long is cut, and goes on later. */
export const STREAM_SLOW_MS = 30 * SECOND_MS;
/** What is not taken yet may be so long; more is not read until it was. */
export const STREAM_BUFFER_BYTES_MAX = 256 * 1024;
/** Figures of running jobs are sent no more often. */
export const STREAM_PROGRESS_MS = SECOND_MS / 2;
/** Running jobs whose figures wait; those of more are left out. */
export const STREAM_PROGRESS_JOBS_MAX = 1_000;

export interface EventStreamParts {
  readonly log: Pick<EventLog, 'after' | 'listen' | 'position' | 'isKnown'>;
  readonly clock: Clock;
  readonly topics: ReadonlySet<EventTopic>;
  readonly out: Writable;
  /** Is the plan of this event within the caller's reach? */
  readonly mayReadPlan: (principal: Principal, event: ToldEvent) => Promise<boolean>;
  readonly groupOf: (hostId: HostId) => GroupId | undefined;
}

/** One reader of events: takes from the log as fast as the reader takes, so nothing piles up but the rows themselves. */
export class EventStream {
  readonly #parts: EventStreamParts;
  readonly #progress = new Map<JobId, EventData<'job.progress'>>();
  #principal: Principal;
  #ended = false;
  #wake: () => void = () => undefined;
  #woken = false;
  #drained: (() => void) | undefined;
  #stopTimers: (() => void)[] = [];

  constructor(principal: Principal, parts: EventStreamParts) {
    this.#principal = principal;
    this.#parts = parts;
  }

  get principal(): Principal {
    return this.#principal;
  }

  /** Rights may change while the stream is open. */
  set principal(principal: Principal) {
    this.#principal = principal;
  }

  /** Sends until the stream ends; `after` is the last event that the reader has. */
  async run(after: number | undefined): Promise<void> {
    const { log, out } = this.#parts;
    const stopListening = await log.listen(() => this.#poke());
    const stop = (): void => this.#finish();
    out.once('close', stop);
    out.once('error', stop);
    try {
      this.#beat();
      this.#sendProgress();
      await this.#follow(after);
    } finally {
      stopListening();
      this.#finish();
    }
  }

  /** The newest figures of a running job; not told to whoever may not know of its host. */
  progress(id: JobId, hostId: HostId, progress: JobProgress): void {
    if (this.#ended || !this.#parts.topics.has('jobs')) return;
    if (!this.#progress.has(id) && this.#progress.size >= STREAM_PROGRESS_JOBS_MAX) return;
    this.#progress.set(id, { id, hostId, progress });
  }

  /** Says why, and ends. */
  end(reason: StreamEnd): void {
    if (this.#ended) return;
    this.#write('end', undefined, { reason });
    this.#finish();
  }

  async #follow(after: number | undefined): Promise<void> {
    const { log } = this.#parts;
    let position = after ?? log.position;
    if (after !== undefined && !(await log.isKnown(after))) {
      position = log.position;
      await this.#send('resync', position, { position });
    } else await this.#send('ready', position, { position });
    while (!this.#ended) {
      const batch = await log.after(position);
      if (batch.missed) await this.#send('resync', batch.position, { position: batch.position });
      for (const event of batch.events) {
        if (this.#ended) return;
        if (await this.#isVisible(event)) await this.#send(event.name, event.seq, event.data);
      }
      const isNew = batch.position !== position;
      position = batch.position;
      if (!isNew || position >= log.position) await this.#waitForMore(() => log.position > position);
    }
  }

  async #isVisible(event: ToldEvent): Promise<boolean> {
    if (!this.#parts.topics.has(event.topic)) return false;
    const reach = reachOf(this.#principal, RIGHT_OF_TOPIC[event.topic]);
    if (reach === 'domain') return true;
    if (reach.size === 0) return false;
    if (event.name === 'plan.changed') return this.#parts.mayReadPlan(this.#principal, event);
    return event.groupId !== null && reaches(reach, event.groupId);
  }

  async #send<Name extends EventName>(name: Name, seq: number, data: EventData<Name>): Promise<void> {
    if (this.#ended || this.#write(name, String(seq), data)) return;
    if (this.#parts.out.writableLength < STREAM_BUFFER_BYTES_MAX) return;
    await this.#waitForReader();
  }

  #write<Name extends EventName>(name: Name, id: string | undefined, data: EventData<Name>): boolean {
    const head = id === undefined ? '' : `id: ${id}\n`;
    return this.#parts.out.write(`${head}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Whoever takes nothing for too long is cut; the rows wait. */
  #waitForReader(): Promise<void> {
    const { out, clock } = this.#parts;
    return new Promise((resolve) => {
      const stopTimer = clock.timer(STREAM_SLOW_MS, () => {
        this.end('slow');
      });
      const done = (): void => {
        stopTimer();
        out.off('drain', done);
        this.#drained = undefined;
        resolve();
      };
      out.once('drain', done);
      this.#drained = done;
    });
  }

  #waitForMore(isThere: () => boolean): Promise<void> {
    if (this.#woken || this.#ended || isThere()) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#woken = false;
        this.#wake = () => undefined;
        resolve();
      };
    });
  }

  #poke(): void {
    this.#woken = true;
    this.#wake();
  }

  #beat(): void {
    if (this.#ended) return;
    if (!this.#parts.out.writableNeedDrain) this.#parts.out.write(':\n\n');
    this.#again(STREAM_HEARTBEAT_MS, () => this.#beat());
  }

  #sendProgress(): void {
    if (this.#ended) return;
    if (!this.#parts.out.writableNeedDrain) {
      const reach = reachOf(this.#principal, 'job.read');
      for (const data of this.#progress.values()) {
        const group = this.#parts.groupOf(data.hostId);
        if (reach === 'domain' || (group !== undefined && reaches(reach, group)))
          this.#write('job.progress', undefined, data);
      }
      this.#progress.clear();
    }
    this.#again(STREAM_PROGRESS_MS, () => this.#sendProgress());
  }

  #again(delayMs: number, call: () => void): void {
    const stop = this.#parts.clock.timer(delayMs, () => {
      this.#stopTimers = this.#stopTimers.filter((one) => one !== stop);
      call();
    });
    this.#stopTimers.push(stop);
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const stop of this.#stopTimers) stop();
    this.#drained?.();
    this.#poke();
    this.#parts.out.end();
  }
}
