import { AppError } from '@sekisho/core/errors.ts';
import { address } from '@sekisho/core/wire/scalars.ts';
import { writeDurably } from '@sekisho/platform/durable-file.ts';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { fleetSettings } from './features/fleet/fleet-settings.ts';
import { zodDetail } from './http/refusal.ts';

/** The configuration's file in the data folder; written last by `initServer`, so its presence means "complete". */
export const CONFIG_FILE = 'server.json';

/** 0 draws a free port: for tests. */
const listenPort = z.int().min(0).max(65535);

/** The settings of one server process. Flags win over the environment, that over the file, that over the defaults. */
export const serverConfig = z.strictObject({
  version: z.literal(1),
  /** Names this installation among several that serve one domain. */
  instanceId: z.uuid(),
  /** `sqlite:FILE` (relative to the data folder) or `postgres://…`. */
  database: z.string().min(1).max(2048),
  /** Names and addresses under which agents reach this server; the first one is put into certificates for CRLs. */
  addresses: z.array(address).min(1).max(16),
  /** The address to listen on; absent: all of this machine. */
  listen: z.string().min(1).max(253).optional(),
  agentPort: listenPort.default(13000),
  adminPort: listenPort.default(13291),
  httpPort: listenPort.default(8014),
  /** Names that may enrol without a token at level high, once, like registered ones (T-12). */
  knownHosts: z.array(address).max(10_000).default([]),
  /** Heartbeats, orders and the patience with jobs. */
  fleet: fleetSettings.prefault({}),
});
export type ServerConfig = z.output<typeof serverConfig>;
export type ServerConfigFile = z.input<typeof serverConfig>;

/** What a command line may set. */
export interface ServerFlags {
  readonly listen?: string;
  readonly agentPort?: number;
  readonly adminPort?: number;
  readonly httpPort?: number;
}

/** Environment variables by the key they set. */
export const CONFIG_ENVIRONMENT = {
  SEKISHO_DATABASE: 'database',
  SEKISHO_LISTEN: 'listen',
  SEKISHO_AGENT_PORT: 'agentPort',
  SEKISHO_ADMIN_PORT: 'adminPort',
  SEKISHO_HTTP_PORT: 'httpPort',
} as const satisfies Record<string, keyof ServerConfig>;

/**
 * Reads `server.json`, the environment and the flags; the database comes out with an absolute path.
 * Refusals: SERVER_NOT_INITIALISED, DATA_FOLDER_UNUSABLE, CONFIG_INVALID (all faults at once, each with its key).
 */
export async function loadConfig(
  dataFolder: string,
  flags: ServerFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ServerConfig> {
  const file = join(dataFolder, CONFIG_FILE);
  const raw = parseJson(await readConfigFile(file, dataFolder), file);
  const merged = { ...raw, ...fromEnvironment(environment), ...withoutUndefined(flags) };
  const parsed = serverConfig.safeParse(merged);
  if (!parsed.success) throw new AppError('CONFIG_INVALID', { detail: zodDetail(parsed.error), file });
  return { ...parsed.data, database: absoluteDatabase(parsed.data.database, dataFolder) };
}

/** Writes the configuration durably: the last step of an initialisation. */
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

async function readConfigFile(file: string, dataFolder: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new AppError('SERVER_NOT_INITIALISED', { folder: dataFolder }, { cause: error });
    throw new AppError('DATA_FOLDER_UNUSABLE', { folder: dataFolder, detail: code }, { cause: error });
  }
}

function parseJson(text: string, file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('CONFIG_INVALID', { detail: 'it is not a JSON object', file }, { cause: error });
  }
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [variable, key] of Object.entries(CONFIG_ENVIRONMENT)) {
    const value = environment[variable];
    if (value === undefined || value === '') continue;
    found[key] = key.endsWith('Port') && /^\d+$/.test(value) ? Number(value) : value;
  }
  return found;
}

const withoutUndefined = (flags: ServerFlags): Record<string, unknown> =>
  Object.fromEntries(
    (['listen', 'agentPort', 'adminPort', 'httpPort'] as const)
      .map((key) => [key, flags[key]] as const)
      .filter(([, value]) => value !== undefined),
  );
