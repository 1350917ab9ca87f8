import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId, HostId, ServerId, Sha256Hex } from '@sekisho/core/ids.ts';
import type { Random } from '@sekisho/core/time.ts';
import { getDocument, getPublicBundle } from '@sekisho/core/wire/agent.ts';
import { getPublicRelays, RELAYS_MAX } from '@sekisho/core/wire/relay.ts';
import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import type { KeyAlgorithm } from '@sekisho/pki/keys.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { rm } from 'node:fs/promises';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { openDocumentStore } from '../documents/document-store.ts';
import { saveAnchors } from '../documents/trust-anchors.ts';
import { checkIssued } from '../identity/check-reply.ts';
import { simpleEnroll } from '../identity/est-client.ts';
import { installStaged, stageRequest, type Identity } from '../identity/identity-store.ts';
import { callRoute } from '../net/call-route.ts';
import { DialingAgent } from '../net/dial.ts';
import { verifyPinnedRelay, verifyPinnedServer } from '../net/verify-peer.ts';
import { loadSettings, saveSettings, type AgentSettings } from '../settings.ts';
import { confirmRoot, type ConfirmedRoot } from './confirm-root.ts';
import { parseFingerprint } from './fingerprint.ts';
import { NEVER, reachable, routeAtSetup, type SetupRoute } from './setup-route.ts';

export interface SetupOptions extends SetupRoute {
  readonly dataFolder: string;
  /** As an administrator gave it, out of band (T-10). */
  readonly expectedFingerprint?: string;
  /** Asked when no fingerprint was given: does a person confirm this one? */
  readonly confirm?: (fingerprint: string) => Promise<boolean>;
  readonly token?: Secret;
  readonly media: boolean;
  readonly name: string;
  /** Further names and addresses that the certificate should carry. */
  readonly names?: readonly string[];
  /** T-11: install now, deploy the certificate later. */
  readonly skipCertificate?: boolean;
  /** Replace the identity that is there, with a reissue token (T-14). */
  readonly reissue?: boolean;
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly mediaFolder?: string;
  readonly random: Random;
}

export interface SetupResult {
  readonly hostId: HostId;
  readonly name: string;
  readonly domainId: DomainId;
  /** F-38 The fingerprint that was confirmed is of an earlier CA; links led to the one that the host trusts now. */
  readonly caFollowed?: { readonly from: Sha256Hex; readonly to: Sha256Hex };
}

/**
 * Installs the agent and deploys its certificate (T-10): CA certificate over a connection that is trusted with nothing,
 * fingerprint compared whole, then a new connection verified against exactly that root and the server role, and only over
 * that one the token. A wrong fingerprint leaves nothing behind. Any later failure leaves an installed agent that says it is
 * not deployed (T-11); running setup again goes on with the same key and request, so a lost reply costs nothing (T-14).
 */
export async function setupAgent(options: SetupOptions): Promise<SetupResult | undefined> {
  const folder = dataFolderAt(options.dataFolder);
  const before = await loadSettings(folder);
  if (before?.state.is === 'deployed' && options.reissue !== true)
    throw new AppError('AGENT_ALREADY_SET_UP', { hostId: before.state.hostId });
  const expected =
    options.expectedFingerprint === undefined ? undefined : parseFingerprint(options.expectedFingerprint);

  if (options.skipCertificate === true) {
    await install(folder, options, before, new AppError('CERTIFICATE_SKIPPED'));
    return undefined;
  }
  let confirmed: ConfirmedRoot;
  try {
    confirmed = await confirmRoot(options, expected);
  } catch (error) {
    // Not confirmed: nothing may stay. Not reached: installed, to be completed later.
    if (!isUnreached(error) || before?.state.is === 'deployed') throw error;
    await install(folder, options, before, error);
    throw error;
  }
  try {
    const { root, followed } = confirmed;
    const deployed = await deploy(folder, options, before, root);
    return followed === undefined
      ? deployed
      : { ...deployed, caFollowed: { from: followed.fingerprint, to: root.fingerprint } };
  } catch (error) {
    if (before?.state.is !== 'deployed') await install(folder, options, before, error);
    throw error;
  }
}

/** Only a server that could not be asked: whatever else happens before the fingerprint is confirmed leaves nothing. */
const isUnreached = (error: unknown): boolean =>
  error instanceof AppError &&
  (error.code === 'SERVER_UNREACHABLE' || error.code === 'SERVER_REPLY_UNUSABLE');

/** All that needs trust: pins the root, gets the certificate, then the documents. */
async function deploy(
  folder: DataFolder,
  options: SetupOptions,
  before: AgentSettings | undefined,
  root: Certificate,
): Promise<SetupResult> {
  const { clock, log } = options;
  const { host, port } = options.server;
  const server = `${host}:${port}`;
  await prepareDataFolder(folder);
  let pinned: { domainId: DomainId; serverId: ServerId } | undefined;
  let identity: Identity | undefined;
  const ca = [certificateToPem(root.der)];
  const route = routeAtSetup(
    options,
    () => ({
      ca,
      identity,
      verify: (peer) => {
        pinned = verifyPinnedServer(peer, root, clock.nowMs());
      },
    }),
    () => ({
      ca,
      identity,
      verify: (peer) => {
        verifyPinnedRelay(peer, root, clock.nowMs());
      },
    }),
  );
  const agent = new DialingAgent(() => route.dial(NEVER), 1); // it is emptied in between, and used again
  try {
    const keyAlgorithm = options.keyAlgorithm ?? before?.keyAlgorithm ?? 'p256';
    const request = await stageRequest(folder, requestedNames(options), keyAlgorithm);
    const issued = await simpleEnroll(
      { host, port, agent },
      { csrDer: request.csr.der, token: options.token, nowMs: clock.nowMs() },
    ).catch((error: unknown) => {
      throw reachable(server, error);
    });
    if (pinned === undefined) throw new AppError('CA_NOT_OFFERED', { server });
    const { domainId, serverId } = pinned;
    const { hostId, chain } = checkIssued(issued, {
      keyId: request.keyId,
      anchors: [root],
      intermediates: [],
      domainId,
      hostId: options.reissue === true && before?.state.is === 'deployed' ? before.state.hostId : undefined,
      nowMs: clock.nowMs(),
    });
    await saveAnchors(folder.anchorsFile, [root]);
    await dropForeignDocuments(folder, before, domainId);
    identity = await installStaged(folder, chain);
    const settings: AgentSettings = {
      ...settingsOf(options, before),
      keyAlgorithm,
      state: { is: 'deployed', hostId, domainId, serverId },
    };
    await saveSettings(folder, settings);
    // The connection that carried the token showed no certificate: the rest goes over one that does.
    agent.destroy();
    await fetchFirstDocuments({ host, port, agent }, folder, domainId, options).catch((error: unknown) => {
      log.warn({ err: error }, 'the first documents were not fetched; the agent fetches them when it runs');
    });
    await learnRelays({ host, port, agent }, folder, settings).catch((error: unknown) => {
      log.warn({ err: error }, 'the media servers that relay were not learned');
    });
    log.info({ hostId, domainId }, 'certificate deployed');
    return { hostId, name: options.name, domainId };
  } finally {
    agent.destroy();
  }
}

/** T-60 Remembered, so that the host needs no configuration when its direct way ends one day. */
async function learnRelays(
  target: { host: string; port: number; agent: DialingAgent },
  folder: DataFolder,
  settings: AgentSettings,
): Promise<void> {
  const { relays } = await callRoute(target, getPublicRelays, {});
  const given = (settings.relays ?? []).filter(
    ({ address, port }) => !relays.some((relay) => relay.address === address && relay.port === port),
  );
  await saveSettings(folder, { ...settings, relays: [...given, ...relays].slice(0, RELAYS_MAX) });
}

async function fetchFirstDocuments(
  target: { host: string; port: number; agent: DialingAgent },
  folder: DataFolder,
  domainId: DomainId,
  options: SetupOptions,
): Promise<void> {
  const documents = await openDocumentStore({
    folder: folder.documents,
    anchorsFile: folder.anchorsFile,
    domainId,
    clock: options.clock,
    log: options.log,
  });
  await documents.offer('bundle', (await callRoute(target, getPublicBundle, {})).jws);
  for (const type of ['list', 'assignment', 'policy'] as const)
    await documents.offer(type, (await callRoute(target, getDocument, { params: { type } })).jws);
}

/** Installed without a certificate: `agent status` and each start say why (T-11). */
async function install(
  folder: DataFolder,
  options: SetupOptions,
  before: AgentSettings | undefined,
  reason: unknown,
): Promise<void> {
  await prepareDataFolder(folder);
  const { code, params } = reason instanceof AppError ? reason : new AppError('INTERNAL');
  await saveSettings(folder, {
    ...settingsOf(options, before),
    state: { is: 'not-deployed', code, params: { ...params } },
  });
}

const settingsOf = (
  options: SetupOptions,
  before: AgentSettings | undefined,
): Omit<AgentSettings, 'state'> => ({
  version: 1,
  name: options.name,
  names: [...(options.names ?? [])],
  media: options.media,
  server: { ...options.server },
  keyAlgorithm: options.keyAlgorithm ?? before?.keyAlgorithm ?? 'p256',
  allowCommands: before?.allowCommands ?? false,
  mediaFolder: options.mediaFolder ?? before?.mediaFolder ?? null,
  ...(options.relays === undefined || options.relays.length === 0
    ? { relays: before?.relays }
    : { relays: options.relays.map((relay) => ({ ...relay, hostId: null })) }),
});

/** A request's names are wishes: the primary name, further ones as DNS or address. */
function requestedNames(options: SetupOptions): {
  commonName: string;
  dns: string[];
  ips: string[];
  uris: string[];
  serverAuth: boolean;
} {
  const dns: string[] = [];
  const ips: string[] = [];
  for (const name of new Set([options.name, ...(options.names ?? [])])) {
    const ip = canonicalIp(name);
    if (ip === undefined) dns.push(name);
    else ips.push(ip);
  }
  return { commonName: options.name, dns, ips, uris: [], serverAuth: options.media };
}

/** A host that changes its domain begins anew: what the old one signed says nothing in the new one. */
export async function dropForeignDocuments(
  folder: DataFolder,
  before: AgentSettings | undefined,
  domainId: DomainId,
): Promise<void> {
  if (before?.state.is !== 'deployed' || before.state.domainId === domainId) return;
  for (const path of [folder.documents, folder.crls, folder.spool, folder.jobs])
    await rm(path, { recursive: true, force: true });
  await prepareDataFolder(folder);
}
