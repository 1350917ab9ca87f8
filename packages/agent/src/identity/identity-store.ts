import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import {
  createCertificateRequest,
  parseCertificateRequest,
  type CertificateRequest,
} from '@sekisho/pki/csr.ts';
import {
  generatePrivateKey,
  keyIdOfSpki,
  privateKeyFromPem,
  privateKeyToPem,
  spkiOf,
  type KeyAlgorithm,
} from '@sekisho/pki/keys.ts';
import { chainToPem, parsePemCertificates, type Certificate } from '@sekisho/pki/certificate.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { makePrivateFolder, syncFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataFolder } from '../data-folder.ts';
import { isMissing } from '../settings.ts';

/** Key and certificate that this host shows. The key never leaves the folder (invariant 1). */
export interface Identity {
  readonly hostId: HostId;
  readonly keyPem: string;
  /** The leaf, then the issuing CA if it is known. */
  readonly chainPem: string;
  readonly certificate: Certificate;
}

/** A request that is on the disk, so that the same one is sent again when a reply was lost (T-14). */
export interface StagedRequest {
  readonly csr: CertificateRequest;
  readonly keyId: string;
}

export interface RequestedNames {
  readonly commonName: string;
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  readonly uris: readonly string[];
  readonly serverAuth: boolean;
}

/**
 * The identity in use, or undefined. A change that a crash interrupted is finished first: a next identity that has its
 * certificate takes the place, one that has only its request waits for the certificate.
 */
export async function loadIdentity(folder: DataFolder): Promise<Identity | undefined> {
  await promoteStaged(folder);
  return readIdentity(folder);
}

/** The same without finishing anything: for who looks while an agent may run. */
export async function readIdentity(folder: DataFolder): Promise<Identity | undefined> {
  const keyPem = await readIfThere(join(folder.identity, KEY));
  const chainPem = await readIfThere(join(folder.identity, CERTIFICATE));
  if (keyPem === undefined || chainPem === undefined) return undefined;
  return identityOf(keyPem, chainPem);
}

/** The staged request, when it asks for exactly these names; another one is thrown away and a new key made. */
export async function stageRequest(
  folder: DataFolder,
  names: RequestedNames,
  algorithm: KeyAlgorithm,
): Promise<StagedRequest> {
  const found = await findStaged(folder);
  if (found !== undefined && asksFor(found.csr, names) && found.csr.keyAlgorithm === algorithm) return found;
  await discardStaged(folder);
  await makePrivateFolder(folder.identityNext);
  const key = await generatePrivateKey(algorithm);
  const der = await createCertificateRequest({
    signer: fileSigner(key),
    commonName: names.commonName,
    dns: [...names.dns],
    ips: [...names.ips],
    uris: [...names.uris],
    serverAuth: names.serverAuth,
  });
  await writeDurably(join(folder.identityNext, KEY), privateKeyToPem(key));
  await writeDurably(join(folder.identityNext, REQUEST), der);
  await syncFolder(dirname(folder.identityNext));
  return { csr: parseCertificateRequest(der), keyId: keyIdOfSpki(spkiOf(key)) };
}

/** The certificate has come: on the disk beside its key, then in the place of the identity in use. */
export async function installStaged(folder: DataFolder, chain: readonly Certificate[]): Promise<Identity> {
  const chainPem = chainToPem(chain);
  identityOf((await readIfThere(join(folder.identityNext, KEY))) ?? '', chainPem);
  await writeDurably(join(folder.identityNext, CERTIFICATE), chainPem);
  const identity = await loadIdentity(folder);
  if (identity === undefined) throw new AppError('AGENT_IDENTITY_UNREADABLE', { path: folder.identity });
  return identity;
}

/** Puts an identity that came back into place, durably; a request that waits is given up. */
export async function adoptIdentity(
  folder: DataFolder,
  { keyPem, chainPem }: Pick<Identity, 'keyPem' | 'chainPem'>,
): Promise<void> {
  identityOf(keyPem, chainPem);
  await discardStaged(folder);
  await makePrivateFolder(folder.identityNext);
  await writeDurably(join(folder.identityNext, KEY), keyPem);
  await writeDurably(join(folder.identityNext, CERTIFICATE), chainPem);
  await promoteStaged(folder);
}

/** Gives up a request that was refused for good. */
export async function discardStaged(folder: DataFolder): Promise<void> {
  await rm(folder.identityNext, { recursive: true, force: true });
}

/** The names of a host certificate as a renewal repeats them (T-06: subject and SAN are kept). */
export const namesOf = (certificate: Certificate, serverAuth: boolean): RequestedNames => ({
  commonName: certificate.subjectCn ?? '',
  dns: certificate.san.dns,
  ips: certificate.san.ips,
  uris: certificate.san.uris,
  serverAuth,
});

const KEY = 'key.pem';
const CERTIFICATE = 'certificate.pem';
const REQUEST = 'request.der';

/** Two renames; whatever a crash leaves, the next start finds one whole identity and goes on from it. */
async function promoteStaged(folder: DataFolder): Promise<void> {
  const keyPem = await readIfThere(join(folder.identityNext, KEY));
  const chainPem = await readIfThere(join(folder.identityNext, CERTIFICATE));
  const old = `${folder.identity}.old`;
  if (keyPem !== undefined && chainPem !== undefined && isIdentity(keyPem, chainPem)) {
    crashPoint('agent-identity.before-rename');
    await rm(old, { recursive: true, force: true });
    await renameIfThere(folder.identity, old);
    await rename(folder.identityNext, folder.identity);
    crashPoint('agent-identity.renamed');
    await syncFolder(dirname(folder.identity));
    await rm(join(folder.identity, REQUEST), { force: true });
  }
  await rm(old, { recursive: true, force: true });
}

function identityOf(keyPem: string, chainPem: string): Identity {
  const [certificate] = parsePemCertificates(chainPem);
  const hostId = parseHostId(certificate?.subjectCn ?? '');
  if (certificate === undefined || hostId === undefined)
    throw new AppError('AGENT_IDENTITY_UNREADABLE', { path: CERTIFICATE });
  if (keyIdOfSpki(spkiOf(privateKeyFromPem(keyPem))) !== certificate.keyId)
    throw new AppError('AGENT_IDENTITY_UNREADABLE', { path: KEY });
  return { hostId, keyPem, chainPem, certificate };
}

/** A staged certificate that is none (a failing disk) must not keep the identity in use from working. */
function isIdentity(keyPem: string, chainPem: string): boolean {
  try {
    identityOf(keyPem, chainPem);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

/** The request that is on the disk with its key, if there is a whole one. */
export async function findStaged(folder: DataFolder): Promise<StagedRequest | undefined> {
  try {
    const csr = parseCertificateRequest(await readFile(join(folder.identityNext, REQUEST)));
    const keyPem = await readFile(join(folder.identityNext, KEY), 'utf8');
    const keyId = keyIdOfSpki(spkiOf(privateKeyFromPem(keyPem)));
    return keyId === keyIdOfSpki(csr.spkiDer) ? { csr, keyId } : undefined;
  } catch (error) {
    if (isMissing(error) || error instanceof AppError) return undefined;
    throw error;
  }
}

const asksFor = (csr: CertificateRequest, names: RequestedNames): boolean =>
  csr.commonName === names.commonName &&
  same(csr.dns, names.dns) &&
  same(csr.ips, names.ips) &&
  same(csr.uris, names.uris) &&
  csr.wantsServerAuth === names.serverAuth;

const same = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((value, index) => value === right[index]);

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
