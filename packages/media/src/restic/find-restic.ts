import { AppError } from '@sekisho/core/errors.ts';
import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

export interface ResticVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The oldest restic that speaks what we rely on. */
export const RESTIC_MINIMUM: ResticVersion = { major: 0, minor: 14, patch: 0 };

const VERSION_MAX_MS = 10_000;
const EXECUTABLES = process.platform === 'win32' ? ['restic.exe'] : ['restic'];
const versions = new Map<string, ResticVersion>();

/**
 * The restic to use: `SEKISHO_RESTIC`, else the first on PATH. Its version is checked.
 * @throws AppError RESTIC_MISSING, RESTIC_TOO_OLD
 */
export async function findRestic(env: NodeJS.ProcessEnv): Promise<string> {
  const named = env['SEKISHO_RESTIC'];
  const candidates = named === undefined || named === '' ? onPath(env['PATH'] ?? '') : [named];
  for (const path of candidates) {
    if (!(await isExecutable(path))) continue;
    const version = await resticVersion(path);
    if (isOlder(version, RESTIC_MINIMUM))
      throw new AppError('RESTIC_TOO_OLD', { path, version: versionText(version) });
    return path;
  }
  throw new AppError('RESTIC_MISSING', {
    looked: named === undefined || named === '' ? 'PATH' : `SEKISHO_RESTIC=${named}`,
  });
}

/** The version that a restic binary says it is; remembered until the file changes. */
export async function resticVersion(path: string): Promise<ResticVersion> {
  const { mtimeMs, size } = await stat(path);
  const key = `${path} ${mtimeMs} ${size}`;
  const known = versions.get(key);
  if (known !== undefined) return known;
  const { stdout } = await promisify(execFile)(path, ['version'], {
    timeout: VERSION_MAX_MS,
    env: {},
    maxBuffer: 64 * 1024,
  }).catch((error: unknown) => {
    throw new AppError('RESTIC_MISSING', { looked: path }, { cause: error });
  });
  const version = parseResticVersion(stdout);
  if (version === undefined) throw new AppError('RESTIC_MISSING', { looked: path });
  versions.set(key, version);
  return version;
}

/** `restic 0.14.0 compiled with go1.19 on linux/amd64` → its numbers; undefined for anything else. */
export function parseResticVersion(text: string): ResticVersion | undefined {
  const parts = /^restic v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/.exec(text.trim());
  if (parts === null) return undefined;
  return { major: Number(parts[1]), minor: Number(parts[2]), patch: Number(parts[3] ?? 0) };
}

/** True when the first version is older than the second. */
export function isOlder(version: ResticVersion, than: ResticVersion): boolean {
  if (version.major !== than.major) return version.major < than.major;
  if (version.minor !== than.minor) return version.minor < than.minor;
  return version.patch < than.patch;
}

const versionText = (version: ResticVersion): string => `${version.major}.${version.minor}.${version.patch}`;

const onPath = (path: string): string[] =>
  path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .flatMap((folder) => EXECUTABLES.map((name) => join(folder, name)));

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
