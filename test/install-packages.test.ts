import { upgradeFromPackage, type PackageUpgradeOptions } from '@sekisho/agent/setup/upgrade-package.ts';
import { AGENT_VERSION } from '@sekisho/agent/version.ts';
import type { InstallPackage } from '@sekisho/core/wire/documents.ts';
import { listPackages, signPackage } from '@sekisho/core/wire/packages.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { appendFile, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from './root.ts';
import { refusedWith } from './under-way.ts';

const SEKISHO = join(ROOT, 'packages/cli/bin/sekisho');
const PLATFORM = process.arch === 'arm64' ? 'linux-arm64' : 'linux-amd64';
const OTHER_PLATFORM = process.arch === 'arm64' ? 'linux-amd64' : 'linux-arm64';

test('F-04 install packages: signed by the domain, verified by the agent, installed only as they were signed', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'web' }] });
  const { dataFolder, hostId } = fleet.host('web');
  const server = fleet.dataFolder;
  const carried = join(fleet.folder, 'carried');
  await mkdir(carried);
  const file = join(carried, 'sekisho_9.0.0_any.deb');
  await writeFile(file, systemRandom.bytes(200_000));

  const installed: Buffer[] = [];
  const upgrade = (how: Partial<PackageUpgradeOptions> = {}) =>
    upgradeFromPackage({
      dataFolder,
      from: { file },
      allowOlder: false,
      install: true,
      clock: systemClock,
      random: systemRandom,
      log: silentLog(),
      runInstaller: async (copy) => {
        installed.push(await readFile(copy));
      },
      ...how,
    });
  const describe = async (change: Partial<InstallPackage> = {}): Promise<InstallPackage> => ({
    version: '9.0.0',
    platform: PLATFORM,
    fileName: basename(file),
    minimumVersion: null,
    ...(await hashFile(file, 1_000_000)),
    ...change,
  });
  const sign = async (change: Partial<InstallPackage> = {}): Promise<void> => {
    const { signature } = await fleet.call(signPackage, {
      body: { ...(await describe(change)), publish: false },
    });
    await writeFile(`${file}.signature`, signature);
  };

  await t.test('what carries no signature, another one, or another hash is refused', async () => {
    await refusedWith('PACKAGE_UNSIGNED', upgrade());
    await sign();
    const good = await readFile(`${file}.signature`, 'utf8');
    const { domain } = fleet.server.context;
    const stranger = await TestAuthority.create({ nowMs: Date.now(), domainId: domain.id });
    const payload = {
      ...(await describe()),
      domain: domain.id,
      serial: 1,
      issuedAt: Date.now(),
    };
    const forged = await stranger.signDocument('package', payload);
    await writeFile(`${file}.signature`, JSON.stringify({ ...JSON.parse(good), signed: forged }));
    await refusedWith('PACKAGE_SIGNATURE_INVALID', upgrade());
    // a document of this domain, but no package
    const list = await fleet.server.context.documents.latest('bundle', '');
    await writeFile(`${file}.signature`, JSON.stringify({ ...JSON.parse(good), signed: list?.jws }));
    await refusedWith('PACKAGE_SIGNATURE_INVALID', upgrade());

    await writeFile(`${file}.signature`, good);
    const whole = await readFile(file);
    await appendFile(file, 'x');
    await refusedWith('PACKAGE_CHANGED', upgrade());
    await writeFile(file, whole.subarray(1));
    await refusedWith('PACKAGE_CHANGED', upgrade());
    whole[7] = (whole[7] ?? 0) ^ 1;
    await writeFile(file, whole);
    await refusedWith('PACKAGE_CHANGED', upgrade());
    assert.deepEqual(installed, []);
  });

  await t.test(
    'what is older or for another machine is refused; what is good is installed as it was verified',
    async () => {
      await sign({ platform: OTHER_PLATFORM });
      await refusedWith('PACKAGE_PLATFORM_OTHER', upgrade());
      await sign({ version: '0.0.1' });
      await refusedWith('PACKAGE_OLDER', upgrade());
      assert.equal((await upgrade({ allowOlder: true, install: false })).done, false);
      await sign({ minimumVersion: '8.0.0' });
      await refusedWith('PACKAGE_NEEDS_NEWER', upgrade());
      await sign();
      const { offered, installed: before } = await upgrade();
      assert.deepEqual([before, offered.version], [AGENT_VERSION, '9.0.0']);
      assert.deepEqual(installed, [await readFile(file)]);
      assert.deepEqual((await readdir(dataFolder)).includes('upgrade'), false, 'the copy is gone');
    },
  );

  await t.test('what was refused is told to the server', async () => {
    await fleet.restartAgent('web');
    const codes = await eventually('the events come', async () => {
      const rows = await fleet.server.context.store.db
        .selectFrom('host_events')
        .select('detail')
        .where('host_id', '=', hostId)
        .where('event', '=', 'document-refused')
        .execute();
      return rows.length >= 7 ? rows.map(({ detail }) => JSON.parse(detail).code) : undefined;
    });
    assert.deepEqual([...new Set(codes)].sort(), [
      'PACKAGE_CHANGED',
      'PACKAGE_OLDER',
      'PACKAGE_SIGNATURE_INVALID',
      'PACKAGE_UNSIGNED',
    ]);
  });

  await t.test('the server hands out what was published, from its own copy', async () => {
    await refusedWith('PACKAGE_NOT_PUBLISHED', upgrade({ from: 'server' }));
    const content = await describe();
    await refusedWith(
      'PACKAGE_FILE_MISSING',
      fleet.call(signPackage, { body: { ...content, publish: true } }),
    );
    await mkdir(join(server, 'packages'));
    const copy = join(server, 'packages', `${content.sha256}.deb`);
    await copyFile(file, copy);
    await fleet.call(signPackage, { body: { ...content, publish: true } });
    installed.length = 0;
    await upgrade({ from: 'server' });
    assert.deepEqual(installed, [await readFile(file)]);
    await writeFile(copy, (await readFile(copy)).reverse());
    await refusedWith('PACKAGE_CHANGED', upgrade({ from: 'server' }));
    await rm(copy);
    await refusedWith('PACKAGE_FILE_MISSING', upgrade({ from: 'server' }));
    const { packages } = await fleet.call(listPackages);
    assert.deepEqual([packages[0]?.version, packages[0]?.published], ['9.0.0', true]);
  });

  await t.test('from the command line, with a real Debian package', async (s) => {
    if (spawnSync('dpkg-deb', ['--version']).status !== 0) return s.skip('dpkg-deb is not on this machine');
    const tree = join(fleet.folder, 'tree');
    await mkdir(join(tree, 'DEBIAN'), { recursive: true });
    const control = {
      Package: 'sekisho',
      Version: '9.1.0',
      Architecture: PLATFORM.slice('linux-'.length),
      Maintainer: 'nobody',
      Description: 'test',
    };
    const lines = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
    await writeFile(join(tree, 'DEBIAN/control'), lines.join(''));
    // it is tried before it is installed
    await mkdir(join(tree, 'usr/bin'), { recursive: true });
    await writeFile(join(tree, 'usr/bin/sekisho'), '#!/bin/sh\necho 9.1.0\n', { mode: 0o755 });
    const deb = join(carried, 'sekisho_9.1.0.deb');
    await promisify(execFile)('dpkg-deb', ['--root-owner-group', '--build', tree, deb]);
    // what dpkg would be given
    const bin = join(fleet.folder, 'bin');
    await mkdir(bin);
    const log = join(fleet.folder, 'dpkg.log');
    const dpkg = `#!/bin/sh\nfor file; do :; done\n[ "$1" = --install ] && dpkg-deb --field "$file" Version >> '${log}'\n`;
    await writeFile(join(bin, 'dpkg'), dpkg, { mode: 0o755 });
    const run = async (...args: string[]): Promise<string> => {
      const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: fleet.folder, LANG: 'C.UTF-8' };
      return (await promisify(execFile)(SEKISHO, args, { env })).stdout;
    };
    await run('package', 'sign', deb, '--data', server);
    await run('agent', 'upgrade', '--package', deb, '--data', dataFolder);
    await run('package', 'publish', deb, '--data', server);
    assert.match(await run('agent', 'upgrade', '--from-server', '--data', dataFolder), /9\.1\.0/);
    assert.equal(await readFile(log, 'utf8'), '9.1.0\n9.1.0\n');
  });
});
