import { AppError } from '@sekisho/core/errors.ts';
import { parsePlanId } from '@sekisho/core/ids.ts';
import { reachOf, type Principal } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { EventTopic, StreamEnd } from '@sekisho/core/wire/events.ts';
import type { Writable } from 'node:stream';
import type { ServerContext } from '../../context.ts';
import { startLoop, type Loop } from '../../loops/loop.ts';
import { isPlanWithin } from '../plans/plan-reach.ts';
import { findStoredPlan } from '../plans/read-plans.ts';
import { EventLog } from './event-log.ts';
import { EventStream } from './event-stream.ts';

/** Streams of one server process. */
export const EVENT_STREAMS_MAX = 256;
export const EVENT_STREAMS_PER_PRINCIPAL_MAX = 16;
/** Whoever listens is asked again who they are, at the latest after this. */
export const STREAM_RECHECK_MS = MINUTE_MS;

/** Asks again who listens; throws when they may no longer. */
export type Recheck = () => Promise<Principal>;

/** All event streams of this process: their number, who listens, and their end. */
export class EventStreams {
  readonly #context: ServerContext;
  readonly #log: EventLog;
  readonly #open = new Map<EventStream, Recheck>();
  readonly #stops: (() => void)[] = [];
  #recheck: Loop | undefined;
  #stopped = false;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#log = new EventLog(context);
  }

  /** Begins to follow what ends streams: changed accounts, and running jobs' figures for those that are open. */
  start(): void {
    const { feed, fleet, clock, log } = this.#context;
    const loop = startLoop({
      clock,
      log,
      name: 'event-streams',
      everyMs: STREAM_RECHECK_MS,
      run: () => this.#recheckAll(),
    });
    this.#recheck = loop;
    const recheckSoon = (): void => {
      if (this.#open.size > 0) loop.wake();
    };
    this.#stops.push(
      feed.subscribe(['administrator'], recheckSoon, recheckSoon),
      fleet.onProgress((id, hostId, progress) => {
        for (const stream of this.#open.keys()) stream.progress(id, hostId, progress);
      }),
    );
  }

  /** Streams that are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Is there room for one more? Refusals: SERVER_STOPPING, EVENT_STREAMS_TOO_MANY. */
  requireRoom(principal: Principal): void {
    if (this.#stopped) throw new AppError('SERVER_STOPPING');
    if (this.#open.size >= EVENT_STREAMS_MAX)
      throw new AppError('EVENT_STREAMS_TOO_MANY', { limit: EVENT_STREAMS_MAX });
    const own = [...this.#open.keys()].filter((one) => nameOf(one.principal) === nameOf(principal)).length;
    if (own >= EVENT_STREAMS_PER_PRINCIPAL_MAX)
      throw new AppError('EVENT_STREAMS_TOO_MANY', { limit: EVENT_STREAMS_PER_PRINCIPAL_MAX });
  }

  /** Serves one reader until the stream ends. */
  async serve(reader: {
    principal: Principal;
    recheck: Recheck;
    topics: ReadonlySet<EventTopic>;
    after: number | undefined;
    out: Writable;
  }): Promise<void> {
    const { store, clock, fleet } = this.#context;
    const stream = new EventStream(reader.principal, {
      log: this.#log,
      clock,
      topics: reader.topics,
      out: reader.out,
      groupOf: (hostId) => fleet.groupOf(hostId),
      mayReadPlan: async (principal, { data }) => {
        const id = 'id' in data ? parsePlanId(data.id) : undefined;
        const plan = id === undefined ? undefined : await findStoredPlan(store.db, id);
        return plan !== undefined && isPlanWithin(store.db, plan.spec, reachOf(principal, 'plan.read'));
      },
    });
    this.#open.set(stream, reader.recheck);
    try {
      await stream.run(reader.after);
    } finally {
      this.#open.delete(stream);
    }
  }

  /** Ends all of them: the feed is stale, or the server stops. */
  endAll(reason: StreamEnd): void {
    for (const stream of this.#open.keys()) stream.end(reason);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    this.endAll('stopping');
    this.#log.stop();
    await this.#recheck?.stop();
  }

  async #recheckAll(): Promise<void> {
    for (const [stream, recheck] of this.#open) {
      try {
        stream.principal = await recheck();
      } catch (error) {
        const isStale = error instanceof AppError && error.code === 'SERVER_STOPPING';
        stream.end(isStale ? 'stale' : 'signed-out');
      }
    }
  }
}

const nameOf = ({ kind, administratorId }: Principal): string =>
  `${kind === 'local'}:${administratorId ?? ''}`;
