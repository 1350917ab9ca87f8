import { AppError } from '@sekisho/core/errors.ts';
import {
  faultLine,
  resolveSettings,
  settingOfFlag,
  variableOf,
  type EffectiveSetting,
  type ResolvedSettings,
} from '@sekisho/core/settings/resolve-settings.ts';
import { setting } from '@sekisho/core/settings/setting.ts';
import { absolutePath, address } from '@sekisho/core/wire/scalars.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { LOG_LEVELS } from '@sekisho/platform/log.ts';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fleetSettings } from './features/fleet/fleet-settings.ts';
import { oidcSettings } from './features/oidc/oidc-settings.ts';
import { signInSettings } from './features/sign-in/sign-in-settings.ts';
import { zodDetail } from './http/refusal.ts';

/** The configuration's file in the data folder; written last by `initServer`, so its presence means "complete". */
export const CONFIG_FILE = 'server.json';
/** What the variables of the server's settings begin with. */
export const SETTING_PREFIX = 'SEKISHO_';

/** 0 draws a free port: for tests. */
const listenPort = z.int().min(0).max(65535);
const HOST_AND_PORT = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\]/]+):\d{1,5}$/;

/**
 * The settings of one server process, with their meaning: file, environment, flags and the printed reference come from here.
 * A flag wins over the environment, that over the file, that over the default.
 */
export const serverConfig = z.strictObject({
  version: setting(z.literal(1), {
    en: 'The form of this file.',
    ja: 'このファイルの形式。',
    fixed: true,
  }),
  instanceId: setting(z.uuid(), {
    en: 'Names this installation among several that serve one domain.',
    ja: '1 つのドメインを受け持つ複数のインストールの中で、これを識別します。',
    fixed: true,
  }),
  database: setting(z.string().min(1).max(2048), {
    en: 'The database: `sqlite:FILE` (relative to the data folder) or `postgres://…`.',
    ja: 'データベース: `sqlite:FILE` (データフォルダーからの相対パス) または `postgres://…`。',
    secret: 'url',
  }),
  addresses: setting(z.array(address).min(1).max(16), {
    en: 'Names and addresses under which agents reach this server; the first is put into certificates for the revocation list.',
    ja: 'エージェントがこのサーバーに到達する名前とアドレス。最初のものが失効リストの場所として証明書に入ります。',
  }),
  listen: setting(z.string().min(1).max(253).optional(), {
    en: 'The address to listen on. Without it: all addresses of this machine.',
    ja: '待ち受けるアドレス。指定しない場合は、このマシンのすべてのアドレス。',
  }),
  agentPort: setting(listenPort.default(13000), {
    en: 'The port for agents (mutual TLS).',
    ja: 'エージェント用のポート (相互 TLS)。',
  }),
  adminPort: setting(listenPort.default(13291), {
    en: 'The port for administration (HTTPS).',
    ja: '管理用のポート (HTTPS)。',
  }),
  httpPort: setting(listenPort.default(8014), {
    en: 'The plain port for CA certificates and revocation lists.',
    ja: 'CA 証明書と失効リストのための平文ポート。',
  }),
  knownHosts: setting(z.array(address).max(10_000).default([]), {
    en: 'T-12: names that may enrol without a token at level high, once, like registered ones.',
    ja: 'T-12: セキュリティレベル [高] で、登録済みの名前と同じく一度だけトークンなしで登録できる名前。',
  }),
  reportingCollector: setting(address.optional(), {
    en: 'T-54: the name of the one legacy reporting collector that may read the plain report, while insecure communication is on. `OPS_CENTER_SERVER_NAME` is taken for it, too.',
    ja: 'T-54: 安全でない通信がオンの間に平文レポートを読み取れる、唯一のレガシーレポートコレクターの名前。`OPS_CENTER_SERVER_NAME` でも指定できます。',
  }),
  fleet: fleetSettings.prefault({}),
  signIn: signInSettings.prefault({}),
  oidc: setting(oidcSettings.default([]), {
    en: 'OpenID providers at which administrators can sign in: `id`, `name`, `issuer`, `clientId`, `clientSecretFile` or `clientSecretEnv`, `scopes`, `claim`.',
    ja: '管理者がサインインできる OpenID プロバイダー: `id`、`name`、`issuer`、`clientId`、`clientSecretFile` または `clientSecretEnv`、`scopes`、`claim`。',
  }),
  log: z
    .strictObject({
      level: setting(z.enum(LOG_LEVELS).default('info'), {
        en: 'The least severe log lines that are written. `sekisho server log-level` changes it while the server runs.',
        ja: '書き出すログの最低の重要度。稼働中は `sekisho server log-level` で変更できます。',
      }),
    })
    .prefault({}),
  metrics: z
    .strictObject({
      listen: setting(z.string().regex(HOST_AND_PORT).max(260).describe('ADDRESS:PORT').optional(), {
        en: 'A plain listener of its own for `GET /metrics`, without sign-in: only where the network is trusted. Without it, metrics are on the administration port, for the right server.read.',
        ja: 'サインインなしの `GET /metrics` 専用の平文リスナー。信頼できるネットワークでのみ使ってください。指定しない場合、メトリクスは管理用ポートにあり server.read 権限が必要です。',
      }),
    })
    .prefault({}),
  stop: z
    .strictObject({
      graceSeconds: setting(z.int().min(0).max(600).default(10), {
        en: 'Seconds that requests and tasks which are under way may take when the server stops.',
        ja: 'サーバーの停止時に、処理中の要求とタスクに与える時間 (秒)。',
      }),
      spreadSeconds: setting(z.int().min(0).max(60).default(2), {
        en: 'Seconds over which the channels of agents are closed, so that they do not all come back at once elsewhere.',
        ja: 'エージェントのチャネルを閉じ終えるまでの時間 (秒)。別のサーバーへ一斉に接続し直すのを防ぎます。',
      }),
    })
    .prefault({}),
  backups: z
    .strictObject({
      everyHours: setting(z.int().min(0).max(720).default(24), {
        en: 'Hours between two backups of the database that the server makes by itself; 0: none.',
        ja: 'サーバーが自動でデータベースをバックアップする間隔 (時間)。0 は自動バックアップなし。',
      }),
      keep: setting(z.int().min(1).max(365).default(7), {
        en: 'How many of these backups are kept.',
        ja: '自動バックアップを保存する数。',
      }),
      folder: setting(absolutePath.describe('absolute path').optional(), {
        en: 'Where they are written; better on another disk. Without it: `backups` in the data folder.',
        ja: '自動バックアップの書き込み先。別のディスクを推奨します。指定しない場合はデータフォルダーの `backups`。',
      }),
    })
    .prefault({}),
  disk: z
    .strictObject({
      freeMegabytes: setting(z.int().min(1).max(1_000_000).default(200), {
        en: 'Below so much free space of the data folder the server is not ready, and `doctor` finds a fault.',
        ja: 'データフォルダーの空きがこれ (MB) を下回ると、サーバーは準備完了でなくなり、`doctor` が障害を報告します。',
      }),
    })
    .prefault({}),
});
export type ServerConfig = z.output<typeof serverConfig>;
export type ServerConfigFile = z.input<typeof serverConfig>;

/** What a command line may set: by name, and any key as `key=value`. */
export interface ServerFlags {
  readonly listen?: string;
  readonly agentPort?: number;
  readonly adminPort?: number;
  readonly httpPort?: number;
  readonly set?: readonly string[];
}

/** The named flags of `server run` by the key they set. */
export const CONFIG_FLAGS = {
  listen: '--listen',
  agentPort: '--agent-port',
  adminPort: '--admin-port',
  httpPort: '--http-port',
} as const;

/** Variables that begin like settings and are something else. */
export const OTHER_VARIABLES: readonly string[] = [
  'SEKISHO_DATA',
  'SEKISHO_KEK_FILE',
  'SEKISHO_RESTIC',
  'SEKISHO_API_KEY',
  'SEKISHO_SERVER',
  'SEKISHO_CA_FINGERPRINT',
  'SEKISHO_TOKEN',
  'SEKISHO_PASSPHRASE',
  'SEKISHO_JOB_ID',
  'SEKISHO_JOB_STATE',
  'SEKISHO_RUN_MARK',
];

/** The configuration with where each value came from; the database has an absolute path. */
export interface LoadedConfig {
  readonly config: ServerConfig;
  readonly settings: readonly EffectiveSetting[];
}

/**
 * Reads `server.json`, the environment and the flags; the database comes out with an absolute path.
 * Refusals: SERVER_NOT_INITIALISED, DATA_FOLDER_UNUSABLE, CONFIG_INVALID (all faults at once, each with key and origin).
 */
export async function loadConfig(
  dataFolder: string,
  flags: ServerFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServerConfig> {
  return (await loadConfigWithOrigins(dataFolder, flags, environment)).config;
}

/** The same, with the origin of every key. */
export async function loadConfigWithOrigins(
  dataFolder: string,
  flags: ServerFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LoadedConfig> {
  const file = join(dataFolder, CONFIG_FILE);
  const resolved = resolveConfig(
    { path: file, text: await readConfigFile(file, dataFolder) },
    flags,
    environment,
  );
  if (!resolved.ok)
    throw new AppError('CONFIG_INVALID', { detail: resolved.faults.map(faultLine).join('; '), file });
  const { value, settings } = resolved;
  return { config: { ...value, database: absoluteDatabase(value.database, dataFolder) }, settings };
}

/** Settings of a file's text, the environment and flags, or all that is wrong with them. */
export const resolveConfig = (
  file: { readonly path: string; readonly text: string },
  flags: ServerFlags,
  environment: Readonly<Record<string, string | undefined>>,
): ResolvedSettings<ServerConfig> =>
  resolveSettings(serverConfig, {
    file,
    environment: withFamiliarNames(environment),
    prefix: SETTING_PREFIX,
    isOther: (variable) =>
      OTHER_VARIABLES.includes(variable) || /^SEKISHO_(AGENT__|TEST_|UPDATE_)/.test(variable),
    flags: [
      ...Object.entries(CONFIG_FLAGS).flatMap(([key, flag]) => {
        const value = flags[key as keyof typeof CONFIG_FLAGS];
        return value === undefined ? [] : [{ flag, key, value }];
      }),
      ...(flags.set ?? []).map(settingOfFlag),
    ],
  });

/** The name by which administrators know the collector's setting from elsewhere (T-54). Our own name wins. */
export const COLLECTOR_ALIAS = 'OPS_CENTER_SERVER_NAME';
/** Known from elsewhere, read, and without effect: legacy media servers ask the domain's setting alone (T-53). */
export const WITHOUT_EFFECT = 'CSSC_LEGACY_AUTH_ENABLED';

function withFamiliarNames(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const collector = environment[COLLECTOR_ALIAS];
  const own = variableOf(SETTING_PREFIX, 'reportingCollector');
  return collector === undefined || collector === '' || environment[own] !== undefined
    ? environment
    : { ...environment, [own]: collector };
}

/** Writes the configuration durably: the last step of an initialisation, and of a move to another database. */
export async function saveConfig(dataFolder: string, config: ServerConfigFile): Promise<void> {
  const parsed = serverConfig.safeParse(config);
  const file = join(dataFolder, CONFIG_FILE);
  if (!parsed.success) throw new AppError('CONFIG_INVALID', { detail: zodDetail(parsed.error), file });
  await writeDurably(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

/** `sqlite:sekisho.db` becomes `sqlite:/data/folder/sekisho.db`; others stay. */
export const absoluteDatabase = (database: string, dataFolder: string): string =>
  database.startsWith('sqlite:')
    ? `sqlite:${resolve(dataFolder, database.slice('sqlite:'.length))}`
    : database;

/** The text of a configuration's file. Refusals: SERVER_NOT_INITIALISED, DATA_FOLDER_UNUSABLE. */
export async function readConfigFile(file: string, dataFolder: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AppError('SERVER_NOT_INITIALISED', { folder: dataFolder }, { cause: error });
    throw new AppError('DATA_FOLDER_UNUSABLE', { folder: dataFolder, detail: code }, { cause: error });
  }
}
