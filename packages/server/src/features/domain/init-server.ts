import { AppError } from '@sekisho/core/errors.ts';
import {
  parseDomainId,
  parseGroupId,
  parseHostId,
  parseListId,
  parseServerId,
  type DomainId,
  type HostId,
  type ServerId,
  type Sha256Hex,
} from '@sekisho/core/ids.ts';
import { canonicalName, judgeName } from '@sekisho/core/rules/naming.ts';
import { faultLine } from '@sekisho/core/settings/resolve-settings.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { address, displayName } from '@sekisho/core/wire/scalars.ts';
import { silentLog, type Log } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import {
  absoluteDatabase,
  CONFIG_FILE,
  resolveConfig,
  saveConfig,
  serverConfig,
  type ServerConfig,
} from '../../config.ts';
import { LOCAL_PRINCIPAL } from '../../http/local-principal.ts';
import { zodDetail } from '../../http/refusal.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { AUDIT_ROWS_PURPOSE } from '../audit/audit-key.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { insertCertificate } from '../certificates/certificate-rows.ts';
import { documentMaker } from '../documents/document-service.ts';
import { createHost } from '../hosts/host-rows.ts';
import { addKey, deriveKey, loadKeys } from '../keys/key-store.ts';
import { ensureKek } from '../keys/kek.ts';
import { openDueShards } from '../revocation/open-shard.ts';
import { linkForFirst, type OneTimeLink } from '../sign-in/make-link.ts';
import { claimDataFolder, folderRefusal, releaseMarker } from './data-folder.ts';
import { findDomain, insertDomain, type DomainRow } from './domain.store.ts';
import { makeAuthority } from './make-authority.ts';
import { createDefaultList, publishServerList } from './server-list.ts';
import { answerForNode, enrolActiveNode, judgeCluster, type ActiveNode } from './active-node.ts';
import { bundleContent } from './trust-bundle.ts';

const DATABASE_DEFAULT = 'sqlite:sekisho.db';
const ROOT_GROUP_NAME = 'All hosts';
/** The server's own host when neither its addresses nor the machine give a usable name. */
const HOST_NAME_FALLBACK = 'management-server';

export interface InitOptions {
  readonly dataFolder: string;
  /** The domain's name. */
  readonly name: string;
  /** `sqlite:FILE` or `postgres://…`; a file in the data folder by default. */
  readonly database?: string | undefined;
  /** Names and addresses under which agents will reach this server; by default this machine's name. */
  readonly addresses?: readonly string[] | undefined;
  /** T-20 The cluster it is installed on: its virtual name is the server's first address. */
  readonly cluster?: ActiveNode | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface InitResult {
  readonly domainId: DomainId;
  readonly name: string;
  /** SHA-256 of the root certificate: what administrators give out. */
  readonly caFingerprint: Sha256Hex;
  readonly serverId: ServerId;
  readonly serverHostId: HostId;
  readonly addresses: readonly string[];
  readonly dataFolder: string;
  /** Works once, for a day; nobody can read it again (S-04). */
  readonly firstAdministrator: OneTimeLink;
}

/**
 * Creates a domain (T-01): folder, key-encryption key, and in one transaction CA, role certificates, own host, default group,
 * list and documents. The configuration is written last: cut short before that, nothing looks initialised, and the same
 * command does it again. Refusals: DATA_FOLDER_TAKEN, DATA_FOLDER_UNUSABLE, DATABASE_TAKEN, BODY_INVALID, KEK_…, DATABASE_….
 */
export async function initServer(options: InitOptions): Promise<InitResult> {
  const dataFolder = resolve(options.dataFolder);
  const name = parsed(displayName, options.name, 'name');
  const addresses = parsed(z.array(address).min(1).max(16), addressesOf(options), 'addresses');
  const environment = options.environment ?? process.env;
  for (const one of addresses) {
    const judged = judgeName(one);
    if (!judged.allow && judged.code === 'HOST_NAME_INVALID') throw new AppError(judged.code, judged.params);
  }
  const cluster = options.cluster === undefined ? undefined : judgeCluster(options.cluster);
  await claimDataFolder(dataFolder);
  try {
    const kek = await ensureKek(dataFolder, environment, options.random);
    const given = environment['SEKISHO_DATABASE'];
    const fromEnvironment = options.database === undefined && given !== undefined && given !== '';
    const database = options.database ?? (fromEnvironment ? given : DATABASE_DEFAULT);
    const store = await openStore({
      database: absoluteDatabase(database, dataFolder),
      dataFolder,
      clock: options.clock,
      log: options.log ?? silentLog(),
    });
    try {
      store.setAuditKey(new Secret(deriveKey(kek, AUDIT_ROWS_PURPOSE)));
      const instanceId = options.random.uuid();
      await createDomain(store, kek, { name, addresses, instanceId, cluster }, options);
      const result = await readResult(store, kek, { addresses, dataFolder });
      if (cluster !== undefined) await deployNode(store, kek, result, { own: cluster.own, options });
      const firstAdministrator = await firstLink(store, addresses, options);
      // what the environment gives it gives at each start, too: a password from there stays out of the file
      const recorded = fromEnvironment ? withoutPassword(database) : database;
      await saveConfig(dataFolder, { version: 1, instanceId, database: recorded, addresses });
      await releaseMarker(dataFolder);
      return { ...result, firstAdministrator };
    } finally {
      await store.close();
    }
  } catch (error) {
    throw folderRefusal(error, dataFolder);
  }
}

/** This machine's name, when it is one that others may dial. */
export function defaultAddress(): string {
  const judged = judgeName(hostname());
  return judged.allow ? judged.name : 'localhost';
}

async function createDomain(
  store: Store,
  kek: Secret<Uint8Array>,
  wish: {
    name: string;
    addresses: readonly string[];
    instanceId: string;
    cluster: ReturnType<typeof judgeCluster> | undefined;
  },
  options: InitOptions,
): Promise<void> {
  const existing = await findDomain(store.db);
  if (existing !== undefined) {
    // the rest of a cut-short initialisation opens with the key that lies beside it; anybody else's does not
    await ownedDomain(store, kek, existing, wish.name);
    return;
  }
  const { clock, random } = options;
  const nowMs = clock.nowMs();
  const ids = drawIds(random);
  const { cluster } = wish;
  const csr = await options.cluster?.request();
  const hostName = judgeName(hostname());
  // the server's own host is none of the nodes: it goes with the server, and they keep their own names
  const ofNodes = new Set(cluster === undefined ? [] : [cluster.name, ...cluster.nodes]);
  const authority = await makeAuthority({
    ...ids,
    name: wish.name,
    addresses: wish.addresses,
    hostNames: wish.addresses.filter((one) => !ofNodes.has(canonicalName(one))),
    hostName: hostName.allow && cluster === undefined ? hostName.name : HOST_NAME_FALLBACK,
    random,
    nowMs,
  });
  await store.transaction(async (tx) => {
    if ((await findDomain(tx)) !== undefined) throw new AppError('DATABASE_TAKEN', { name: wish.name });
    await insertDomain(
      tx,
      { id: ids.domainId, name: wish.name, serverId: ids.serverId, serverHostId: ids.serverHostId },
      nowMs,
    );
    for (const key of authority.keys) await addKey(tx, key, kek, nowMs);
    await createDefaultList(tx, ids.listId, nowMs);
    await tx
      .insertInto('groups')
      .values({
        id: ids.groupId,
        parent_id: null,
        name: ROOT_GROUP_NAME,
        settings: '{}',
        locked: '[]',
        own_since_ms: null,
        revision: 1,
        created_at_ms: nowMs,
        changed_at_ms: nowMs,
      })
      .execute();
    const { certificate, name, names } = authority.host;
    const host = { id: ids.serverHostId, name, names, groupId: ids.groupId, media: false };
    await createHost(tx, host, nowMs);
    const intentionId = random.uuid();
    await tx
      .insertInto('intentions')
      .values({
        id: intentionId,
        kind: 'birth',
        host_id: ids.serverHostId,
        token_id: null,
        request_key: `birth:${ids.domainId}`,
        plan: '{}',
        created_at_ms: nowMs,
        fingerprint: certificate.fingerprint,
        finished_at_ms: nowMs,
        failure: null,
      })
      .execute();
    const { keyId: issuerKeyId } = authority.issuing;
    const born = { certificate, issuerKeyId, hostId: ids.serverHostId, intentionId };
    const issued = { ...born, replaces: null, crlShard: 0, nowMs };
    await insertCertificate(tx, issued);
    const keys = await loadKeys(tx, kek);
    const { make } = documentMaker({ clock, domainId: ids.domainId, keys });
    const { instanceId, addresses } = wish;
    const defaults = firstSettings({ instanceId, addresses }, options.environment ?? process.env);
    const places = { own: addresses, others: [], httpPort: defaults.httpPort };
    const shards = await openDueShards(tx, keys, places, nowMs);
    await make(tx, 'bundle', '', bundleContent(keys, defaults.httpPort, shards));
    const own = { instanceId, addresses, serverId: ids.serverId, port: defaults.agentPort };
    await publishServerList(tx, make, own, nowMs);
    if (cluster !== undefined && csr !== undefined) {
      const parts = { ...ids, keys, shards, random };
      await enrolActiveNode(tx, parts, { cluster, csr }, nowMs);
    }
    await recordAudit(
      tx,
      {
        act: 'create-domain',
        actor: 'local',
        origin: 'local',
        subject: ids.domainId,
        outcome: 'done',
        detail: { name: wish.name, caFingerprint: authority.root.fingerprint, addresses: wish.addresses },
      },
      nowMs,
    );
  });
}

/** The settings of the first start, as far as they are known: the ports stand in what is signed now. Refusal: CONFIG_INVALID. */
function firstSettings(
  own: { instanceId: string; addresses: readonly string[] },
  environment: Readonly<Record<string, string | undefined>>,
): ServerConfig {
  const text = JSON.stringify({ version: 1, ...own, database: DATABASE_DEFAULT });
  const resolved = resolveConfig({ path: CONFIG_FILE, text }, {}, environment);
  if (resolved.ok) return resolved.value;
  throw new AppError('CONFIG_INVALID', {
    detail: resolved.faults.map(faultLine).join('; '),
    file: CONFIG_FILE,
  });
}

/** T-20 The agent of this machine gets the node's certificate; cut short before the configuration is written, it is done again. */
async function deployNode(
  store: Store,
  kek: Secret<Uint8Array>,
  domain: Pick<InitResult, 'domainId' | 'name' | 'caFingerprint'>,
  { own, options }: { own: string; options: InitOptions },
): Promise<void> {
  const answer = await answerForNode(store.db, await loadKeys(store.db, kek), domain.domainId, own);
  if (answer === undefined) throw new AppError('DATABASE_TAKEN', { name: domain.name });
  await options.cluster?.install(answer, domain.caFingerprint);
}

/** The virtual name first: it is what agents dial, and what certificates name for the revocation list. */
function addressesOf({ addresses, cluster }: InitOptions): readonly string[] {
  if (cluster === undefined) return addresses ?? [defaultAddress()];
  return [...new Set([canonicalName(cluster.virtualName), ...(addresses ?? [])])];
}

async function ownedDomain(
  store: Store,
  kek: Secret<Uint8Array>,
  existing: DomainRow,
  name: string,
): Promise<void> {
  const taken = (cause?: unknown): AppError =>
    new AppError('DATABASE_TAKEN', { name: existing.name }, { cause });
  if (existing.name !== name) throw taken();
  try {
    await loadKeys(store.db, kek);
  } catch (error) {
    throw taken(error);
  }
}

async function readResult(
  store: Store,
  kek: Secret<Uint8Array>,
  known: { addresses: readonly string[]; dataFolder: string },
): Promise<Omit<InitResult, 'firstAdministrator'>> {
  const domain = await findDomain(store.db);
  if (domain === undefined) throw new AppError('DATABASE_EMPTY');
  const { fingerprint } = (await loadKeys(store.db, kek)).certificateOf('root');
  return {
    domainId: domain.id,
    name: domain.name,
    caFingerprint: fingerprint,
    serverId: domain.serverId,
    serverHostId: domain.serverHostId,
    ...known,
  };
}

/** The listener's port is not known yet: its default. */
function firstLink(
  store: Store,
  addresses: readonly string[],
  { clock, random }: InitOptions,
): Promise<OneTimeLink> {
  const { adminPort: admin } = serverConfig.shape;
  const ports = { admin: admin.parse(undefined) };
  const local = { name: LOCAL_PRINCIPAL.name, origin: LOCAL_PRINCIPAL.origin };
  return linkForFirst({ store, clock, random, config: { addresses }, ports }, local);
}

function withoutPassword(database: string): string {
  if (!URL.canParse(database)) return database;
  const url = new URL(database);
  url.password = '';
  return url.href;
}

function drawIds(random: Random) {
  const domainId = parseDomainId(random.uuid());
  const serverId = parseServerId(random.uuid());
  const serverHostId = parseHostId(random.uuid());
  const groupId = parseGroupId(random.uuid());
  const listId = parseListId(random.uuid());
  if (
    domainId === undefined ||
    serverId === undefined ||
    serverHostId === undefined ||
    groupId === undefined ||
    listId === undefined
  )
    throw new Error('the random source draws no UUIDs');
  return { domainId, serverId, serverHostId, groupId, listId };
}

function parsed<Out>(schema: z.ZodType<Out>, raw: unknown, what: string): Out {
  const result = schema.safeParse(raw);
  if (!result.success) throw new AppError('BODY_INVALID', { detail: `${what}: ${zodDetail(result.error)}` });
  return result.data;
}
