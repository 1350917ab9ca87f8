import { AppError } from '@sekisho/core/errors.ts';
import { getDocument, getFormerRoots, getPublicBundle } from '@sekisho/core/wire/agent.ts';
import { FORMER_ROOTS_MAX } from '@sekisho/core/limits.ts';
import type { DocumentType } from '@sekisho/core/wire/documents.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { mount } from '../../http/mount.ts';
import { readGroupTree } from '../groups/group-tree.ts';
import { findHost } from '../hosts/host-rows.ts';

/**
 * The trust bundle to everybody, on the agents' port and the plain one: roots sign it, and its links lead who was off while the CA was changed
 * from a root that he trusts to the one that signed it (F-38).
 */
export function publicBundleRoute(app: FastifyInstance, context: Pick<ServerContext, 'documents'>): void {
  mount(app, getPublicBundle, () => latest(context, 'bundle', ''));
}

/** What agents fetch on their port: the bundle and earlier roots before they have a certificate, and their own documents. */
export function documentRoutes(agentApp: FastifyInstance, context: ServerContext): void {
  publicBundleRoute(agentApp, context);
  mount(agentApp, getFormerRoots, () => ({
    roots: context.keys
      .former()
      .slice(0, FORMER_ROOTS_MAX)
      .map(({ der }) => Buffer.from(der).toString('base64')),
  }));
  documentRoute(agentApp, context);
}

/** The newest documents, to the hosts they are for. */
export function documentRoute(app: FastifyInstance, context: ServerContext): void {
  mount(app, getDocument, async ({ params, peer }) => {
    switch (params.type) {
      case 'bundle':
        return latest(context, 'bundle', '');
      case 'assignment':
        return latest(context, 'assignment', peer.hostId);
      case 'list':
        return latest(context, 'list', await listOfHost(context, peer.hostId));
      case 'policy':
        return latest(context, 'policy', await groupOfHost(context, peer.hostId));
    }
  });
}

async function latest(
  { documents }: Pick<ServerContext, 'documents'>,
  type: DocumentType,
  scope: string,
): Promise<{ jws: string }> {
  const found = await documents.latest(type, scope);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: type, id: scope });
  return { jws: found.jws };
}

/** From memory, where a whole fleet asks at once; a host that is not there yet is looked for in the store. */
async function groupOfHost({ fleet, store }: ServerContext, hostId: HostId): Promise<string> {
  const group = fleet.groupOf(hostId) ?? (await findHost(store.db, hostId))?.groupId;
  if (group === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
  return group;
}

async function listOfHost({ fleet, store }: ServerContext, hostId: HostId): Promise<string> {
  const known = fleet.listOf(hostId);
  if (known !== undefined) return known;
  const host = await findHost(store.db, hostId);
  const list = host === undefined ? undefined : (await readGroupTree(store.db)).listOf(host.groupId);
  if (list === undefined) throw new AppError('NOT_FOUND', { what: 'list', id: hostId });
  return list;
}
