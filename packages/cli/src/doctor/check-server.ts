import { AppError } from '@sekisho/core/errors.ts';
import { crlAlarm } from '@sekisho/core/rules/revocation.ts';
import { DAY_MS, HOUR_MS, type Clock } from '@sekisho/core/time.ts';
import { loadConfig, type ServerConfig } from '@sekisho/server/config.ts';
import { listBackups } from '@sekisho/server/features/database/backup-files.ts';
import {
  examineDatabase,
  type DatabaseExamination,
} from '@sekisho/server/features/database/examine-database.ts';
import { backupsFolderOf } from '@sekisho/server/features/database/read-database.ts';
import { readKek } from '@sekisho/server/features/keys/kek.ts';
import { keyIdOfSealed } from '@sekisho/server/features/keys/find-damaged-keys.ts';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { checkDays, checkNames, checkSigned } from './check-certificates.ts';
import { checkDisk, checkFolder } from './check-folder.ts';
import { checkDns, type Lookups } from './check-dns.ts';
import { checkPorts } from './check-ports.ts';
import { findingsOf, type Finding } from './finding.ts';
import { runningPorts } from './running-ports.ts';

/** Files of a server's data folder that hold secrets, or everything. */
const SECRET_FILES = ['server.json', 'kek', 'sekisho.db', 'run', 'backups'];
const JOURNAL_LARGE_BYTES = 256 * 1024 * 1024;
const BACKUP_OLD_DAYS_MIN = 2;

export interface ExaminationParts {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly lookups: Lookups;
  readonly size: (bytes: number) => string;
}

/** Everything about a management server's data folder, whether the server runs or not. Never throws for what is wrong. */
export async function checkServer(parts: ExaminationParts): Promise<Finding[]> {
  const { folder, environment } = parts;
  const folders = await checkFolder(folder, SECRET_FILES);
  const settings = findingsOf('settings');
  let config: ServerConfig;
  try {
    config = await loadConfig(folder, {}, environment);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return [...folders, settings.refused(error)];
  }
  const socketPath = `${folder}/run/admin.sock`;
  const isRunning = await answers(socketPath);
  // a running server may have been started with other ports than the settings say
  const ports = (isRunning ? await runningPorts(socketPath) : undefined) ?? config;
  const questions = [
    { port: ports.agentPort, what: 'agents', flag: '--agent-port' },
    { port: ports.adminPort, what: 'administration', flag: '--admin-port' },
    { port: ports.httpPort, what: 'revocation list', flag: '--http-port' },
  ];
  return [
    ...folders,
    ...(await checkDisk(folder, config.disk.freeMegabytes, parts.size)),
    settings.found('ok', 'settingsOk'),
    ...(await checkKey(folder, environment)),
    ...(await checkPorts(questions, config.listen, isRunning)),
    ...(await checkDns(config.addresses, parts.lookups)),
    ...(await checkBackups(config, parts)),
    ...(await checkDatabase(config, parts)),
    findingsOf('mail').found('notice', 'mailMissing'),
  ];
}

async function checkKey(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Finding[]> {
  const { found, refused } = findingsOf('key');
  try {
    await readKek(folder, environment);
    return [found('ok', 'keyOk')];
  } catch (error) {
    if (error instanceof AppError) return [refused(error)];
    throw error;
  }
}

async function checkBackups(config: ServerConfig, { clock, folder }: ExaminationParts): Promise<Finding[]> {
  const { found } = findingsOf('backup');
  const place = backupsFolderOf(config, folder);
  const [newest] = await listBackups(place);
  if (newest === undefined) return [found('warning', 'backupNone')];
  const ageMs = clock.nowMs() - newest.createdAtMs;
  const oldDays = Math.max(BACKUP_OLD_DAYS_MIN, (2 * config.backups.everyHours) / 24);
  const beside =
    (await deviceOf(place)) === (await deviceOf(folder)) ? [found('notice', 'backupBeside')] : [];
  return ageMs > oldDays * DAY_MS
    ? [found('warning', 'backupOld', { days: Math.floor(ageMs / DAY_MS) }), ...beside]
    : [found('ok', 'backupOk', { hours: Math.max(0, Math.floor(ageMs / HOUR_MS)) }), ...beside];
}

async function checkDatabase(config: ServerConfig, parts: ExaminationParts): Promise<Finding[]> {
  const { found } = findingsOf('database');
  const result = await examineDatabase(config.database);
  if (result.is !== 'seen') {
    const { place, detail } = result;
    return [
      found('fault', result.is === 'damaged' ? 'databaseDamaged' : 'databaseSilent', { place, detail }),
    ];
  }
  const { database } = result;
  const { place, version, schema, known, journalBytes } = database;
  const findings =
    schema > known
      ? [found('fault', 'databaseNewer', { schema, known })]
      : schema < known
        ? [found('notice', 'databaseOlder', { schema, known })]
        : [found('ok', 'databaseOk', { place, version, schema })];
  if (journalBytes !== undefined && journalBytes > JOURNAL_LARGE_BYTES)
    findings.push(found('warning', 'journalLarge', { size: parts.size(journalBytes) }));
  return [
    ...findings,
    ...checkKeys(database, config, parts.clock),
    ...(await checkEnvelopes(database, parts)),
    ...checkLists(database, parts.clock),
    ...checkRisks(database, config, parts.clock.nowMs()),
  ];
}

function checkKeys({ keys: all }: DatabaseExamination, config: ServerConfig, clock: Clock): Finding[] {
  const nowMs = clock.nowMs();
  // the server's entry among the hosts is shown to nobody, and stays as it is when the CA is changed
  const keys = all.filter(({ role }) => role !== 'server-host');
  const cas = keys.filter(({ certificate }) => certificate.isCa).map(({ certificate }) => certificate);
  const tls = keys.find(({ role }) => role === 'server-tls')?.certificate;
  const tooEarly =
    tls !== undefined && nowMs < tls.notBeforeMs
      ? [
          findingsOf('clock').found('fault', 'clockBefore', {
            now: new Date(nowMs).toISOString(),
            begins: new Date(tls.notBeforeMs).toISOString(),
          }),
        ]
      : [];
  return [
    ...tooEarly,
    ...keys.map(({ role, certificate }) => checkDays(role, certificate, nowMs)),
    ...keys
      .filter(({ outside }) => !outside)
      .flatMap(({ role, certificate }) => checkSigned(role, certificate, cas)),
    ...(tls === undefined ? [] : checkNames(tls, config.addresses)),
  ];
}

/** F-34 A private key that does not open, or is another certificate's: to be restored, not replaced. */
async function checkEnvelopes(
  { keys }: DatabaseExamination,
  { folder, environment }: ExaminationParts,
): Promise<Finding[]> {
  const kek = await readKek(folder, environment).catch(() => undefined);
  if (kek === undefined) return []; // told of by `checkKey`
  const { found } = findingsOf('database');
  return keys.flatMap(({ role, keyId, sealed, certificate }) => {
    if (certificate.keyId === keyId && (sealed === undefined || keyIdOfSealed(kek, sealed, keyId) === keyId))
      return [];
    return [found('fault', 'keyDamaged', { role })];
  });
}

/** T-41, T-44 Lists that were not renewed when they should have been: told days before hosts refuse each other. */
function checkLists({ crls }: DatabaseExamination, clock: Clock): Finding[] {
  const { found } = findingsOf('lists');
  const nowMs = clock.nowMs();
  const alarms = crls.map((crl) => ({ crl, alarm: crlAlarm(crl, nowMs) }));
  const findings = alarms.flatMap(({ crl, alarm }) => {
    const ends = new Date(crl.nextUpdateMs).toISOString();
    if (alarm === 'none') return [];
    return alarm === 'stale'
      ? [found('fault', 'crlStale', { number: crl.number, ends })]
      : [found('warning', 'crlLate', { number: crl.number, ends })];
  });
  if (findings.length > 0 || crls.length === 0) return findings.slice(0, LISTS_SHOWN_MAX);
  const oldestMs = Math.min(...crls.map(({ thisUpdateMs }) => thisUpdateMs));
  return [
    found('ok', 'crlOk', {
      count: crls.length,
      hours: Math.max(0, Math.floor((nowMs - oldestMs) / HOUR_MS)),
    }),
  ];
}

const LISTS_SHOWN_MAX = 20;

/** What the present settings let happen. */
function checkRisks(
  { security, keys, administrators, legacyHosts, mixedNodes, unverified }: DatabaseExamination,
  config: ServerConfig,
  nowMs: number,
): Finding[] {
  const { found } = findingsOf('risk');
  const risks: Finding[] = [];
  if (security.level === 'medium' && !security.requireForwardRecords)
    risks.push(found('warning', 'riskMedium'));
  if (security.insecureCommunication)
    risks.push(
      legacyHosts.length > 0
        ? found('warning', 'riskLegacy', { hosts: legacyHosts.join(', ') })
        : found('notice', 'riskLegacyNobody'),
    );
  const off = unverified.filter(({ untilMs }) => nowMs < untilMs);
  if (off.length > 0)
    risks.push(
      found('warning', 'riskUnverified', {
        groups: off.map(({ group }) => group).join(', '),
        until: new Date(Math.max(...off.map(({ untilMs }) => untilMs))).toISOString(),
      }),
    );
  for (const { cluster, node } of mixedNodes) risks.push(found('warning', 'clusterMixed', { cluster, node }));
  if (keys.some(({ role, attached }) => role === 'root' && attached))
    risks.push(found('notice', 'riskRootAttached'));
  if (administrators < 2) risks.push(found('warning', 'riskAdministrators', { count: administrators }));
  if (config.listen === undefined) risks.push(found('notice', 'riskListensEverywhere'));
  const { listen } = config.metrics;
  if (listen !== undefined && !/^(127\.|\[::1\]|localhost)/.test(listen))
    risks.push(found('warning', 'riskMetricsOpen', { listen }));
  return risks.length > 0 ? risks : [found('ok', 'riskNone')];
}

const answers = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });

const deviceOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ dev }) => dev,
    () => -1,
  );
