import { AppError } from '@sekisho/core/errors.ts';
import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { manualAnswer, type ManualAnswer } from '@sekisho/core/wire/manual.ts';
import type { ListPayload } from '@sekisho/core/wire/documents.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { fromBase64 } from '@sekisho/pki/pem.ts';
import { OID } from '@sekisho/pki/oids.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { makePrivateFolder } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { openDocumentStore } from '../documents/document-store.ts';
import { saveAnchors } from '../documents/trust-anchors.ts';
import { checkIssued } from '../identity/check-reply.ts';
import { findStaged, installStaged, loadIdentity, type StagedRequest } from '../identity/identity-store.ts';
import { loadSettings, saveSettings, type AgentSettings } from '../settings.ts';
import { parseFingerprint } from './fingerprint.ts';
import { requireStopped } from './manual-request.ts';
import { dropForeignDocuments, type SetupResult } from './setup-agent.ts';

/** An answer file is longer than its two documents by little. */
export const MANUAL_ANSWER_BYTES_MAX = 3 * DOCUMENT_BYTES_MAX;

export interface ManualInstallOptions {
  readonly dataFolder: string;
  /** What the file says. */
  readonly answer: string;
  /** Of the CA, as an administrator gave it; the file is believed in nothing before. */
  readonly expectedFingerprint: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * T-17 Deploys the certificate out of an answer file. All is checked first (root by its fingerprint, chain, our own key, dates, documents
 * by their signatures); then it is written so that a crash at any point leaves what the same command completes. Refusals:
 * MANUAL_ANSWER_UNREADABLE, CA_FINGERPRINT_…, MANUAL_REQUEST_MISSING, CERTIFICATE_REPLY_WRONG, DOCUMENT_…, AGENT_ALREADY_RUNNING.
 */
export async function installManually(options: ManualInstallOptions): Promise<SetupResult> {
  const { clock, log } = options;
  const folder = dataFolderAt(options.dataFolder);
  const answer = readAnswer(options.answer);
  const root = confirmRoot(answer, parseFingerprint(options.expectedFingerprint));
  await requireStopped(folder);
  const before = await loadSettings(folder);
  const staged = await findStaged(folder);
  const keyId = staged?.keyId ?? (await installedKey(folder, answer));
  if (keyId === undefined) throw new AppError('MANUAL_REQUEST_MISSING', { folder: folder.root });
  const { hostId, chain } = checkIssued(answer.chain.map(certificateOf), {
    keyId,
    anchors: [root],
    intermediates: [],
    domainId: answer.domainId,
    hostId: undefined,
    nowMs: clock.nowMs(),
  });
  const { domainId } = answer;
  const list = await verifyDocuments(folder, answer, root, options);

  await prepareDataFolder(folder);
  await saveAnchors(folder.anchorsFile, [root]);
  await dropForeignDocuments(folder, before, domainId);
  if (staged !== undefined) await installStaged(folder, chain);
  crashPoint('manual-install.certificate');
  const settings = settingsOf(chain[0]!, list, before, staged);
  const [server] = list.servers;
  if (server === undefined) throw new AppError('MANUAL_ANSWER_UNREADABLE', { detail: 'list' });
  const state = { is: 'deployed', hostId, domainId, serverId: server.serverId } as const;
  await saveSettings(folder, { ...settings, state });
  crashPoint('manual-install.settings');
  await offerDocuments(folder.documents, folder.anchorsFile, answer, options);
  log.info({ hostId, domainId }, 'certificate deployed by hand');
  return { hostId, name: settings.name, domainId };
}

function readAnswer(text: string): ManualAnswer {
  try {
    return manualAnswer.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('MANUAL_ANSWER_UNREADABLE', { detail: 'JSON' }, { cause: error });
  }
}

function confirmRoot(answer: ManualAnswer, expected: string): Certificate {
  const root = certificateOf(answer.root);
  if (root.fingerprint === expected && root.isCa) return root;
  throw new AppError('MANUAL_CA_MISMATCH', { expected, found: root.fingerprint });
}

const certificateOf = (packed: string): Certificate =>
  parseCertificate(fromBase64(packed, 'CERTIFICATE_MALFORMED'));

/** An installation that was cut short has promoted its key already. */
async function installedKey(folder: DataFolder, answer: ManualAnswer): Promise<string | undefined> {
  const identity = await loadIdentity(folder);
  const [leaf] = answer.chain.map(certificateOf);
  return identity !== undefined && identity.certificate.fingerprint === leaf?.fingerprint
    ? leaf.keyId
    : undefined;
}

/** Bundle and list are signed under the confirmed root: found out in a folder of their own, before anything is changed. */
async function verifyDocuments(
  folder: DataFolder,
  answer: ManualAnswer,
  root: Certificate,
  options: Pick<ManualInstallOptions, 'clock' | 'log'>,
): Promise<ListPayload> {
  const aside = join(folder.root, 'install.next');
  await rm(aside, { recursive: true, force: true });
  try {
    await makePrivateFolder(aside);
    const anchorsFile = join(aside, 'anchors.pem');
    await saveAnchors(anchorsFile, [root]);
    const documents = await offerDocuments(aside, anchorsFile, answer, options);
    const list = documents.held('list')?.payload;
    if (list === undefined) throw new AppError('MANUAL_ANSWER_UNREADABLE', { detail: 'list' });
    return list;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function offerDocuments(
  documentsFolder: string,
  anchorsFile: string,
  { domainId, bundle, list }: ManualAnswer,
  { clock, log }: Pick<ManualInstallOptions, 'clock' | 'log'>,
) {
  const documents = await openDocumentStore({ folder: documentsFolder, anchorsFile, domainId, clock, log });
  await documents.offer('bundle', bundle);
  await documents.offer('list', list);
  return documents;
}

function settingsOf(
  leaf: Certificate,
  list: ListPayload,
  before: AgentSettings | undefined,
  staged: StagedRequest | undefined,
): Omit<AgentSettings, 'state'> {
  const granted = [...leaf.san.dns, ...leaf.san.ips];
  const name = before?.name ?? granted[0] ?? leaf.subjectCn ?? '-';
  const { address = '-', port = 0 } = list.servers[0] ?? {};
  return {
    version: 1,
    name,
    names: granted.filter((one) => one !== name),
    media: leaf.extKeyUsages.includes(OID.serverAuth),
    server: { host: address, port },
    keyAlgorithm: staged?.csr.keyAlgorithm ?? before?.keyAlgorithm ?? 'p256',
    allowCommands: before?.allowCommands ?? false,
    mediaFolder: before?.mediaFolder ?? null,
  };
}
