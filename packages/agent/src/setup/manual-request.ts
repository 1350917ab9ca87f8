import { AppError } from '@sekisho/core/errors.ts';
import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import type { CertificateRequest } from '@sekisho/pki/csr.ts';
import { answers, socketPathOf } from '../control/control-socket.ts';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { stageRequest } from '../identity/identity-store.ts';
import { loadSettings } from '../settings.ts';

export interface ManualRequestOptions {
  readonly dataFolder: string;
  readonly name: string;
  /** Further names and addresses that the certificate should carry. */
  readonly names: readonly string[];
  readonly media: boolean;
  /** The host has an identity, which is to be replaced. */
  readonly reissue: boolean;
}

/**
 * T-17 Makes the key of a host with no route to the server, and its request; the key stays in the agent's data folder. The same wish
 * again gives the same request. Refusals: AGENT_ALREADY_SET_UP, AGENT_ALREADY_RUNNING.
 */
export async function makeManualRequest(options: ManualRequestOptions): Promise<CertificateRequest> {
  const folder = dataFolderAt(options.dataFolder);
  const before = await loadSettings(folder);
  if (before?.state.is === 'deployed' && !options.reissue)
    throw new AppError('AGENT_ALREADY_SET_UP', { hostId: before.state.hostId });
  // a running agent renews, and its own request would take the place of this one
  await requireStopped(folder);
  await prepareDataFolder(folder);
  const dns: string[] = [];
  const ips: string[] = [];
  for (const name of new Set([options.name, ...options.names])) {
    const ip = canonicalIp(name);
    if (ip === undefined) dns.push(name);
    else ips.push(ip);
  }
  const wish = { commonName: options.name, dns, ips, uris: [], serverAuth: options.media };
  return (await stageRequest(folder, wish, before?.keyAlgorithm ?? 'p256')).csr;
}

/** Refusal: AGENT_ALREADY_RUNNING. */
export async function requireStopped(folder: DataFolder): Promise<void> {
  if (await answers(await socketPathOf(folder)))
    throw new AppError('AGENT_ALREADY_RUNNING', { folder: folder.root });
}
