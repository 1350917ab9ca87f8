import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readText } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

/** The shell blocks below a heading, as a reader would type them. */
function commandsBelow(page: string, heading: string): string {
  const text = readText(ROOT, page);
  const begin = text.indexOf(`## ${heading}\n`);
  assert.notEqual(begin, -1, heading);
  const end = text.indexOf('\n## ', begin);
  const [, block = ''] = /^```sh\n([\s\S]*?)^```$/m.exec(text.slice(begin, end)) ?? [];
  assert.notEqual(block, '');
  return block;
}

/** What the machine of the reader has and this one has not: no other account, no systemd. */
const STANDINS = {
  sudo: 'while [ "$1" = -u ]; do shift 2; done\nexec "$@"',
  systemctl: 'exit 0',
  install:
    'args=()\nwhile [ $# -gt 0 ]; do case "$1" in -o|-g) shift 2;; *) args+=("$1"); shift;; esac; done\nexec /usr/bin/install "${args[@]}"',
  sekisho: `exec ${process.execPath} ${join(ROOT, 'packages/cli/src/main.ts')} "$@"`,
};

for (const [language, back, restore] of [
  ['en', 'Back it up', 'Bring it back'],
  ['ja', 'バックアップする', '元に戻す'],
] as const) {
  test(`S-09 the page on backing up the server (${language}), followed literally, brings a domain back`, async (t) => {
    const folder = await tempFolder(t);
    const trust = await TrustServer.start(t);
    const host = await trust.enrol({ name: 'web1.example' }, { token: await trust.token() });
    const bin = join(folder, 'bin');
    for (const path of [bin, join(folder, 'safe')]) await mkdir(path);
    for (const [name, script] of Object.entries(STANDINS)) {
      await writeFile(join(bin, name), `#!/bin/bash\n${script}\n`);
      await chmod(join(bin, name), 0o755);
    }
    const follow = (commands: string) =>
      promisify(execFile)(
        'bash',
        [
          '-eu',
          '-o',
          'pipefail',
          '-c',
          commands
            .replaceAll('/var/lib/sekisho/server', trust.dataFolder)
            .replaceAll('/mnt/backup', join(folder, 'backup'))
            .replaceAll('/mnt/safe', join(folder, 'safe'))
            .replaceAll('sekisho doctor', 'sekisho doctor --quiet'),
        ],
        {
          env: {
            PATH: `${bin}:${process.env['PATH']}`,
            SEKISHO_DATA: trust.dataFolder,
            SEKISHO_DISK__FREE_MEGABYTES: '1',
            NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
          },
        },
      );
    const page = `docs/${language}/back-up-the-server.md`;
    await follow(commandsBelow(page, back));
    await trust.server.stop();
    await rm(trust.dataFolder, { recursive: true });
    await follow(commandsBelow(page, restore)).catch((error: unknown) => {
      // doctor, at the end, may find the ports of this very machine taken; everything before it must have worked
      const { cmd, stdout } = error as { cmd: string; stdout: string };
      assert.match(stdout, /^\d+\n$/, cmd);
    });
    trust.server = await startOn(trust.dataFolder, trust.clock);
    const answer = await trust.agentRequest({ path: '/v1/agent/documents/bundle', tls: host.tls });
    assert.equal(answer.status, 200);
  });
}
