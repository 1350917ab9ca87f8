import { AppError } from '@sekisho/core/errors.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installDeb } from './install-deb.ts';

/** What a program says, and why it is not installed. How dpkg itself goes is in test/packaging.test.ts. */
const PROGRAMS: readonly [title: string, script: string, detail: RegExp][] = [
  ['one that ends at once', 'exit 7', /Command failed/],
  ['one that says why', 'echo no such library >&2; exit 1', /^no such library$/],
  ['one of another version', 'echo 9.0.1', /^9\.0\.1$/],
  ['one that says nothing', 'true', /^$/],
];

for (const [title, script, detail] of PROGRAMS)
  test(`F-04 a program that does not start is not installed: ${title}`, async (t) => {
    if (spawnSync('dpkg-deb', ['--version']).status !== 0) return t.skip('dpkg-deb is not on this machine');
    const folder = await tempFolder(t);
    // if it were given to dpkg, nothing would come of it
    const file = await makeDeb(folder, '9.0.0', script);
    const installedPackage = join(folder, 'installed.deb');
    await assert.rejects(
      installDeb(file, { version: '9.0.0', workFolder: folder, installedPackage }),
      (error) => {
        assert.ok(error instanceof AppError, String(error));
        assert.equal(error.code, 'PACKAGE_DOES_NOT_START');
        assert.match(String(error.params['detail']), detail);
        return true;
      },
    );
    assert.deepEqual([existsSync(installedPackage), existsSync(join(folder, 'trial'))], [false, false]);
  });

/** What dpkg says is installed, the package that is kept from the last upgrade, and what a failed upgrade then runs. */
const RETURNS: readonly [title: string, installed: string, kept: string | undefined, code: string][] = [
  ['the one of before is put back', '8.0.0', '8.0.0', 'PACKAGE_WENT_BACK'],
  ['no older one than somebody has installed since', '8.1.0', '8.0.0', 'PACKAGE_INSTALL_FAILED'],
  ['nothing is kept', '8.0.0', undefined, 'PACKAGE_INSTALL_FAILED'],
];

for (const [title, installed, kept, code] of RETURNS)
  test(`F-04 dpkg fails: ${title}`, async (t) => {
    if (spawnSync('dpkg-deb', ['--version']).status !== 0) return t.skip('dpkg-deb is not on this machine');
    const folder = await tempFolder(t);
    const file = await makeDeb(folder, '9.0.0', 'echo 9.0.0');
    const installedPackage = join(folder, 'installed.deb');
    if (kept !== undefined) await copyFile(await makeDeb(folder, kept, 'true'), installedPackage);
    // in the place of a system that may be changed: the new package fails, any other goes in
    const log = join(folder, 'dpkg.log');
    await mkdir(join(folder, 'bin'));
    const programs = {
      dpkg: `echo "$4" >> ${log}\ncase "$4" in *9.0.0*) exit 1;; esac`,
      'dpkg-query': `printf 'sekisho ${installed}'`,
    };
    for (const [name, script] of Object.entries(programs))
      await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const { PATH } = process.env;
    process.env['PATH'] = `${join(folder, 'bin')}:${PATH ?? ''}`;
    t.after(() => {
      process.env['PATH'] = PATH;
    });
    await assert.rejects(
      installDeb(file, { version: '9.0.0', workFolder: folder, installedPackage }),
      (error) => error instanceof AppError && error.code === code,
    );
    const ran = (await readFile(log, 'utf8')).trim().split('\n');
    assert.deepEqual(ran, code === 'PACKAGE_WENT_BACK' ? [file, installedPackage] : [file]);
  });

/** A package with this program; of no kind of machine that there is. */
async function makeDeb(folder: string, version: string, script: string): Promise<string> {
  const tree = join(folder, `tree-${version}`);
  for (const path of ['DEBIAN', 'usr/bin']) await mkdir(join(tree, path), { recursive: true });
  const control = `Package: sekisho\nVersion: ${version}\nArchitecture: none\nMaintainer: nobody\nDescription: test\n`;
  await writeFile(join(tree, 'DEBIAN/control'), control);
  await writeFile(join(tree, 'usr/bin/sekisho'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const file = join(folder, `sekisho_${version}.deb`);
  assert.equal(spawnSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, file]).status, 0);
  return file;
}
