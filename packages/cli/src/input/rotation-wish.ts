import { AppError } from '@sekisho/core/errors.ts';
import {
  EMERGENCIES,
  ROTATION_KINDS,
  ROTATION_PATHS,
  type RotationKind,
} from '@sekisho/core/rules/rotation.ts';
import { OUTSIDE_LENGTH_MAX, type OutsideInput } from '@sekisho/core/wire/rotations.ts';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Cli } from '../cli.ts';
import { codeOf } from '../client/data-folder.ts';
import { serverData } from '../client/data-folder.ts';
import { choice, chosen, text, type FlagValues } from '../flag.ts';
import { passphraseFlags } from './passphrase-flags.ts';
import { readTextFile } from './read-file.ts';
import { readSecret } from './read-secret.ts';

/** What `rotation plan` and `rotation start` take alike. */
export const wishFlags = {
  data: serverData,
  path: choice('--path <path>', ROTATION_PATHS),
  certificate: text('--certificate <file>'),
  key: text('--key <file>'),
  pkcs12: text('--pkcs12 <file>'),
  ...passphraseFlags,
  emergency: choice('--emergency <what>', EMERGENCIES),
};

/** The same as the server takes it. Refusals: USAGE_…, FILE_NOT_READABLE, FILE_TOO_LARGE. */
export async function readWish(cli: Cli, kind: string, flags: FlagValues<typeof wishFlags>) {
  const outside = await readOutside(cli, flags);
  return {
    kind: readKind(kind),
    ...(flags.path === undefined ? {} : { path: flags.path }),
    ...(flags.emergency === undefined ? {} : { emergency: flags.emergency }),
    ...(outside === undefined ? {} : { outside }),
  };
}

const readKind = (given: string): RotationKind => chosen(given, '<kind>', ROTATION_KINDS);

async function readOutside(cli: Cli, flags: FlagValues<typeof wishFlags>): Promise<OutsideInput | undefined> {
  const { certificate, key, pkcs12 } = flags;
  if (pkcs12 !== undefined && (certificate ?? key) !== undefined)
    throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--pkcs12, --certificate, --key' });
  const source = { file: flags.passphraseFile, env: flags.passphraseEnv };
  const password = (await readSecret(cli, source, 'passphrase'))?.text.replace(/\r?\n$/, '');
  if (pkcs12 !== undefined) {
    const bytes = await readBytes(resolve(cli.io.cwd, pkcs12));
    return { pkcs12: bytes.toString('base64'), password: password ?? '' };
  }
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined)
    throw new AppError('USAGE_OPTION_MISSING', {
      command: 'sekisho rotation',
      option: certificate === undefined ? '--certificate <file>' : '--key <file>',
      help: 'sekisho rotation plan --help',
    });
  return {
    chainPem: await readTextFile(cli, certificate, OUTSIDE_LENGTH_MAX),
    keyPem: await readTextFile(cli, key, OUTSIDE_LENGTH_MAX),
    ...(password === undefined ? {} : { password }),
  };
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const content = await readFile(path);
    // as text it is a third longer
    if (content.length > (OUTSIDE_LENGTH_MAX * 3) / 4)
      throw new AppError('FILE_TOO_LARGE', { path, limitBytes: (OUTSIDE_LENGTH_MAX * 3) / 4 });
    return content;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('FILE_NOT_READABLE', { path, reason: codeOf(error) ?? 'unknown' }, { cause: error });
  }
}
