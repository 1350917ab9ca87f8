import { z } from 'zod';
import { ROTATION_KINDS, ROTATION_PHASES } from '../rules/rotation.ts';
import { jobKind, jobProgress, jobState } from './jobs.ts';
import { count, groupId, hostId, jobId, planId, taskId } from './scalars.ts';
import { route } from './route.ts';
import { taskProgress, taskState } from './tasks.ts';

/** What can be followed. */
export const EVENT_TOPICS = ['jobs', 'hosts', 'plans', 'tasks', 'rotations'] as const;
export const eventTopic = z.enum(EVENT_TOPICS);
export type EventTopic = z.infer<typeof eventTopic>;

/** Why the server ends a stream. Whoever goes on sends the last ID again, except after `signed-out`. */
export const STREAM_ENDS = ['slow', 'signed-out', 'stale', 'stopping'] as const;
export const streamEnd = z.enum(STREAM_ENDS);
export type StreamEnd = z.infer<typeof streamEnd>;

/**
 * The events of a stream by their name. Those that have an ID are changes: each is sent at least once, in order, and says
 * which row to read anew. `job.progress` has none: only the newest counts.
 */
export const EVENTS = {
  /** The stream begins here. */
  ready: z.object({ position: count }),
  /** Changes were missed: read anew what is shown. */
  resync: z.object({ position: count }),
  'job.changed': z.object({ id: jobId, kind: jobKind, hostId, state: jobState }),
  'job.removed': z.object({ id: jobId }),
  'job.progress': z.object({ id: jobId, hostId, progress: jobProgress }),
  'host.changed': z.object({ id: hostId, group: groupId }),
  'plan.changed': z.object({ id: planId }),
  'task.changed': z.object({
    id: taskId,
    kind: z.string(),
    state: taskState,
    progress: taskProgress.nullable(),
  }),
  /** F-33: a step was done, a server process confirmed, somebody decided. */
  'rotation.changed': z.object({
    id: z.uuid(),
    kind: z.enum(ROTATION_KINDS),
    phase: z.enum(ROTATION_PHASES),
    paused: z.boolean(),
  }),
  /** The last event of a stream. */
  end: z.object({ reason: streamEnd }),
} as const;
export type EventName = keyof typeof EVENTS;
export type EventData<Name extends EventName> = z.infer<(typeof EVENTS)[Name]>;

/** One event as it was parsed. */
export type StreamEvent = {
  [Name in EventName]: {
    readonly name: Name;
    readonly id: string | undefined;
    readonly data: EventData<Name>;
  };
}[EventName];

/** An event out of its name and text; undefined for one that a newer server knows. @throws ZodError */
export function parseEvent(name: string, id: string | undefined, text: string): StreamEvent | undefined {
  if (!isEventName(name)) return undefined;
  return { name, id, data: EVENTS[name].parse(JSON.parse(text)) } as StreamEvent;
}

const isEventName = (raw: string): raw is EventName => Object.hasOwn(EVENTS, raw);

/**
 * Server-sent events: an endless reply of `text/event-stream`. `Last-Event-ID` goes on after that event. Only what the
 * caller may see is sent.
 */
export const streamEvents = route({
  method: 'GET',
  path: '/v1/events',
  right: 'signed-in',
  query: z.object({
    /** One or more, with commas: `jobs,hosts`. */
    topics: z
      .string()
      .max(100)
      .transform((raw) => raw.split(','))
      .pipe(z.array(eventTopic).min(1).max(EVENT_TOPICS.length)),
  }),
  reply: z.object({}),
});
