import { AppError } from '@sekisho/core/errors.ts';
import {
  parseHostId,
  parseSha256Hex,
  type HostId,
  type RepositoryName,
  type Sha256Hex,
} from '@sekisho/core/ids.ts';
import { LEGACY_HOSTS_MAX } from '@sekisho/core/limits.ts';
import { canonicalIp, judgeName } from '@sekisho/core/rules/naming.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { addLegacyHost as addRoute } from '@sekisho/core/wire/legacy.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import {
  createHost,
  findHost,
  findHostByName,
  ownersOfNames,
  rootGroup,
  updateMedia,
} from '../hosts/host-rows.ts';
import { timeOrderedId } from '../issuance/time-ordered-id.ts';
import { repositoriesOf } from '../repositories/read-repositories.ts';
import { countLegacyHosts, dropLegacyHost, findLegacyHost, putGrant, putLegacyHost } from './legacy-rows.ts';

/** 256 random bits: it crosses the network in clear, so it must at least not be guessed. */
export const LEGACY_KEY_BYTES = 32;

export const sha256Of = (text: string): Sha256Hex => {
  const digest = parseSha256Hex(createHash('sha256').update(text).digest('hex'));
  if (digest === undefined) throw new Error('SHA-256 gave no SHA-256');
  return digest;
};

/**
 * T-50 Lets a host in without a certificate; a host that is in gets a new key. A media server gets none: it is dialled (T-53).
 * Refusals: HOST_NAME_…, HOST_IS_MANAGEMENT_SERVER, LEGACY_HOST_IS_SECURE, LEGACY_ENDPOINT_NEEDED, LEGACY_HOSTS_TOO_MANY.
 */
export async function addLegacyHost(
  context: ServerContext,
  wish: z.output<typeof addRoute.body>,
  principal: Principal,
): Promise<{ hostId: HostId; key: Secret | null }> {
  const judged = judgeName(wish.name);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  const { name } = judged;
  const isMedia = wish.kind === 'media';
  if (isMedia !== (wish.endpoint !== null)) throw new AppError('LEGACY_ENDPOINT_NEEDED', { name });
  const address = wish.address === null ? null : (canonicalIp(wish.address) ?? null);
  if (wish.address !== null && address === null)
    throw new AppError('HOST_NAME_INVALID', { name: wish.address });
  const key = isMedia
    ? null
    : new Secret(Buffer.from(context.random.bytes(LEGACY_KEY_BYTES)).toString('base64url'));
  const hostId = await context.store.transaction(async (tx) => {
    const nowMs = context.clock.nowMs();
    const id = await hostFor(tx, context, name, nowMs);
    await putLegacyHost(
      tx,
      {
        hostId: id,
        kind: wish.kind,
        keySha256: key === null ? null : sha256Of(key.reveal()),
        address,
        endpoint: wish.endpoint === null ? null : `${wish.endpoint.address}:${wish.endpoint.port}`,
        addedBy: principal.name,
      },
      nowMs,
    );
    const host = await findHost(tx, id);
    if (host !== undefined && (isMedia || host.mediaSinceMs !== null)) {
      const settings = { endpoints: wish.endpoint === null ? [] : [wish.endpoint], quotaBytesPerHost: null };
      await updateMedia(tx, host, { media: isMedia, settings: isMedia ? settings : undefined }, nowMs);
    }
    const detail = { name, kind: wish.kind, address, endpoint: wish.endpoint };
    await audit(tx, principal, 'add-legacy', id, detail, nowMs);
    return id;
  });
  await context.feed.catchUp();
  return { hostId, key };
}

async function hostFor(tx: Tx, context: ServerContext, name: string, nowMs: number): Promise<HostId> {
  const host = await findHostByName(tx, name);
  if (host !== undefined) {
    if (host.id === context.domain.serverHostId) throw new AppError('HOST_IS_MANAGEMENT_SERVER');
    const { secure_since_ms: secure } = await tx
      .selectFrom('hosts')
      .select('secure_since_ms')
      .where('id', '=', host.id)
      .executeTakeFirstOrThrow();
    if (secure !== null) throw new AppError('LEGACY_HOST_IS_SECURE', { name });
    return host.id;
  }
  if ((await ownersOfNames(tx, [name])).owners.has(name)) throw new AppError('HOST_NAME_TAKEN', { name });
  if ((await countLegacyHosts(tx)) >= LEGACY_HOSTS_MAX)
    throw new AppError('LEGACY_HOSTS_TOO_MANY', { limit: LEGACY_HOSTS_MAX });
  const id = parseHostId(timeOrderedId(context.random, nowMs));
  if (id === undefined) throw new Error('the random source draws no UUIDs');
  await createHost(tx, { id, name, names: [name], groupId: await rootGroup(tx), media: false }, nowMs);
  return id;
}

/** It is refused from this moment, and its plain connections are cut. Its name and recovery points stay. Refusal: NOT_FOUND. */
export async function removeLegacyHost(
  context: ServerContext,
  hostId: HostId,
  principal: Principal,
): Promise<string> {
  const name = await context.store.transaction(async (tx) => {
    const row = await findLegacyHost(tx, hostId);
    if (row === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
    const nowMs = context.clock.nowMs();
    await dropLegacyHost(tx, hostId);
    const host = row.kind === 'media' ? await findHost(tx, hostId) : undefined;
    if (host !== undefined) await updateMedia(tx, host, { media: false, settings: undefined }, nowMs);
    await audit(tx, principal, 'remove-legacy', hostId, { name: row.name, kind: row.kind }, nowMs);
    return row.name;
  });
  await context.feed.catchUp();
  return name;
}

/** T-50 For so long the host may read what it backed up; zero takes it back. Refusals: NOT_FOUND, LEGACY_REPOSITORY_NONE. */
export async function grantLegacyRead(
  context: ServerContext,
  wish: { hostId: HostId; repository: RepositoryName | null; seconds: number },
  principal: Principal,
): Promise<void> {
  const { hostId, seconds } = wish;
  await context.store.transaction(async (tx) => {
    const row = await findLegacyHost(tx, hostId);
    if (row === undefined) throw new AppError('NOT_FOUND', { what: 'host', id: hostId });
    const own = await repositoriesOf(tx, [hostId]);
    if (own.length === 0) throw new AppError('LEGACY_REPOSITORY_NONE', { name: row.name });
    const repository =
      wish.repository === null ? own.at(-1) : own.find((one) => one.name === wish.repository);
    if (repository === undefined)
      throw new AppError('NOT_FOUND', { what: 'repository', id: wish.repository ?? row.name });
    const nowMs = context.clock.nowMs();
    const untilMs = seconds === 0 ? null : nowMs + seconds * SECOND_MS;
    await putGrant(tx, { hostId, repository: repository.name, untilMs, by: principal.name }, nowMs);
    const detail = { name: row.name, repository: repository.name, untilMs };
    await audit(tx, principal, 'grant-legacy', hostId, detail, nowMs);
  });
  await context.feed.catchUp();
}

const audit = (
  tx: Tx,
  principal: Principal,
  act: 'add-legacy' | 'remove-legacy' | 'grant-legacy',
  subject: HostId,
  detail: Readonly<Record<string, unknown>>,
  nowMs: number,
): Promise<void> =>
  recordAudit(
    tx,
    { act, actor: principal.name, origin: principal.origin, subject, outcome: 'done', detail },
    nowMs,
  );
