import { AppError } from '@sekisho/core/errors.ts';
import { absolutePath, address, domainId, hostId, port, serverId } from '@sekisho/core/wire/scalars.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DataFolder } from './data-folder.ts';

/** `agent.json`: what setup decided and what the host's own administrator allows. No secret is in it. */
export const agentSettings = z.object({
  version: z.literal(1),
  name: address,
  names: z.array(address).max(32),
  /** The media role was asked for: the certificate request asks for serverAuth. */
  media: z.boolean(),
  server: z.object({ host: address, port }),
  keyAlgorithm: z.enum(['p256', 'p384', 'rsa3072', 'ed25519']),
  /** T-11: installed without a certificate, and why. */
  state: z.discriminatedUnion('is', [
    z.object({
      is: z.literal('not-deployed'),
      code: z.string(),
      params: z.record(z.string(), z.union([z.string(), z.number()])),
    }),
    z.object({ is: z.literal('deployed'), hostId, domainId, serverId }),
  ]),
  /** P-10: may a plan's commands before and after a backup run on this host? */
  allowCommands: z.boolean(),
  /** Where a media server keeps repositories; null: in the data folder. */
  mediaFolder: absolutePath.nullable(),
});
export type AgentSettings = z.infer<typeof agentSettings>;

/** The settings, or undefined when this folder was never set up. A file that is not readable as such is refused. */
export async function loadSettings(folder: DataFolder): Promise<AgentSettings | undefined> {
  let text: string;
  try {
    text = await readFile(folder.settingsFile, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return agentSettings.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('AGENT_SETTINGS_INVALID', { path: folder.settingsFile }, { cause: error });
  }
}

/** Writes the settings durably. */
export const saveSettings = (folder: DataFolder, settings: AgentSettings): Promise<void> =>
  writeDurably(folder.settingsFile, `${JSON.stringify(settings, null, 2)}\n`);

/** True for "there is no such file". */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';
