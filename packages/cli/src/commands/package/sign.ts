import { AppError, fill } from '@sekisho/core/errors.ts';
import { PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { PACKAGE_PLATFORMS, type InstallPackage } from '@sekisho/core/wire/documents.ts';
import { signPackage } from '@sekisho/core/wire/packages.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Cli } from '../../cli.ts';
import { serverData, serverFolder } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { text } from '../../flag.ts';
import { quoteWord } from '../../output/shell-quote.ts';
import { defineVerb } from '../../verb.ts';

const flags = { data: serverData, minimumVersion: text('--minimum-version <version>') };

/** `package sign FILE` (F-04): the signature is written beside the file, and both are carried to the host. */
export const packageSign = defineVerb({
  path: 'package sign',
  args: { file: '<file>' },
  flags,
  examples: { plain: 'sekisho package sign sekisho_0.2.0_amd64.deb' },
  run: async ({ cli, args, flags: given }) => {
    const file = resolve(cli.io.cwd, args.file ?? '');
    const content = await describe(file, given.minimumVersion);
    return withServer(cli, given.data, async ({ call }) => {
      const { signature, ...signed } = await call(signPackage, { body: { ...content, publish: false } });
      const beside = `${file}.signature`;
      await writeFile(beside, signature, { mode: 0o644 });
      const { packages: words } = cli.words;
      return {
        json: { ...signed, signatureFile: beside },
        bare: beside,
        text: [
          fill(words.signed, { file: basename(file), version: signed.version, sha256: signed.sha256 }),
          fill(words.carry, { file: quoteWord(basename(file)), signature: quoteWord(basename(beside)) }),
        ],
      };
    });
  },
});

/** `package publish FILE` (F-04): on the management server's own machine, into its data folder. */
export const packagePublish = defineVerb({
  path: 'package publish',
  args: { file: '<file>' },
  flags,
  examples: { plain: 'sekisho package publish sekisho_0.2.0_amd64.deb' },
  run: async ({ cli, args, flags: given }) => {
    const file = resolve(cli.io.cwd, args.file ?? '');
    const content = await describe(file, given.minimumVersion);
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

/** What is signed of a Debian package: its own version and architecture, its length and its hash. Refusal: PACKAGE_UNREADABLE. */
async function describe(file: string, minimumVersion: string | undefined): Promise<InstallPackage> {
  const unreadable = (detail: string, cause?: unknown): AppError =>
    new AppError('PACKAGE_UNREADABLE', { file, detail }, { cause });
  const field = (name: string): Promise<string> =>
    promisify(execFile)('dpkg-deb', ['--field', file, name]).then(
      ({ stdout }) => stdout.trim(),
      (error: unknown) => {
        throw unreadable('dpkg-deb', error);
      },
    );
  if ((await field('Package')) !== 'sekisho') throw unreadable('Package');
  const architecture = await field('Architecture');
  const platform = PACKAGE_PLATFORMS.find((one) => one === `linux-${architecture}`);
  if (platform === undefined) throw unreadable('Architecture');
  const version = await field('Version');
  const hashed = await hashFile(file, PACKAGE_BYTES_MAX).catch((error: unknown) => {
    throw unreadable('sha256', error);
  });
  if (hashed.bytes > PACKAGE_BYTES_MAX) throw unreadable(`> ${PACKAGE_BYTES_MAX} B`);
  return { version, platform, fileName: basename(file), ...hashed, minimumVersion: minimumVersion ?? null };
}

async function keep(cli: Cli, data: string | undefined, file: string, sha256: string): Promise<void> {
  const folder = join(serverFolder(cli, data), 'packages');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const half = join(folder, `${sha256}.new`);
  await copyFile(file, half);
  await rename(half, join(folder, `${sha256}.deb`));
}
