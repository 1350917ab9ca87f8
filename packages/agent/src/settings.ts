import { AppError } from '@sekisho/core/errors.ts';
import {
  faultLine,
  resolveSettings,
  settingOfFlag,
  type EffectiveSetting,
  type ResolvedSettings,
} from '@sekisho/core/settings/resolve-settings.ts';
import { setting } from '@sekisho/core/settings/setting.ts';
import { absolutePath, address, domainId, hostId, port, serverId } from '@sekisho/core/wire/scalars.ts';
import { RELAYS_MAX } from '@sekisho/core/wire/relay.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { LOG_LEVELS } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { DataFolder } from './data-folder.ts';

/** What the variables of an agent's settings begin with. */
export const AGENT_SETTING_PREFIX = 'SEKISHO_AGENT__';

const HOST_AND_PORT = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):\d{1,5}$/;
const endpoint = z.string().regex(HOST_AND_PORT).max(260).describe('ADDRESS:PORT');
const loopbackEndpoint = z
  .string()
  .regex(/^(127(\.\d{1,3}){3}|\[::1\]|localhost):\d{1,5}$/)
  .describe('LOOPBACK-ADDRESS:PORT');
const logLevel = z.enum(LOG_LEVELS);

const WORDS = {
  mediaListen: {
    en: 'Where a media server listens. Without it: port 13002 on all addresses.',
    ja: 'メディアサーバーが待ち受けるアドレスとポート。指定しない場合は、すべてのアドレスのポート 13002。',
  },
  logLevel: {
    en: 'The least severe log lines that are written.',
    ja: '書き出すログの最低の重要度。',
  },
  metricsListen: {
    en: 'Where `GET /metrics` is served, without sign-in and therefore on a loopback address alone. Without it: nowhere.',
    ja: '`GET /metrics` を提供する場所。サインインがないため、ループバックアドレスだけを指定できます。指定しない場合は提供しません。',
  },
} as const;

/** `agent.json`: what setup decided and what the host's own administrator allows. No secret is in it. */
export const agentSettings = z.strictObject({
  version: setting(z.literal(1), {
    en: 'The form of this file.',
    ja: 'このファイルの形式。',
    fixed: true,
  }),
  name: setting(address, { en: "The host's name.", ja: 'ホストの名前。', fixed: true }),
  names: setting(z.array(address).max(32), {
    en: 'Further names of the host.',
    ja: 'ホストの別名。',
    fixed: true,
  }),
  media: setting(z.boolean(), {
    en: 'The media role was asked for: the certificate request asks for serverAuth.',
    ja: 'メディアサーバーの役割を求めたか。証明書の要求に serverAuth が入ります。',
    fixed: true,
  }),
  server: setting(z.object({ host: address, port }), {
    en: 'The management server that the setup named.',
    ja: 'セットアップで指定した管理サーバー。',
    fixed: true,
  }),
  relays: setting(
    z
      .array(z.object({ hostId: hostId.nullable(), address, port }))
      .max(RELAYS_MAX)
      .optional(),
    {
      en: 'T-60: media servers that relay when the management server is not reached directly, as the setup learned them.',
      ja: 'T-60: 管理サーバーに直接接続できないときに中継するメディアサーバー。セットアップで得たもの。',
      fixed: true,
    },
  ),
  keyAlgorithm: setting(z.enum(['p256', 'p384', 'rsa3072', 'ed25519']), {
    en: "The kind of the host's key.",
    ja: 'ホストの鍵の種類。',
    fixed: true,
  }),
  state: setting(
    z.discriminatedUnion('is', [
      z.object({
        is: z.literal('not-deployed'),
        code: z.string(),
        params: z.record(z.string(), z.union([z.string(), z.number()])),
      }),
      z.object({ is: z.literal('deployed'), hostId, domainId, serverId }),
    ]),
    {
      en: 'T-11: is a certificate deployed, and if not, why.',
      ja: 'T-11: 証明書が配備済みか。配備されていない場合はその理由。',
      fixed: true,
    },
  ),
  allowCommands: setting(z.boolean(), {
    en: "P-10: may a plan's commands before and after a backup run on this host? `sekisho agent set` changes it.",
    ja: 'P-10: バックアップの前後にプランのコマンドをこのホストで実行してよいか。`sekisho agent set` で変更します。',
  }),
  mediaFolder: setting(absolutePath.describe('absolute path').nullable(), {
    en: 'Where a media server keeps repositories; null: in the data folder.',
    ja: 'メディアサーバーがリポジトリを置く場所。null はデータフォルダーの中。',
  }),
  mediaListen: setting(endpoint.optional(), WORDS.mediaListen),
  log: z.strictObject({ level: setting(logLevel.optional(), WORDS.logLevel) }).optional(),
  metrics: z.strictObject({ listen: setting(loopbackEndpoint.optional(), WORDS.metricsListen) }).optional(),
});
export type AgentSettings = z.infer<typeof agentSettings>;

/** The same with all defaults: what a running agent goes by. */
export const agentConfig = agentSettings.extend({
  log: z.strictObject({ level: setting(logLevel.default('info'), WORDS.logLevel) }).prefault({}),
  metrics: z.strictObject({ listen: setting(loopbackEndpoint.optional(), WORDS.metricsListen) }).prefault({}),
});
export type AgentConfig = z.infer<typeof agentConfig>;

/** What a command line may set: by name, and any key as `key=value`. */
export interface AgentFlags {
  readonly mediaListen?: string;
  readonly set?: readonly string[];
}

/**
 * The settings that an agent runs with: flag over environment over file over default. Undefined: never set up.
 * Refusal: AGENT_SETTINGS_INVALID, all faults at once.
 */
export async function loadAgentConfig(
  folder: DataFolder,
  flags: AgentFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ config: AgentConfig; settings: readonly EffectiveSetting[] } | undefined> {
  const text = await readSettingsFile(folder);
  if (text === undefined) return undefined;
  const resolved = resolveAgentConfig({ path: folder.settingsFile, text }, flags, environment);
  if (!resolved.ok) {
    const detail = resolved.faults.map(faultLine).join('; ');
    throw new AppError('AGENT_SETTINGS_INVALID', { path: folder.settingsFile, detail });
  }
  return { config: resolved.value, settings: resolved.settings };
}

/** Settings of a file's text, the environment and flags, or all that is wrong with them. */
export const resolveAgentConfig = (
  file: { readonly path: string; readonly text: string },
  flags: AgentFlags,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedSettings<AgentConfig> =>
  resolveSettings(agentConfig, {
    file,
    environment,
    prefix: AGENT_SETTING_PREFIX,
    isOther: () => false,
    flags: [
      ...(flags.mediaListen === undefined
        ? []
        : [{ flag: '--media-listen', key: 'mediaListen', value: flags.mediaListen }]),
      ...(flags.set ?? []).map(settingOfFlag),
    ],
  });

/** What the file holds, or undefined when this folder was never set up. A file that is not readable as such is refused. */
export async function loadSettings(folder: DataFolder): Promise<AgentSettings | undefined> {
  const text = await readSettingsFile(folder);
  if (text === undefined) return undefined;
  try {
    return agentSettings.parse(JSON.parse(text));
  } catch (error) {
    const detail =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
        : 'JSON {…}';
    throw new AppError('AGENT_SETTINGS_INVALID', { path: folder.settingsFile, detail }, { cause: error });
  }
}

/** Writes the settings durably. */
export const saveSettings = (folder: DataFolder, settings: AgentSettings): Promise<void> =>
  writeDurably(folder.settingsFile, `${JSON.stringify(settings, null, 2)}\n`);

/** True for "there is no such file". */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function readSettingsFile(folder: DataFolder): Promise<string | undefined> {
  try {
    return await readFile(folder.settingsFile, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
