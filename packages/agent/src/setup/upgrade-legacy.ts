import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { depositRepositoryPassword } from '@sekisho/core/wire/legacy.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { readdir, readFile, rename } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { dataFolderAt } from '../data-folder.ts';
import { loadIdentity } from '../identity/identity-store.ts';
import { callRoute } from '../net/call-route.ts';
import { DialingAgent, dialTls } from '../net/dial.ts';
import { verifyPinnedServer } from '../net/verify-peer.ts';
import { loadAnchors } from '../documents/trust-anchors.ts';
import { loadSettings } from '../settings.ts';
import { setupAgent, type SetupOptions } from './setup-agent.ts';
import { removeOwn } from './uninstall-agent.ts';

/** Where the server listens for agents, beside the plain port that a legacy configuration names. */
export const AGENT_PORT_DEFAULT = 13_000;
/** So long a legacy agent may take to end. */
export const LEGACY_STOP_MAX_MS = 45_000;
const POLL_MS = 100;
/** What a legacy agent's configuration is called afterwards: it is kept, and starts nothing. */
export const UPGRADED_SUFFIX = '.before-upgrade';

export interface UpgradeResult {
  readonly name: string;
  /** Null: the certificate is left to be deployed by hand, and the legacy agent goes on. */
  readonly hostId: HostId | null;
  /** Repositories that go on; none: a new one is made. */
  readonly repositories: readonly string[];
}

/**
 * T-18 Takes over from a legacy agent: the certificate first, then what it knew, then it is stopped. Until the last step the legacy agent
 * and its configuration work as before; whatever fails leaves them so. A certificate that is there is kept.
 * Refusals: LEGACY_FOLDER_UNREADABLE, LEGACY_AGENT_STAYS, and those of `setupAgent`.
 */
export async function upgradeLegacy(
  options: Omit<SetupOptions, 'name' | 'server' | 'media'> & {
    readonly fromFolder: string;
    /** Where the server is, when that is not what the legacy agent knew. */
    readonly server?: SetupOptions['server'];
  },
): Promise<UpgradeResult> {
  const { fromFolder, dataFolder, clock } = options;
  const legacy = await readLegacyFolder(fromFolder);
  const server = options.server ?? { host: legacy.host, port: AGENT_PORT_DEFAULT };
  const folder = dataFolderAt(dataFolder);
  const before = await loadSettings(folder);
  const wasEmpty = (await readdir(folder.root).catch(() => [])).length === 0;
  if (before?.state.is !== 'deployed') {
    try {
      const result = await setupAgent({ ...options, name: legacy.name, server, media: false });
      if (result === undefined) return { name: legacy.name, hostId: null, repositories: [] };
    } catch (error) {
      // abandoned: nothing of the new agent stays where nothing was, and what somebody else keeps there does
      if (wasEmpty) await removeOwn(folder, false);
      throw error;
    }
  }
  const settings = await loadSettings(folder);
  if (settings?.state.is !== 'deployed') throw new AppError('INTERNAL');
  const repositories = await handOver(options, settings.server, legacy.password);
  await stopLegacy(fromFolder, clock);
  await rename(join(fromFolder, 'config'), join(fromFolder, `config${UPGRADED_SUFFIX}`));
  return { name: settings.name, hostId: settings.state.hostId, repositories };
}

/** The server's address in a legacy agent's configuration. Refusal: LEGACY_FOLDER_UNREADABLE. */
export const readLegacyServer = async (folder: string): Promise<string> =>
  (await readLegacyFolder(folder)).host;

async function readLegacyFolder(
  folder: string,
): Promise<{ host: string; name: string; password: string | null }> {
  if (!isAbsolute(folder)) throw new AppError('LEGACY_FOLDER_UNREADABLE', { folder });
  const text = await readFile(join(folder, 'config'), 'utf8').catch((error: unknown) => {
    throw new AppError('LEGACY_FOLDER_UNREADABLE', { folder }, { cause: error });
  });
  const valueOf = (word: string): string | undefined =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${word} `))
      ?.slice(word.length + 1);
  const [, host] = /^(.+?)(?::\d+)?$/.exec(valueOf('server') ?? '') ?? [];
  const name = valueOf('name');
  if (host === undefined || name === undefined) throw new AppError('LEGACY_FOLDER_UNREADABLE', { folder });
  const password = await readFile(join(folder, 'password'), 'utf8').catch(() => null);
  return { host, name, password: password?.trim() ?? null };
}

/** The password of the repositories goes to the server, over a connection on which both sides showed a certificate. */
async function handOver(
  { dataFolder, clock }: Pick<SetupOptions, 'dataFolder' | 'clock'>,
  { host, port }: SetupOptions['server'],
  password: string | null,
): Promise<string[]> {
  const folder = dataFolderAt(dataFolder);
  const identity = await loadIdentity(folder);
  const [root] = await loadAnchors(folder.anchorsFile);
  if (identity === undefined || root === undefined) throw new AppError('INTERNAL');
  const agent = new DialingAgent(
    (signal) =>
      dialTls({
        host,
        port,
        ca: [certificateToPem(root.der)],
        identity,
        signal,
        verify: (peer) => {
          verifyPinnedServer(peer, root, clock.nowMs());
        },
      }),
    1,
  );
  try {
    const reply = await callRoute({ host, port, agent }, depositRepositoryPassword, { body: { password } });
    return reply.repositories;
  } finally {
    agent.destroy();
  }
}

/** By the process that its own lock names, and only if that is one. Refusal: LEGACY_AGENT_STAYS. */
async function stopLegacy(folder: string, clock: SetupOptions['clock']): Promise<void> {
  const pid = Number((await readFile(join(folder, 'lock/pid'), 'utf8').catch(() => '')).trim());
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await isLegacyAgent(pid))) return;
  process.kill(pid, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < LEGACY_STOP_MAX_MS; waitedMs += POLL_MS) {
    if (!(await isLegacyAgent(pid))) return;
    await clock.sleep(POLL_MS);
  }
  throw new AppError('LEGACY_AGENT_STAYS', { pid });
}

const isLegacyAgent = (pid: number): Promise<boolean> =>
  readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (text) => text.includes('sekisho-legacy-agent'),
    () => false,
  );
