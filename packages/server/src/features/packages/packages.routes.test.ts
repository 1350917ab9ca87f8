import { AppError } from '@sekisho/core/errors.ts';
import { parseSha256Hex } from '@sekisho/core/ids.ts';
import type { InstallPackage } from '@sekisho/core/wire/documents.ts';
import { installPackageFile } from '@sekisho/core/wire/packages.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createApp } from '../../http/app.ts';
import { agentPackageRoutes } from './packages.routes.ts';
import { packageFile } from './package-files.ts';

test('F-04 a package whose reader is refused while it is opened leaves no file open', async (t) => {
  const trust = await TrustServer.start(t);
  const { hostId } = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
  const { context } = trust.server;
  const dataFolder = await tempFolder(t);
  const sha256 = parseSha256Hex('ab'.repeat(32))!;
  const platform: InstallPackage['platform'] = 'linux-amd64';
  const path = packageFile(dataFolder, sha256);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'a package');
  const file = { sha256, bytes: 9, fileName: 'sekisho.deb' };
  const content: InstallPackage = { version: '9.9.9', platform, ...file, minimumVersion: null };
  await context.store.transaction((tx) => context.documents.make(tx, 'package', platform, content));
  await context.feed.catchUp();
  const openFiles = async (): Promise<string[]> => {
    const links = (await readdir('/proc/self/fd')).map((fd) => readlink(join('/proc/self/fd', fd)));
    const found = await Promise.all(links.map((link) => link.catch(() => '')));
    return found.filter((file) => file === path);
  };

  let refusal: AppError | undefined;
  const { domain } = context;
  const peer = { hostId, fingerprint: sha256, serial: '1', issuerKeyId: domain.id, notAfterMs: 1 };
  const app = createApp({
    identify: () => Promise.resolve({ kind: 'peer', peer }),
    confirmPeer: () => {
      if (refusal !== undefined) throw refusal;
    },
    bodyBytesMax: 1,
    log: silentLog(),
  });
  t.after(() => app.close());
  agentPackageRoutes(app, { ...context, dataFolder });
  const ask = () => app.inject({ method: 'GET', url: installPackageFile(platform) });
  assert.equal((await ask()).body, 'a package');
  refusal = new AppError('CERTIFICATE_REVOKED');
  assert.equal((await ask()).statusCode, refusal.status);
  assert.deepEqual(await openFiles(), []);
});
