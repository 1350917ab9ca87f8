import { AppError } from '@sekisho/core/errors.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
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
    const tree = join(folder, 'tree');
    for (const path of ['DEBIAN', 'usr/bin']) await mkdir(join(tree, path), { recursive: true });
    // of no kind of machine that there is: nothing would come of it if it were given to dpkg
    const control =
      'Package: sekisho\nVersion: 9.0.0\nArchitecture: none\nMaintainer: nobody\nDescription: test\n';
    await writeFile(join(tree, 'DEBIAN/control'), control);
    await writeFile(join(tree, 'usr/bin/sekisho'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const file = join(folder, 'sekisho.deb');
    assert.equal(spawnSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, file]).status, 0);
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
