import {
  parseHostId,
  parseJobId,
  parsePlanId,
  parseTaskId,
  repositoryOwner,
  type GroupId,
  type HostId,
  type JobId,
} from '@sekisho/core/ids.ts';
import type { Right } from '@sekisho/core/rules/rights.ts';
import type { EventData, EventName, EventTopic } from '@sekisho/core/wire/events.ts';
import type { ChangeKind } from '../../store/change-kinds.ts';
import type { Db } from '../../store/tables.ts';
import { findHosts } from '../fleet/read-hosts.ts';
import { findJobFacts } from '../jobs/find-job-facts.ts';
import { findRotationFacts } from '../rotation/find-rotation-facts.ts';
import { findTask } from '../tasks/find-task.ts';

/** The changes that are told, and the topic they belong to. */
export const TOPIC_OF_CHANGE = {
  job: 'jobs',
  host: 'hosts',
  session: 'hosts',
  revocation: 'hosts',
  plan: 'plans',
  task: 'tasks',
  rotation: 'rotations',
} as const satisfies Partial<Record<ChangeKind, EventTopic>>;
export const TOLD_KINDS = Object.keys(TOPIC_OF_CHANGE) as (keyof typeof TOPIC_OF_CHANGE)[];

/** Which right one needs to hear of a topic. */
export const RIGHT_OF_TOPIC: Readonly<Record<EventTopic, Right>> = {
  jobs: 'job.read',
  hosts: 'host.read',
  plans: 'plan.read',
  tasks: 'server.read',
  rotations: 'security.read',
};

/** A change as it is told. */
export interface ToldEvent {
  readonly seq: number;
  readonly topic: EventTopic;
  readonly name: EventName;
  readonly data: EventData<EventName>;
  /** The group of the host that it is about; null: only a right in the whole domain lets one hear of it. */
  readonly groupId: GroupId | null;
}

/** A row of the change feed. */
export interface ChangeRow {
  readonly seq: number;
  readonly kind: string;
  readonly key: string;
}

/** What changed, as it is now. Keys that are none of a row (a ping between servers) are left out. */
export async function resolveChanges(db: Db, rows: readonly ChangeRow[]): Promise<ToldEvent[]> {
  const jobs = await jobsOf(db, rows);
  const hosts = await hostsOf(db, [...hostKeys(rows), ...[...jobs.values()].map(({ ownerId }) => ownerId)]);
  const events: ToldEvent[] = [];
  for (const row of rows) {
    const event = await told(db, row, jobs, hosts);
    if (event !== undefined) events.push({ seq: row.seq, ...event });
  }
  return events;
}

type JobFact = NonNullable<Awaited<ReturnType<typeof findJobFacts>>[number]> & { ownerId: HostId };

async function told(
  db: Db,
  { kind, key }: ChangeRow,
  jobs: ReadonlyMap<JobId, JobFact>,
  hosts: ReadonlyMap<HostId, GroupId>,
): Promise<Omit<ToldEvent, 'seq'> | undefined> {
  switch (kind) {
    case 'job': {
      const id = parseJobId(key);
      if (id === undefined) return undefined;
      const job = jobs.get(id);
      if (job === undefined) return { topic: 'jobs', name: 'job.removed', data: { id }, groupId: null };
      const data = { id, kind: job.kind, hostId: job.hostId, state: job.state };
      return { topic: 'jobs', name: 'job.changed', data, groupId: hosts.get(job.ownerId) ?? null };
    }
    case 'host':
    case 'session':
    case 'revocation': {
      const id = parseHostId(key);
      const group = id === undefined ? undefined : hosts.get(id);
      if (id === undefined || group === undefined) return undefined;
      return { topic: 'hosts', name: 'host.changed', data: { id, group }, groupId: group };
    }
    case 'plan': {
      const id = parsePlanId(key);
      return id === undefined
        ? undefined
        : { topic: 'plans', name: 'plan.changed', data: { id }, groupId: null };
    }
    case 'task': {
      const id = parseTaskId(key);
      const task = id === undefined ? undefined : await findTask(db, id);
      if (id === undefined || task === undefined) return undefined;
      const data = { id, kind: task.kind, state: task.state, progress: task.progress };
      return { topic: 'tasks', name: 'task.changed', data, groupId: null };
    }
    case 'rotation': {
      const found = await findRotationFacts(db, key);
      return found === undefined
        ? undefined
        : { topic: 'rotations', name: 'rotation.changed', data: found, groupId: null };
    }
    default:
      return undefined;
  }
}

async function jobsOf(db: Db, rows: readonly ChangeRow[]): Promise<Map<JobId, JobFact>> {
  const ids = rows.flatMap(({ kind, key }) => (kind === 'job' ? (parseJobId(key) ?? []) : []));
  const facts = await findJobFacts(db, [...new Set(ids)]);
  return new Map(
    facts.map((job) => [
      job.id,
      { ...job, ownerId: job.repository === null ? job.hostId : repositoryOwner(job.repository) },
    ]),
  );
}

async function hostsOf(db: Db, ids: readonly HostId[]): Promise<Map<HostId, GroupId>> {
  const found = await findHosts(db, [...new Set(ids)]);
  return new Map(found.map((host) => [host.id, host.groupId]));
}

const hostKeys = (rows: readonly ChangeRow[]): HostId[] =>
  rows.flatMap(({ kind, key }) =>
    kind === 'host' || kind === 'session' || kind === 'revocation' ? (parseHostId(key) ?? []) : [],
  );
