import { AppError } from '@sekisho/core/errors.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { getDocument } from '@sekisho/core/wire/agent.ts';
import { certificateToPem, parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { openWithPassphrase, sealWithPassphrase } from '@sekisho/pki/passphrase-envelope.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { z } from 'zod';
import { dataFolderAt, prepareDataFolder } from '../data-folder.ts';
import { loadAnchors, saveAnchors } from '../documents/trust-anchors.ts';
import { checkIssued } from '../identity/check-reply.ts';
import { adoptIdentity, readIdentity, type Identity } from '../identity/identity-store.ts';
import { callRoute } from '../net/call-route.ts';
import { ownServer } from '../net/own-server.ts';
import { agentSettings, loadSettings, saveSettings, type AgentSettings } from '../settings.ts';
import { requireStopped } from './manual-request.ts';
import { reachable } from './setup-route.ts';

/** What the envelope is sealed for: no other package opens as this one. */
const CONTEXT = 'sekisho host identity';
/** The text of an export is no longer. */
export const EXPORT_BYTES_MAX = 64 * 1024;

const exported = z.strictObject({
  format: z.literal('sekisho-host-1'),
  settings: agentSettings,
  anchorsPem: z.string(),
  keyPem: z.string(),
  chainPem: z.string(),
});

/**
 * T-19 The identity of this host as a text for a file, under a passphrase: key, certificate, trust and settings. Nothing is changed
 * here. Refusals: AGENT_NOT_SET_UP, AGENT_NOT_DEPLOYED, AGENT_IDENTITY_UNREADABLE.
 */
export async function exportIdentity(
  dataFolder: string,
  passphrase: Secret,
): Promise<{ text: string; settings: AgentSettings; identity: Identity }> {
  const folder = dataFolderAt(dataFolder);
  const settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: dataFolder });
  const identity = await readIdentity(folder);
  if (settings.state.is !== 'deployed' || identity === undefined)
    throw new AppError('EXPORT_NOTHING', { folder: dataFolder });
  const anchors = await loadAnchors(folder.anchorsFile);
  const content: z.input<typeof exported> = {
    format: 'sekisho-host-1',
    settings,
    anchorsPem: anchors.map(({ der }) => certificateToPem(der)).join(''),
    keyPem: identity.keyPem,
    chainPem: identity.chainPem,
  };
  const text = await sealWithPassphrase(passphrase.reveal(), Buffer.from(JSON.stringify(content)), CONTEXT);
  return { text, settings, identity };
}

export interface ImportOptions {
  readonly dataFolder: string;
  /** What the file says. */
  readonly text: string;
  readonly passphrase: Secret;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * T-19 Brings an exported identity back. The server is asked first, if it can be reached: one that is revoked there, or belongs to
 * another domain, is not brought back. Refusals: AGENT_ALREADY_SET_UP, AGENT_ALREADY_RUNNING, EXPORT_DAMAGED, PASSPHRASE_WRONG,
 * EXPORT_OTHER_DOMAIN, CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED, PEER_….
 */
export async function importIdentity(
  options: ImportOptions,
): Promise<{ settings: AgentSettings; identity: Identity; checked: boolean }> {
  const { clock, log } = options;
  const folder = dataFolderAt(options.dataFolder);
  const before = await loadSettings(folder);
  if (before?.state.is === 'deployed')
    throw new AppError('AGENT_ALREADY_SET_UP', { hostId: before.state.hostId });
  await requireStopped(folder);
  const { settings, anchorsPem, keyPem, chainPem } = await open(options);
  const { state } = settings;
  if (state.is !== 'deployed') throw new AppError('EXPORT_DAMAGED');
  const anchors = parsePemCertificates(anchorsPem);
  const known = await loadAnchors(folder.anchorsFile);
  const isOwn = known.length === 0 || known.some((one) => anchors.some((all) => all.keyId === one.keyId));
  if (!isOwn) throw new AppError('EXPORT_OTHER_DOMAIN');
  const chain = parsePemCertificates(chainPem);
  const [certificate] = chain;
  if (certificate === undefined) throw new AppError('EXPORT_DAMAGED');
  const nowMs = clock.nowMs();
  if (nowMs >= certificate.notAfterMs) {
    const notAfter = new Date(certificate.notAfterMs).toISOString();
    throw new AppError('CERTIFICATE_EXPIRED', { notAfter, command: 'sekisho agent setup --reissue' });
  }
  checkIssued(chain, {
    keyId: certificate.keyId,
    anchors,
    intermediates: [],
    domainId: state.domainId,
    hostId: state.hostId,
    nowMs,
  });
  const identity = { hostId: state.hostId, keyPem, chainPem, certificate };
  const checked = await askServer(settings, state, identity, anchors, options);
  await prepareDataFolder(folder);
  await saveAnchors(folder.anchorsFile, anchors);
  await adoptIdentity(folder, identity);
  await saveSettings(folder, settings);
  log.info({ hostId: state.hostId }, 'identity imported');
  return { settings, identity, checked };
}

async function open({ text, passphrase }: ImportOptions): Promise<z.output<typeof exported>> {
  try {
    const content = await openWithPassphrase(passphrase.reveal(), text, CONTEXT);
    return exported.parse(JSON.parse(Buffer.from(content).toString('utf8')));
  } catch (error) {
    if (error instanceof AppError && error.code === 'PASSPHRASE_WRONG') throw error;
    throw new AppError('EXPORT_DAMAGED', {}, { cause: error });
  }
}

/** Does the server still take this identity? False: it could not be asked. Its refusals, and another domain's server, are thrown. */
async function askServer(
  settings: AgentSettings,
  state: Extract<AgentSettings['state'], { is: 'deployed' }>,
  identity: Identity,
  anchors: ReturnType<typeof parsePemCertificates>,
  { clock }: ImportOptions,
): Promise<boolean> {
  const target = ownServer(settings.server, state, { identity, anchors, clock });
  try {
    await callRoute(target, getDocument, { params: { type: 'list' } });
    return true;
  } catch (raw) {
    const error = reachable(`${target.host}:${target.port}`, raw);
    if (error instanceof AppError && error.code === 'SERVER_UNREACHABLE') return false;
    throw error;
  } finally {
    target.agent.destroy();
  }
}
