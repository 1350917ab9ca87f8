import type { AgentStatus } from '@sekisho/agent/control/agent-status.ts';
import { errorWords, fill, isErrorCode, type ErrorParams } from '@sekisho/core/errors.ts';
import { ORPHANED_HEALTH } from '@sekisho/core/rules/host-state.ts';
import { HEALTH_CODES } from '@sekisho/core/wire/health-codes.ts';
import type { Cli } from '../cli.ts';
import { renderPairs, visible } from './table.ts';
import { quoteWord } from './shell-quote.ts';

/** Whether a host can communicate, and if not, why and what to do (T-11). */
export function agentStatusText(cli: Cli, status: AgentStatus, dataFolder: string): string[] {
  const { words, format, style } = cli;
  const { labels, notes } = words;
  const { certificate, media } = status;
  const reason = status.notDeployed ?? status.lastError;
  const server = `${status.server.host}:${status.server.port}`;
  return [
    ...renderPairs([
      [labels.name, status.name],
      ...(status.hostId === null ? [] : ([[labels.id, status.hostId]] as const)),
      [labels.running, format.yesNo(status.running)],
      [labels.version, status.version],
      [labels.server, server],
      [labels.connection, words.states.channel[status.channel]],
      ...(status.relay === null ? [] : ([[labels.through, status.relay]] as const)),
      [
        labels.lastContact,
        status.lastContactMs === null ? labels.never : format.timeWithZone(status.lastContactMs),
      ],
      ...(certificate === null
        ? ([[labels.certificate, labels.none]] as const)
        : ([
            [labels.fingerprint, certificate.fingerprint],
            [labels.validUntil, format.timeWithZone(certificate.notAfterMs)],
            [labels.renewsFrom, format.timeWithZone(certificate.renewFromMs)],
          ] as const)),
      ...(media === null
        ? []
        : ([
            [labels.media, media.port === null ? media.folder : `${media.folder} (${media.port})`],
          ] as const)),
      [labels.commandsAllowed, format.onOff(status.settings.allowCommands)],
      [labels.spooled, format.count(status.spooled)],
      ...(status.jobs.length === 0
        ? []
        : ([
            [
              labels.job,
              status.jobs.map(({ jobId, kind }) => `${jobId.slice(0, 8)} ${words.states.jobKind[kind]}`),
            ],
          ] as const)),
      ...(status.health.length === 0
        ? []
        : ([
            [labels.health, status.health.map(({ code, detail }) => healthText(cli, code, detail))],
          ] as const)),
    ]),
    ...(status.verification.state === 'on'
      ? []
      : [
          '',
          style.yellow(
            fill(words.verification.agentOff, { until: format.timeWithZone(status.verification.untilMs) }),
          ),
        ]),
    ...(status.notDeployed === null ? [] : ['', style.yellow(notes.agentCannotCommunicate)]),
    ...(reason === null ? [] : reasonLines(cli, reason.code, reason.params)),
    ...(status.health.some(({ code }) => code === ORPHANED_HEALTH)
      ? [
          '',
          style.yellow(words.serverLists.refusesServer),
          ...refusedLines(cli, status),
          words.serverLists.refusesServerMend,
        ]
      : []),
    ...(status.notDeployed === null ? [] : [`${notes.agentComplete} ${status.notDeployed.command}`]),
    ...(status.notDeployed === null && !status.running
      ? ['', fill(notes.agentNext, { data: quoteWord(dataFolder) })]
      : []),
  ];
}

/** F-05 Which servers, and which check each of them failed; what was said already is not said again. */
function refusedLines(cli: Cli, { refusedServers, lastError }: AgentStatus): string[] {
  return refusedServers
    .slice(0, REFUSED_SHOWN_MAX)
    .flatMap(({ server, code, params }) => [
      `${visible(server)}:`,
      ...(code === lastError?.code ? [`  ${code}`] : reasonLines(cli, code, params)),
    ]);
}

const REFUSED_SHOWN_MAX = 8;

/** What a health code means, the code itself and what it is about. */
export function healthText({ words }: Pick<Cli, 'words'>, code: string, detail = ''): string {
  const known = HEALTH_CODES.find((one) => one === code);
  const named = detail === '' ? code : `${code}: ${detail}`;
  return known === undefined ? named : `${words.health[known]} (${named})`;
}

function reasonLines({ language, words }: Cli, code: string, params: ErrorParams): string[] {
  if (!isErrorCode(code)) return [`  ${visible(code)}`];
  const reason = errorWords(code, params, language);
  return [
    `  ${words.notes.errorWord}: ${visible(reason.words)} (${code})`,
    `  ${words.notes.hintWord}: ${visible(reason.hint)}`,
  ];
}
