import { AppError } from '@sekisho/core/errors.ts';
import type { ListPayload } from '@sekisho/core/wire/documents.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { z } from 'zod';
import type { repairAgent as repairRoute } from '../control/agent-status.ts';
import { listenOnControlSocket } from '../control/control-socket.ts';
import { setupCommand } from '../control/read-status.ts';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { openDocumentStore, type RepairableStore } from '../documents/document-store.ts';
import { loadIdentity, type Identity } from '../identity/identity-store.ts';
import { loadSettings, type AgentSettings } from '../settings.ts';
import type { VerifiedPackage } from './verify-package.ts';

/** What a repair did, and whether this host's certificate goes with it. */
export type RepairResult = z.input<typeof repairRoute.reply>;

/**
 * F-13 Repairs the agent of a data folder while none runs there; no agent can start meanwhile. Refusals: AGENT_NOT_SET_UP,
 * AGENT_NOT_DEPLOYED, AGENT_ALREADY_RUNNING, REPAIR_…
 */
export async function repairStoppedAgent(options: {
  dataFolder: string;
  text: string;
  expectedFingerprint: string | undefined;
  clock: Clock;
  log: Log;
}): Promise<RepairResult> {
  const { clock, log } = options;
  const folder = dataFolderAt(options.dataFolder);
  const settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: folder.root });
  const { state } = settings;
  if (state.is !== 'deployed')
    throw new AppError('AGENT_NOT_DEPLOYED', { command: setupCommand(folder, settings) });
  const lock = await listenOnControlSocket(folder, () => undefined, log);
  try {
    await prepareDataFolder(folder);
    const documents = await openDocumentStore({
      folder: folder.documents,
      anchorsFile: folder.anchorsFile,
      domainId: state.domainId,
      clock,
      log,
    });
    const found = await documents.repair(options.text, options.expectedFingerprint);
    return repairResult(found, { folder, settings, documents, identity: await loadIdentity(folder), clock });
  } finally {
    await lock.close();
  }
}

/** What is told of a repair that was carried out. */
export function repairResult(
  found: VerifiedPackage,
  parts: {
    folder: DataFolder;
    settings: AgentSettings;
    documents: Pick<RepairableStore, 'anchors' | 'intermediates'>;
    identity: Identity | undefined;
    clock: Clock;
  },
): RepairResult {
  const { folder, settings } = parts;
  const { servers } = found.list.payload;
  const server = firstServer(servers) ?? settings.server;
  return {
    generation: found.bundle.payload.serial,
    listSerial: found.list.payload.serial,
    caFingerprint: found.root.fingerprint,
    isNewCa: !found.isKnownRoot,
    servers: servers.map(serverName),
    certificate: standingOf(parts),
    command: setupCommand(folder, { ...settings, server }, true),
  };
}

function firstServer(servers: ListPayload['servers']): { host: string; port: number } | undefined {
  const [first] = servers
    .filter(({ protocol }) => protocol === 'https')
    .sort((a, b) => a.priority - b.priority);
  return first === undefined ? undefined : { host: first.address, port: first.port };
}

/** As the repaired agent itself sees it; the server has the last word. */
function standingOf({
  settings,
  documents,
  identity,
  clock,
}: Parameters<typeof repairResult>[1]): RepairResult['certificate'] {
  const nowMs = clock.nowMs();
  if (identity === undefined || settings.state.is !== 'deployed') return 'foreign';
  const { certificate } = identity;
  if (nowMs > certificate.notAfterMs) return 'expired';
  try {
    verifyChain({
      leaf: certificate,
      intermediates: documents.intermediates,
      anchors: documents.anchors,
      nowMs,
      domainId: settings.state.domainId,
      role: 'host-client',
    });
    return 'fits';
  } catch (error) {
    if (error instanceof AppError) return 'foreign';
    throw error;
  }
}
