import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { LEGACY_ANSWER_SECONDS, PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import * as wire from '@sekisho/core/wire/legacy.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { fleetContextOf } from '../fleet/fleet-service.ts';
import { findHost } from '../hosts/host-rows.ts';
import { depositPassword } from '../repositories/deposit-password.ts';
import { repositoriesOf } from '../repositories/read-repositories.ts';
import { addLegacyHost, grantLegacyRead, removeLegacyHost } from './add-legacy-host.ts';
import { findLegacyHost, grantsOf, listLegacyHosts, type LegacyHostRow } from './legacy-rows.ts';

/** T-50 What administrators see and decide of legacy hosts. */
export function legacyRoutes(app: FastifyInstance, context: ServerContext): void {
  const { db } = context.store;
  mount(app, wire.listLegacyHosts, async ({ query }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const rows = await listLegacyHosts(db, { limit, after: query.after });
    return {
      insecureCommunication: context.legacy.isOn,
      hosts: await Promise.all(rows.map((row) => viewLegacyHost(context, row))),
      next: rows.length === limit ? (rows.at(-1)?.name ?? null) : null,
    };
  });
  mount(app, wire.addLegacyHost, async ({ body, principal }) => {
    const { hostId, key } = await addLegacyHost(context, body, principal);
    return { ...(await viewById(context, hostId)), key: key?.reveal() ?? null };
  });
  mount(app, wire.removeLegacyHost, async ({ params, principal }) => ({
    removed: await removeLegacyHost(context, params.id, principal),
  }));
  mount(app, wire.grantLegacyRead, async ({ params, body, principal }) => {
    await grantLegacyRead(context, { hostId: params.id, ...body }, principal);
    return viewById(context, params.id);
  });
}

/** T-50, T-53 What agents ask before they talk to somebody without a certificate. */
export function legacyQuestionRoutes(agentApp: FastifyInstance, context: ServerContext): void {
  legacyDepositRoutes(agentApp, context);
  mount(agentApp, wire.askLegacy, async ({ peer, body }) => {
    try {
      if (body.as === 'media') {
        const row = await context.legacy.requireMedia(body.hostId, body.address, peer.hostId);
        return { allow: true, hostId: row.hostId, cacheSeconds: LEGACY_ANSWER_SECONDS };
      }
      const asker = await findHost(context.store.db, peer.hostId);
      if (asker === undefined || asker.mediaSinceMs === null)
        throw new AppError('RELAY_NOT_MEDIA_SERVER', { host: asker?.name ?? peer.hostId });
      const address = canonicalIp(body.address) ?? 'unknown';
      const row = await context.legacy.require({ ...body, address, askedBy: peer.hostId });
      return {
        allow: true,
        hostId: row.hostId,
        repositories: await repositoriesAt(context, row.hostId, peer.hostId),
        cacheSeconds: LEGACY_ANSWER_SECONDS,
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERNAL') throw error;
      return {
        allow: false,
        code: error.code,
        params: { ...error.params },
        cacheSeconds: LEGACY_ANSWER_SECONDS,
      };
    }
  });
}

/** T-18 At its upgrade a host hands over what it kept for itself. */
function legacyDepositRoutes(agentApp: FastifyInstance, context: ServerContext): void {
  mount(agentApp, wire.depositRepositoryPassword, async ({ peer, body }) => ({
    repositories: await depositPassword(
      fleetContextOf(context, context.config.fleet),
      peer.hostId,
      body.password,
    ),
  }));
}

/** Where the host may append, and until when it may read. */
async function repositoriesAt({ store, clock }: ServerContext, hostId: HostId, mediaHostId: HostId) {
  const grants = await grantsOf(store.db, hostId, clock.nowMs());
  const own = await repositoriesOf(store.db, [hostId]);
  return own
    .filter((one) => one.mediaHostId === mediaHostId && one.sealedAtMs === null)
    .slice(-REPOSITORIES_MAX)
    .map(({ name }) => ({
      repository: name,
      readUntilMs: grants.find((grant) => grant.repository === name)?.expiresAtMs ?? null,
    }));
}

const REPOSITORIES_MAX = 64;

async function viewById(context: ServerContext, id: HostId): Promise<wire.LegacyHostView> {
  const row = await findLegacyHost(context.store.db, id);
  if (row === undefined) throw new AppError('NOT_FOUND', { what: 'host', id });
  return viewLegacyHost(context, row);
}

async function viewLegacyHost(context: ServerContext, row: LegacyHostRow): Promise<wire.LegacyHostView> {
  const { db } = context.store;
  const colon = row.endpoint?.lastIndexOf(':') ?? -1;
  const refusal = await context.legacy.refusalOf(db, row, {
    as: row.kind,
    name: row.name,
    address: row.address ?? 'unknown',
    ...(row.keySha256 === null ? {} : { keySha256: row.keySha256 }),
  });
  return {
    hostId: row.hostId,
    name: row.name,
    kind: row.kind,
    address: row.address,
    endpoint:
      row.endpoint === null
        ? null
        : { address: row.endpoint.slice(0, colon), port: Number(row.endpoint.slice(colon + 1)) },
    refusedBy: refusal?.code ?? null,
    version: row.version,
    lastSeenAtMs: row.lastSeenMs,
    addedAtMs: row.addedAtMs,
    addedBy: row.addedBy,
    grants: await grantsOf(db, row.hostId, context.clock.nowMs()),
  };
}
