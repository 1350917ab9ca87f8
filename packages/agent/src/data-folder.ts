import { makePrivateFolder, sweepTemporaryFiles } from '@sekisho/platform/durable-file.ts';
import { join } from 'node:path';

/** Where an agent keeps what it must not lose. Everything is for its owner alone (0700). */
export interface DataFolder {
  readonly root: string;
  /** Name, server, state: what setup wrote. */
  readonly settingsFile: string;
  /** The anchors that were confirmed by fingerprint, or came in a bundle signed by one. */
  readonly anchorsFile: string;
  /** Key and certificate in use. */
  readonly identity: string;
  /** The next key and request, and its certificate once it has come. */
  readonly identityNext: string;
  /** T-09: when the server wants the certificate renewed. */
  readonly renewalFile: string;
  /** F-20: how far the time without verification has come, so that none lasts longer than it was signed for. */
  readonly verificationFile: string;
  /** F-04: the install package that `agent upgrade` installed last: the way back from the next one. */
  readonly installedPackage: string;
  readonly documents: string;
  /** F-12: the servers that answered last, for when a newer list leads nowhere. */
  readonly homeFile: string;
  readonly crls: string;
  /** T-33: yeses about peers' names, for when the server is away. */
  readonly namesFile: string;
  readonly spool: string;
  readonly jobs: string;
  readonly run: string;
  /** restic's cache: may be removed at any time. */
  readonly cache: string;
  /** Restores are put together here when the target is on the same file system. */
  readonly staging: string;
  /** Repositories of a media server, unless the settings name another folder. */
  readonly repositories: string;
}

/** Names the places inside a data folder; touches nothing. */
export const dataFolderAt = (root: string): DataFolder => ({
  root,
  settingsFile: join(root, 'agent.json'),
  anchorsFile: join(root, 'anchors.pem'),
  identity: join(root, 'identity'),
  identityNext: join(root, 'identity.next'),
  renewalFile: join(root, 'renewal.json'),
  verificationFile: join(root, 'verification.json'),
  installedPackage: join(root, 'installed.deb'),
  documents: join(root, 'documents'),
  homeFile: join(root, 'home.json'),
  crls: join(root, 'crls'),
  namesFile: join(root, 'names.json'),
  spool: join(root, 'spool'),
  jobs: join(root, 'jobs'),
  run: join(root, 'run'),
  cache: join(root, 'cache'),
  staging: join(root, 'staging'),
  repositories: join(root, 'repositories'),
});

/** Makes the folders, and removes the half-written files that a crash left in them. */
export async function prepareDataFolder(folder: DataFolder): Promise<void> {
  await makePrivateFolder(folder.root);
  await sweepTemporaryFiles(folder.root);
  for (const path of [folder.documents, folder.crls, folder.spool, folder.jobs, folder.run, folder.cache]) {
    await makePrivateFolder(path);
    await sweepTemporaryFiles(path);
  }
}
