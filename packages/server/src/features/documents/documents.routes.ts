import { AppError } from '@sekisho/core/errors.ts';
import { getDocument, getPublicBundle } from '@sekisho/core/wire/agent.ts';
import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { mount } from '../../http/mount.ts';
import { listGroups, listOfGroup } from '../fleet/read-hosts.ts';
import { findHost } from '../hosts/host-rows.ts';

/** The newest documents, to the hosts they are for; the bundle to everybody (it is what the pinned root signed). */
export function documentRoutes(agentApp: FastifyInstance, context: ServerContext): void {
  const latest = async (type: DocumentType, scope: string): Promise<{ jws: string }> => {
    const found = await context.documents.latest(type, scope);
    if (found === undefined) throw new AppError('NOT_FOUND', { what: type, id: scope });
    return { jws: found.jws };
  };
  mount(agentApp, getPublicBundle, () => latest('bundle', ''));
  mount(agentApp, getDocument, async ({ params, peer }) => {
    switch (params.type) {
      case 'bundle':
        return latest('bundle', '');
      case 'assignment':
        return latest('assignment', peer.hostId);
      case 'list':
        return latest('list', await listOfHost(context, peer.hostId));
      case 'policy':
        return latest('policy', await groupOfHost(context, peer.hostId));
    }
  });
}

async function groupOfHost(context: ServerContext, hostId: HostId): Promise<string> {
  const host = await findHost(context.store.db, hostId);
  if (host === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
  return host.groupId;
}

async function listOfHost(context: ServerContext, hostId: HostId): Promise<string> {
  const host = await findHost(context.store.db, hostId);
  const list = host === undefined ? undefined : listOfGroup(await listGroups(context.store.db), host.groupId);
  if (list === undefined) throw new AppError('NOT_FOUND', { what: 'list', id: hostId });
  return list;
}
