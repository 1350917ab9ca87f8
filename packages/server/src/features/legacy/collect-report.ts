import { DAY_MS } from '@sekisho/core/time.ts';
import type { ServerContext } from '../../context.ts';
import type { LegacyLine } from './find-work.ts';

/** T-54 What a legacy reporting collector may read: counts alone, of the last day, without the names of hosts. */
export async function collectReport({ store, clock, domain }: ServerContext): Promise<LegacyLine[]> {
  const nowMs = clock.nowMs();
  const hosts = await store.db
    .selectFrom('hosts')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .executeTakeFirstOrThrow();
  const points = await store.db
    .selectFrom('points')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .executeTakeFirstOrThrow();
  const jobs = await store.db
    .selectFrom('jobs')
    .select(['state', ({ fn }) => fn.countAll<number>().as('many')])
    .where('created_at_ms', '>', nowMs - DAY_MS)
    .groupBy('state')
    .orderBy('state')
    .execute();
  return [
    ['domain', domain.id],
    ['now-ms', nowMs],
    ['hosts', Number(hosts.many)],
    ['points', Number(points.many)],
    ...jobs.map(({ state, many }): LegacyLine => [`jobs-${state}`, Number(many)]),
  ];
}
