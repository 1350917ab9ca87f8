import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { DRILL_HOSTS_MAX } from '@sekisho/core/limits.ts';
import { reachOf, reaches, type Principal } from '@sekisho/core/rules/rights.ts';
import type { ServerContext } from '../../context.ts';
import {
  currentCertificates,
  eachCurrentCertificate,
  type CurrentCertificate,
} from '../certificates/renewal-rows.ts';
import { primaryNames } from '../hosts/primary-names.ts';

/** What a drill is asked for: percent of all hosts, or exactly these. */
export type DrillWish = { readonly sharePercent: number } | { readonly hosts: readonly HostId[] };

/** A host of a drill, with the certificate that it is to renew. */
export interface DrillHost {
  readonly id: HostId;
  readonly name: string;
  readonly certificate: CurrentCertificate;
}

/**
 * Chooses the hosts of a drill within the reach of who asks: a share is drawn by lot. Refusals: NOT_FOUND,
 * DRILL_HOST_WITHOUT_CERTIFICATE, DRILL_TOO_LARGE, DRILL_NOBODY.
 */
export async function planDrill(
  context: ServerContext,
  principal: Principal,
  wish: DrillWish,
): Promise<{ hosts: DrillHost[]; total: number }> {
  const within = (id: HostId): boolean => {
    const groupId = context.fleet.groupOf(id);
    return groupId !== undefined && reaches(reachOf(principal, 'host.write'), groupId);
  };
  return 'hosts' in wish
    ? chosen(context, within, [...new Set(wish.hosts)])
    : drawn(context, within, wish.sharePercent);
}

async function chosen(
  context: ServerContext,
  within: (id: HostId) => boolean,
  ids: readonly HostId[],
): Promise<{ hosts: DrillHost[]; total: number }> {
  const { clock, store } = context;
  const stranger = ids.find((id) => !within(id));
  if (stranger !== undefined) throw new AppError('NOT_FOUND', { what: 'host', id: stranger });
  const current = await currentCertificates(store.db, ids, clock.nowMs());
  const names = await namesOf(store, ids);
  const hosts = ids.map((id) => {
    const certificate = current.get(id);
    const name = names.get(id) ?? id;
    if (certificate === undefined) throw new AppError('DRILL_HOST_WITHOUT_CERTIFICATE', { host: name });
    return { id, name, certificate };
  });
  return { hosts, total: hosts.length };
}

async function drawn(
  context: ServerContext,
  within: (id: HostId) => boolean,
  sharePercent: number,
): Promise<{ hosts: DrillHost[]; total: number }> {
  const { clock, domain, random, store } = context;
  const lots: { lot: number; certificate: CurrentCertificate }[] = [];
  for await (const page of eachCurrentCertificate(store.db, clock.nowMs())) {
    for (const certificate of page)
      if (certificate.hostId !== domain.serverHostId && within(certificate.hostId))
        lots.push({ lot: random.fraction(), certificate });
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (lots.length === 0) throw new AppError('DRILL_NOBODY');
  const count = Math.max(1, Math.round((lots.length * sharePercent) / 100));
  if (count > DRILL_HOSTS_MAX) throw new AppError('DRILL_TOO_LARGE', { count, limit: DRILL_HOSTS_MAX });
  const picked = lots.sort((a, b) => a.lot - b.lot).slice(0, count);
  const names = await namesOf(
    store,
    picked.map(({ certificate }) => certificate.hostId),
  );
  const hosts = picked.map(({ certificate }) => ({
    id: certificate.hostId,
    name: names.get(certificate.hostId) ?? certificate.hostId,
    certificate,
  }));
  return { hosts: hosts.sort((a, b) => (a.name < b.name ? -1 : 1)), total: lots.length };
}

const NAMES_PER_QUERY_MAX = 500;

async function namesOf(
  { db }: ServerContext['store'],
  ids: readonly HostId[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (let from = 0; from < ids.length; from += NAMES_PER_QUERY_MAX)
    for (const [id, name] of await primaryNames(db, ids.slice(from, from + NAMES_PER_QUERY_MAX)))
      names.set(id, name);
  return names;
}
