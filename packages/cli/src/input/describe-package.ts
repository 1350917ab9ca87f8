import { AppError } from '@sekisho/core/errors.ts';
import { PACKAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { PACKAGE_PLATFORMS, type InstallPackage } from '@sekisho/core/wire/documents.ts';
import { hashFile } from '@sekisho/platform/hash-file.ts';
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../client/data-folder.ts';

/**
 * What is signed of a Debian package: its own version and architecture, its length and its hash. Refusals: FILE_NOT_READABLE,
 * PACKAGE_UNREADABLE.
 */
export async function describePackage(
  file: string,
  minimumVersion: string | undefined,
): Promise<InstallPackage> {
  const unreadable = (detail: string, cause?: unknown): AppError =>
    new AppError('PACKAGE_UNREADABLE', { file, detail }, { cause });
  const field = (name: string): Promise<string> =>
    promisify(execFile)('dpkg-deb', ['--field', file, name]).then(
      ({ stdout }) => stdout.trim(),
      (error: unknown) => {
        throw unreadable('dpkg-deb does not read it', error);
      },
    );
  await access(file, constants.R_OK).catch((error: unknown) => {
    throw new AppError(
      'FILE_NOT_READABLE',
      { path: file, reason: codeOf(error) ?? 'unknown' },
      { cause: error },
    );
  });
  if ((await field('Package')) !== 'sekisho') throw unreadable('it is the package of another program');
  const architecture = await field('Architecture');
  const platform = PACKAGE_PLATFORMS.find((one) => one === `linux-${architecture}`);
  if (platform === undefined) throw unreadable('it is for another kind of machine');
  const version = await field('Version');
  const hashed = await hashFile(file, PACKAGE_BYTES_MAX).catch((error: unknown) => {
    throw unreadable('it cannot be read to its end', error);
  });
  if (hashed.bytes > PACKAGE_BYTES_MAX) throw unreadable(`> ${PACKAGE_BYTES_MAX} B`);
  return { version, platform, fileName: basename(file), ...hashed, minimumVersion: minimumVersion ?? null };
}
