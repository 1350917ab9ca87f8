import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { judgePackage } from '@sekisho/core/rules/install-package.ts';
import { isOffAt } from '@sekisho/core/rules/verification.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { InstallPackage, PackagePlatform } from '@sekisho/core/wire/documents.ts';
import { getInstallPackage, installPackageFile, packageSignature } from '@sekisho/core/wire/packages.ts';
import { signersOfBundle, verifyDocument } from '@sekisho/pki/documents.ts';
import { makePrivateFolder } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dataFolderAt, type DataFolder } from '../data-folder.ts';
import { openDocumentStore, type DocumentStore } from '../documents/document-store.ts';
import { setupCommand } from '../control/read-status.ts';
import { loadIdentity } from '../identity/identity-store.ts';
import { callRoute } from '../net/call-route.ts';
import { describeNetworkError, streamRequest } from '../net/http-request.ts';
import { ownServer } from '../net/own-server.ts';
import { loadSettings, type AgentSettings } from '../settings.ts';
import { openSpool } from '../spool/spool.ts';
import { AGENT_VERSION } from '../version.ts';
import { installDeb } from './install-deb.ts';

/** What stands beside a package that was carried here. */
export const SIGNATURE_SUFFIX = '.signature';
const SIGNATURE_BYTES_MAX = 128 * 1024;

export interface PackageUpgradeOptions {
  readonly dataFolder: string;
  /** A file with its signature beside it, or what the management server publishes. */
  readonly from: { readonly file: string } | 'server';
  readonly allowOlder: boolean;
  /** False: everything is checked, and nothing installed. */
  readonly install: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** What installs the verified copy. */
  readonly runInstaller?: typeof installDeb;
  /** Has the running agent tell its server of a refusal; false: none runs. */
  readonly report?: (code: ErrorCode) => Promise<boolean>;
  readonly platform?: PackagePlatform | undefined;
}

export interface PackageUpgrade {
  readonly installed: string;
  readonly offered: InstallPackage;
  readonly done: boolean;
}

/**
 * F-04 Installs an install package that a document signer of this domain signed, as the agent's own trust bundle names it. The file is copied
 * into a folder of root's own while it is hashed, and this copy is installed: nobody exchanges it in between. What is refused is told to the
 * management server. Refusals: AGENT_NOT_SET_UP, AGENT_NOT_DEPLOYED, VERIFICATION_OFF, PACKAGE_…, SERVER_UNREACHABLE.
 */
export async function upgradeFromPackage(options: PackageUpgradeOptions): Promise<PackageUpgrade> {
  const folder = dataFolderAt(options.dataFolder);
  const settings = await loadSettings(folder);
  if (settings === undefined) throw new AppError('AGENT_NOT_SET_UP', { folder: folder.root });
  const { state } = settings;
  if (state.is !== 'deployed')
    throw new AppError('AGENT_NOT_DEPLOYED', { command: setupCommand(folder, settings) });
  try {
    return await verifyAndInstall(folder, { server: settings.server, state }, options);
  } catch (error) {
    if (error instanceof AppError && TOLD.has(error.code)) await tell(folder, error.code, options);
    throw error;
  }
}

/** Somebody may have tried something: the management server hears of it. */
const TOLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PACKAGE_UNSIGNED',
  'PACKAGE_SIGNATURE_INVALID',
  'PACKAGE_CHANGED',
  'PACKAGE_OLDER',
]);

async function verifyAndInstall(
  folder: DataFolder,
  settings: Deployed,
  options: PackageUpgradeOptions,
): Promise<PackageUpgrade> {
  const { clock, log } = options;
  const documents = await openDocumentStore({
    folder: folder.documents,
    anchorsFile: folder.anchorsFile,
    domainId: settings.state.domainId,
    clock,
    log,
  });
  const verification = documents.held('policy')?.payload.verification;
  if (verification?.state === 'off' && isOffAt(verification, clock.nowMs()))
    throw new AppError('VERIFICATION_OFF');
  const platform = options.platform ?? platformHere();
  const source =
    options.from === 'server'
      ? await fromServer(folder, settings, { documents, platform, clock })
      : await fromFile(options.from.file);
  try {
    const offered = await verified(source.jws, documents, settings, clock);
    const { allowOlder } = options;
    const judged = judgePackage(offered, { version: AGENT_VERSION, platform, allowOlder });
    if (!judged.allow) throw new AppError(judged.code, judged.params);
    const place = join(folder.root, 'upgrade');
    await rm(place, { recursive: true, force: true });
    await makePrivateFolder(place);
    try {
      const copy = join(place, offered.fileName);
      await copyVerified(await source.open(), copy, offered);
      const install = options.runInstaller ?? installDeb;
      if (options.install)
        await install(copy, {
          version: offered.version,
          workFolder: place,
          installedPackage: folder.installedPackage,
        });
    } finally {
      await rm(place, { recursive: true, force: true });
    }
    return { installed: AGENT_VERSION, offered, done: options.install };
  } finally {
    source.close();
  }
}

interface Deployed {
  readonly server: AgentSettings['server'];
  readonly state: Extract<AgentSettings['state'], { is: 'deployed' }>;
}

interface Source {
  readonly jws: string;
  open(): Promise<AsyncIterable<Buffer>>;
  close(): void;
}

async function fromFile(file: string): Promise<Source> {
  const beside = `${file}${SIGNATURE_SUFFIX}`;
  const text = await readFile(beside, 'utf8').catch((error: unknown) => {
    throw new AppError('PACKAGE_UNSIGNED', { file: beside }, { cause: error });
  });
  const parsed = text.length > SIGNATURE_BYTES_MAX ? undefined : packageSignature.safeParse(json(text));
  if (parsed?.success !== true) throw new AppError('PACKAGE_SIGNATURE_INVALID', { detail: beside });
  return {
    jws: parsed.data.signed,
    open: () => Promise.resolve(createReadStream(file)),
    close: () => undefined,
  };
}

/** The servers of the list, one after the other: each has a copy of its own, or none. */
async function fromServer(
  folder: DataFolder,
  settings: Deployed,
  parts: { documents: DocumentStore; platform: PackagePlatform; clock: Clock },
): Promise<Source> {
  const { documents, platform, clock } = parts;
  const identity = await loadIdentity(folder);
  if (identity === undefined) throw new AppError('INTERNAL');
  const listed = (documents.held('list')?.payload.servers ?? [])
    .filter(({ protocol }) => protocol === 'https')
    .sort((a, b) => a.priority - b.priority)
    .map(({ address: host, port, serverId, acceptedKeys }) => ({ host, port, serverId, acceptedKeys }));
  const first = { ...settings.server, serverId: settings.state.serverId, acceptedKeys: [] };
  let last: unknown = new AppError('PACKAGE_NOT_PUBLISHED', { platform });
  for (const { serverId, acceptedKeys, ...server } of listed.length === 0 ? [first] : listed) {
    const target = ownServer(
      server,
      { ...settings.state, serverId },
      { identity, anchors: documents.anchors, intermediates: documents.intermediates, acceptedKeys, clock },
    );
    const close = (): void => {
      target.agent.destroy();
    };
    try {
      const { jws } = await callRoute(target, getInstallPackage, { params: { platform } });
      const stream = await streamRequest(target, installPackageFile(platform));
      return { jws, open: () => Promise.resolve(stream), close };
    } catch (error) {
      close();
      last = error;
    }
  }
  throw last instanceof AppError
    ? last
    : new AppError(
        'SERVER_UNREACHABLE',
        { server: first.host, detail: describeNetworkError(last) },
        { cause: last },
      );
}

async function verified(
  jws: string,
  documents: DocumentStore,
  settings: Deployed,
  clock: Clock,
): Promise<InstallPackage> {
  const bundle = documents.held('bundle')?.payload;
  try {
    const { payload } = await verifyDocument(jws, {
      type: 'package',
      domainId: settings.state.domainId,
      anchors: documents.anchors,
      signers: bundle === undefined ? [] : signersOfBundle(bundle),
      nowMs: clock.nowMs(),
    });
    return payload;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError('PACKAGE_SIGNATURE_INVALID', { detail: error.code }, { cause: error });
  }
}

/** Refusal: PACKAGE_CHANGED. */
async function copyVerified(
  from: AsyncIterable<Buffer>,
  to: string,
  { bytes, sha256, fileName }: InstallPackage,
): Promise<void> {
  const hash = createHash('sha256');
  const changed = (): AppError => new AppError('PACKAGE_CHANGED', { file: fileName });
  let length = 0;
  const file = await open(to, 'wx', 0o600);
  try {
    for await (const part of from) {
      length += part.byteLength;
      if (length > Math.min(bytes, PACKAGE_BYTES_MAX)) throw changed();
      hash.update(part);
      await file.write(part);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (length !== bytes || hash.digest('hex') !== sha256) throw changed();
}

/** The running agent says it; else it waits on the disk for the next start. */
async function tell(
  folder: DataFolder,
  code: ErrorCode,
  { clock, random, log, report }: PackageUpgradeOptions,
): Promise<void> {
  try {
    if ((await report?.(code)) === true) return;
    const spool = await openSpool({ folder: folder.spool, log });
    const detail = { type: 'package', code };
    const event = { kind: 'event', event: 'document-refused', atMs: clock.nowMs(), detail } as const;
    await spool.put({ ...event, spoolId: random.uuid() });
  } catch (error) {
    log.warn({ err: error, code }, 'an event could not be kept');
  }
}

function platformHere(): PackagePlatform {
  if (process.platform === 'linux' && process.arch === 'arm64') return 'linux-arm64';
  if (process.platform === 'linux' && process.arch === 'x64') return 'linux-amd64';
  throw new AppError('PACKAGE_INSTALL_FAILED', { detail: `${process.platform} ${process.arch}` });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
