import { AppError } from '@sekisho/core/errors.ts';
import { plannedRenewalMs, renewalJitter } from '@sekisho/core/rules/renewal.ts';
import { tunnelTarget } from '@sekisho/core/rules/tunnel.ts';
import { isOffAt } from '@sekisho/core/rules/verification.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { readdir } from 'node:fs/promises';
import { dataFolderAt, type DataFolder } from '../data-folder.ts';
import { openDocumentStore } from '../documents/document-store.ts';
import { loadIdentity, type Identity } from '../identity/identity-store.ts';
import { openRenewalInformation, type KeptRenewal } from '../identity/renewal-information.ts';
import { loadSettings, type AgentSettings } from '../settings.ts';
import { AGENT_VERSION } from '../version.ts';
import type { AgentStatus } from './agent-status.ts';

/** The status of an agent that does not run, out of its data folder (T-11). Refusal: AGENT_NOT_SET_UP. */
export async function readAgentStatus(dataFolder: string, clock: Clock): Promise<AgentStatus> {
  const folder = dataFolderAt(dataFolder);
  const settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: dataFolder });
  const renewal = await openRenewalInformation({ file: folder.renewalFile, log: silentLog() });
  const base = baseStatus(folder, settings, await loadIdentity(folder), renewal);
  if (settings.state.is !== 'deployed') return base;
  const documents = await openDocumentStore({
    folder: folder.documents,
    anchorsFile: folder.anchorsFile,
    domainId: settings.state.domainId,
    clock,
    log: silentLog(),
  });
  const verification = documents.held('policy')?.payload.verification;
  return {
    ...base,
    verification:
      verification?.state === 'off' && isOffAt(verification, clock.nowMs())
        ? { state: 'off', untilMs: verification.untilMs }
        : { state: 'on' },
    serials: {
      bundle: documents.serial('bundle'),
      list: documents.serial('list'),
      assignment: documents.serial('assignment'),
      policy: documents.serial('policy'),
      crl: 0,
    },
    health: documents.isRepairUnfinished ? [{ code: 'repair-unfinished', detail: '' }] : [],
    spooled: (await readdir(folder.spool)).filter((name) => name.endsWith('.json')).length,
  };
}

/** What settings and identity alone say; the running agent fills in the rest. */
export function baseStatus(
  folder: DataFolder,
  settings: AgentSettings,
  identity: Identity | undefined,
  renewal: Pick<KeptRenewal, 'renewAtMs'>,
): AgentStatus {
  const { state } = settings;
  const certificate = identity?.certificate;
  return {
    running: false,
    version: AGENT_VERSION,
    name: settings.name,
    server: settings.server,
    notDeployed:
      state.is === 'not-deployed'
        ? { code: state.code, params: state.params, command: setupCommand(folder, settings) }
        : null,
    hostId: state.is === 'deployed' ? state.hostId : null,
    domainId: state.is === 'deployed' ? state.domainId : null,
    certificate:
      certificate === undefined
        ? null
        : {
            fingerprint: certificate.fingerprint,
            serial: certificate.serial,
            notBeforeMs: certificate.notBeforeMs,
            notAfterMs: certificate.notAfterMs,
            renewFromMs: plannedRenewalMs({
              notBeforeMs: certificate.notBeforeMs,
              notAfterMs: certificate.notAfterMs,
              jitter: renewalJitter(certificate.fingerprint),
              renewAtMs: renewal.renewAtMs(certificate.fingerprint),
            }),
          },
    channel: 'off',
    relay: null,
    lastContactMs: null,
    lastError: null,
    serials: { bundle: 0, list: 0, assignment: 0, policy: 0, crl: 0 },
    verification: { state: 'on' },
    spooled: 0,
    jobs: [],
    health: [],
    refusedServers: [],
    media: null,
    pid: null,
    settings: { allowCommands: settings.allowCommands },
  };
}

/** The command that deploys this host's certificate, or replaces it. */
export function setupCommand(folder: DataFolder, settings: AgentSettings, reissue = false): string {
  const { server, name, media } = settings;
  const words = [
    'sekisho',
    'agent',
    'setup',
    '--data',
    folder.root,
    '--server',
    `${server.host}:${server.port}`,
  ];
  words.push('--name', name);
  for (const relay of settings.relays ?? [])
    if (relay.hostId === null) words.push('--relay', tunnelTarget(relay.address, relay.port));
  if (media) words.push('--media');
  if (reissue) words.push('--reissue');
  return words
    .map((word) => (/^[A-Za-z0-9_./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
