import { AppError } from '@sekisho/core/errors.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { postSpool } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answers, socketPathOf } from '../control/control-socket.ts';
import { dataFolderAt, type DataFolder } from '../data-folder.ts';
import { formerAnchorsAt } from '../documents/anchor-files.ts';
import { loadAnchors } from '../documents/trust-anchors.ts';
import { readIdentity } from '../identity/identity-store.ts';
import { callRoute } from '../net/call-route.ts';
import { ownServer } from '../net/own-server.ts';
import { isMissing, loadSettings, type AgentSettings } from '../settings.ts';

/** An agent that was asked to stop has so long. */
const STOP_MAX_MS = 60 * SECOND_MS;
const LOOK_EVERY_MS = 100;

/** What an uninstallation removes, before it does. */
export interface UninstallPlan {
  readonly settings: AgentSettings;
  readonly fingerprint: string | undefined;
  readonly isRunning: boolean;
  /** Reports that the server has not got yet. */
  readonly spooled: number;
  /** The repositories of a media server inside the data folder. */
  readonly repositories: number;
}

/** T-19 Looks at what is there. Refusal: AGENT_NOT_SET_UP. */
export async function planUninstall(dataFolder: string): Promise<UninstallPlan> {
  const folder = dataFolderAt(dataFolder);
  const settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: dataFolder });
  return {
    settings,
    fingerprint: (await readIdentity(folder).catch(() => undefined))?.certificate.fingerprint,
    isRunning: await answers(await socketPathOf(folder)),
    spooled: (await namesIn(folder.spool)).filter((name) => name.endsWith('.json')).length,
    repositories: (await namesIn(folder.repositories)).length,
  };
}

/**
 * T-19 Stops the agent, tells the server if it can be reached, and removes key, certificate and trust first, then the rest; with
 * `keepData` reports, the record of jobs and repositories stay. Gives whether the server heard of it. Cut short, the same command does
 * what is left. Refusals: AGENT_NOT_SET_UP, AGENT_DOES_NOT_STOP.
 */
export async function uninstallAgent(options: {
  dataFolder: string;
  keepData: boolean;
  /** Of the running agent, as its own socket says. */
  pid: number | null;
  clock: Clock;
  random: Random;
  log: Log;
}): Promise<{ told: boolean }> {
  const { keepData, log } = options;
  const folder = dataFolderAt(options.dataFolder);
  const { settings } = await planUninstall(options.dataFolder);
  await stopAgent(folder, options);
  const told = await tellServer(folder, settings, options).catch((error: unknown) => {
    log.warn({ err: error }, 'the management server was not told');
    return false;
  });
  await removeOwn(folder, keepData);
  return { told };
}

/** Removes what an agent keeps in its folder, key and trust first, and nothing else that lies there. */
export async function removeOwn(folder: DataFolder, keepData: boolean): Promise<void> {
  const identities = [folder.identity, `${folder.identity}.old`, folder.identityNext];
  const trust = [...identities, folder.anchorsFile, formerAnchorsAt(folder.anchorsFile)];
  const secrets = [join(folder.root, 'secrets'), folder.documents, folder.crls, folder.namesFile];
  const remembered = [folder.homeFile, folder.verificationFile, folder.renewalFile];
  const rest = [...remembered, folder.installedPackage, folder.run, folder.cache, folder.staging];
  const data = keepData ? [] : [folder.spool, folder.jobs, folder.repositories];
  for (const path of [...trust, ...secrets, ...rest, ...data, folder.settingsFile])
    await rm(path, { recursive: true, force: true });
  await rmdir(folder.root).catch(() => undefined); // what is not ours stays, and so does its folder
}

async function stopAgent(
  folder: DataFolder,
  { pid, clock }: { pid: number | null; clock: Clock },
): Promise<void> {
  const socket = await socketPathOf(folder);
  if (!(await answers(socket))) return;
  if (pid === null) throw new AppError('AGENT_DOES_NOT_STOP', { folder: folder.root });
  process.kill(pid, 'SIGTERM');
  const untilMs = clock.monotonicMs() + STOP_MAX_MS;
  // the socket closes first; what it was at goes on until the process has ended
  while (isAlive(pid)) {
    if (clock.monotonicMs() > untilMs) throw new AppError('AGENT_DOES_NOT_STOP', { folder: folder.root });
    await clock.sleep(LOOK_EVERY_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function tellServer(
  folder: DataFolder,
  { server, state }: AgentSettings,
  { clock, random }: { clock: Clock; random: Random },
): Promise<boolean> {
  const identity = await readIdentity(folder);
  if (state.is !== 'deployed' || identity === undefined) return false;
  const anchors = await loadAnchors(folder.anchorsFile);
  const target = ownServer(server, state, { identity, anchors, clock });
  try {
    const { fingerprint } = identity.certificate;
    const event = { event: 'agent-uninstalled', atMs: clock.nowMs(), detail: { fingerprint } } as const;
    const item = { kind: 'event', spoolId: random.uuid(), ...event } as const;
    await callRoute(target, postSpool, { body: { items: [item] } });
    return true;
  } finally {
    target.agent.destroy();
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
