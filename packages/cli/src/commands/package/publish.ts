import { fill } from '@sekisho/core/errors.ts';
import { signPackage } from '@sekisho/core/wire/packages.ts';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Cli } from '../../cli.ts';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { describePackage } from '../../input/describe-package.ts';
import { defineVerb } from '../../verb.ts';

/** `package publish FILE` (F-04): on the management server's own machine, into its data folder. */
export const packagePublish = defineVerb({
  path: 'package publish',
  args: { file: '<file>' },
  flags: { data: serverData, minimumVersion: text('--minimum-version <version>') },
  examples: { plain: 'sekisho package publish sekisho_0.2.0_amd64.deb' },
  run: async ({ cli, args, flags: given }) => {
    const file = resolve(cli.io.cwd, args.file ?? '');
    const content = await describePackage(file, given.minimumVersion);
    return withServer(cli, given.data, async ({ call }) => {
      await keep(cli, given.data, file, content.sha256);
      const { signature: _, ...signed } = await call(signPackage, { body: { ...content, publish: true } });
      const { packages: words } = cli.words;
      const { version, platform } = signed;
      return {
        json: signed,
        bare: signed.sha256,
        text: [fill(words.publishedNow, { file: basename(file), version, platform }), words.fetch],
      };
    });
  },
});

async function keep(cli: Cli, data: string | undefined, file: string, sha256: string): Promise<void> {
  const folder = join(serverFolder(cli, data), 'packages');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const half = join(folder, `${sha256}.new`);
  await copyFile(file, half);
  await rename(half, join(folder, `${sha256}.deb`));
}
