import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeNetworkError } from '../net/http-request.ts';

const INSTALL_MAX_MS = 10 * MINUTE_MS;
const TRY_MAX_MS = MINUTE_MS;
const UNIT = 'sekisho-agent.service';
/** Settings that an administrator changed stay as they are, and nobody is asked. */
const KEEP_SETTINGS = ['--force-confdef', '--force-confold'];

/**
 * Installs a verified Debian package with dpkg. Its program is tried before: what does not start here, or is of another version than was
 * signed, is not installed. When dpkg fails, or the agent's service does not come up again, the package that was installed last in this way
 * is put back, unless another version was installed over it since: nobody is brought to an older one. Settings, identity and data are touched
 * by neither.
 * Refusals: PACKAGE_DOES_NOT_START, PACKAGE_INSTALL_FAILED, PACKAGE_WENT_BACK.
 */
export async function installDeb(
  file: string,
  facts: {
    readonly version: string;
    /** Of root alone, for the trial. */
    readonly workFolder: string;
    /** Where the package that was installed last is kept. */
    readonly installedPackage: string;
  },
): Promise<void> {
  const { version, workFolder, installedPackage } = facts;
  await tryProgram(file, version, join(workFolder, 'trial'));
  const wasActive = await isActive();
  const isKept = await isInstalled(installedPackage);
  try {
    await dpkg(file);
    if (wasActive && !(await isActive()))
      throw new AppError('PACKAGE_INSTALL_FAILED', { detail: `${UNIT} is not active` });
  } catch (error) {
    if (!isKept) throw error;
    await dpkg(installedPackage);
    const detail = error instanceof AppError ? String(error.params['detail']) : String(error);
    throw new AppError('PACKAGE_WENT_BACK', { version, detail }, { cause: error });
  }
  await rename(file, installedPackage);
}

/** The program out of the package, before anything is changed: does it start, and say the version that was signed? */
async function tryProgram(file: string, version: string, folder: string): Promise<void> {
  try {
    await run('dpkg-deb', ['--extract', file, folder], INSTALL_MAX_MS);
    const said = await run(join(folder, 'usr/bin/sekisho'), ['--version'], TRY_MAX_MS).catch(
      (error: unknown) => {
        if (isForbidden(error)) return undefined;
        throw new AppError('PACKAGE_DOES_NOT_START', { version, detail: detailOf(error) }, { cause: error });
      },
    );
    if (said !== undefined && said.trim() !== version)
      throw new AppError('PACKAGE_DOES_NOT_START', { version, detail: firstLine(said) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nothing below the data folder may be run (`noexec`): then it cannot be tried. */
const isForbidden = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EACCES';

async function dpkg(file: string): Promise<void> {
  try {
    await run('dpkg', ['--install', ...KEEP_SETTINGS, file], INSTALL_MAX_MS);
  } catch (error) {
    throw new AppError('PACKAGE_INSTALL_FAILED', { detail: detailOf(error) }, { cause: error });
  }
}

/** Is the package in this file what is installed? */
async function isInstalled(file: string): Promise<boolean> {
  if (!existsSync(file)) return false;
  const show = (command: string, what: string): Promise<string> =>
    run(command, ['--show', '--showformat', '${Package} ${Version}', what], TRY_MAX_MS);
  try {
    const kept = await show('dpkg-deb', file);
    const [name = ''] = kept.split(' ', 1);
    return (await show('dpkg-query', name)) === kept;
  } catch {
    return false; // a damaged file, or no such package: there is nothing to go back to
  }
}

/** False where systemd runs no such service, or is not there. */
const isActive = async (): Promise<boolean> =>
  existsSync('/run/systemd/system') &&
  (await run('systemctl', ['is-active', '--quiet', UNIT], TRY_MAX_MS).then(
    () => true,
    () => false,
  ));

const run = async (command: string, args: readonly string[], timeout: number): Promise<string> =>
  (await promisify(execFile)(command, args, { timeout })).stdout;

/** The last line that a program wrote about its failure. */
function detailOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  return said === '' ? firstLine(describeNetworkError(error)) : (said.split('\n').at(-1) ?? '');
}

const firstLine = (text: string): string => text.split('\n', 1)[0]?.slice(0, 200) ?? '';
