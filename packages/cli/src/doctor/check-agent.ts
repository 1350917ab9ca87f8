import { dataFolderAt } from '@sekisho/agent/data-folder.ts';
import { loadAgentConfig, type AgentConfig } from '@sekisho/agent/settings.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { findRestic, resticVersion } from '@sekisho/media/restic/find-restic.ts';
import { parsePemCertificates } from '@sekisho/pki/certificate.ts';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { checkDays } from './check-certificates.ts';
import { checkDisk, checkFolder } from './check-folder.ts';
import { compareClocks } from './check-machine.ts';
import { reach } from './check-ports.ts';
import type { ExaminationParts } from './check-server.ts';
import { findingsOf, type Finding } from './finding.ts';

const AGENT_FREE_MEGABYTES = 50;
const SECRET_FILES = ['agent.json', 'identity', 'cache', 'run'];
const ANSWER_MS = 5_000;

/** Everything about an agent's data folder, whether the agent runs or not. Never throws for what is wrong. */
export async function checkAgent(parts: ExaminationParts): Promise<Finding[]> {
  const { folder, environment } = parts;
  const place = dataFolderAt(folder);
  const folders = await checkFolder(folder, SECRET_FILES);
  const settings = findingsOf('settings');
  let config: AgentConfig;
  try {
    const loaded = await loadAgentConfig(place, {}, environment);
    if (loaded === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder });
    config = loaded.config;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [...folders, settings.refused(error)];
  }
  return [
    ...folders,
    ...(await checkDisk(folder, AGENT_FREE_MEGABYTES, parts.size)),
    settings.found('ok', 'settingsOk'),
    ...(await checkIdentity(join(place.identity, 'certificate.pem'), config, parts)),
    ...(await checkManagementServer(config, parts)),
    ...(await checkRestic(environment)),
  ];
}

async function checkIdentity(
  path: string,
  config: AgentConfig,
  { clock }: ExaminationParts,
): Promise<Finding[]> {
  const { refused } = findingsOf('certificates');
  if (config.state.is === 'not-deployed')
    return [refused(new AppError('AGENT_NOT_DEPLOYED', { command: 'sekisho agent setup' }))];
  try {
    const [leaf] = parsePemCertificates(await readFile(path, 'utf8'));
    if (leaf !== undefined) return [checkDays(config.name, leaf, clock.nowMs())];
  } catch {
    // told below: no such file, or nothing that is a certificate
  }
  return [refused(new AppError('AGENT_IDENTITY_UNREADABLE', { path }))];
}

async function checkManagementServer(
  { server }: AgentConfig,
  { clock }: ExaminationParts,
): Promise<Finding[]> {
  const { found } = findingsOf('server');
  const name = `${server.host}:${server.port}`;
  const reason = await reach(server.host, server.port);
  if (reason !== undefined) return [found('fault', 'serverUnreachable', { server: name, reason })];
  const otherMs = await dateOf(server);
  return [
    found('ok', 'serverReachable', { server: name }),
    ...(otherMs === undefined ? [] : [compareClocks(clock.nowMs(), otherMs, name)]),
  ];
}

/** The clock of a server, as its replies tell it. Nothing is trusted: who answers does not matter for a finding. */
const dateOf = ({ host, port }: AgentConfig['server']): Promise<number | undefined> =>
  new Promise((resolve) => {
    const sent = request(
      { host, port, path: '/', rejectUnauthorized: false, agent: false, timeout: ANSWER_MS },
      (response) => {
        response.resume();
        const atMs = Date.parse(response.headers.date ?? '');
        resolve(Number.isNaN(atMs) ? undefined : atMs);
      },
    );
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => {
      resolve(undefined);
    });
    sent.end();
  });

async function checkRestic(environment: Readonly<Record<string, string | undefined>>): Promise<Finding[]> {
  const { found, refused } = findingsOf('restic');
  try {
    const path = await findRestic(environment);
    const { major, minor, patch } = await resticVersion(path);
    return [found('ok', 'resticOk', { path, version: `${major}.${minor}.${patch}` })];
  } catch (error) {
    if (error instanceof AppError) return [refused(error)];
    throw error;
  }
}
