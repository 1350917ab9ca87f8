import type { AcceptedHost } from '../harness/rotation.ts';
import type { FleetState } from '../harness/simulated-fleet.ts';
import { REFUSALS, type CountedRefusals, type Expectation, type Refusal } from './refusals.ts';
import type { SoakWish } from './schedule.ts';

/** What one round was. Times in seconds. */
export interface RoundReport {
  readonly round: number;
  readonly rotation: {
    readonly kind: string;
    readonly path: string;
    readonly end: string;
    readonly seconds: number;
    /** Hosts that were asked for as lost, and given up, so that it went on; each with its phase and why. */
    readonly accepted: readonly AcceptedHost[];
  } | null;
  readonly killed: readonly string[];
  /** Simulated hosts and real ones that slept through it. */
  readonly late: number;
  readonly resting: number;
  readonly revoked: number;
  /** After the late hosts were switched on: until every host was online on the newest generation. */
  readonly settledSeconds: number | null;
  readonly generation: number;
}

/** What a soak found; it passed when there is no fault. */
export interface SoakReport {
  readonly wish: SoakWish;
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly passed: boolean;
  readonly faults: readonly string[];
  readonly machine: {
    readonly cpus: number;
    readonly model: string;
    readonly node: string;
    readonly loadBefore: number;
  };
  readonly rounds: readonly RoundReport[];
  readonly fleet: Pick<FleetState, 'running' | 'connected' | 'heartbeats' | 'reconnects' | 'renewals'> & {
    readonly real: number;
    readonly revoked: number;
    readonly generation: number;
    readonly onNewest: number;
  };
  readonly refusals: { readonly expected: Expectation; readonly counted: CountedRefusals };
  readonly backups: {
    readonly asked: number;
    readonly done: number;
    /** Ended otherwise, each while its host or the server was killed; by code. */
    readonly disturbed: Readonly<Record<string, number>>;
    readonly points: number;
    readonly equal: number;
    readonly unasked: number;
    readonly repositoriesChecked: number;
  };
  readonly server: {
    readonly kills: number;
    readonly startSecondsMax: number;
    readonly residentMiBMax: number;
  };
}

/** The report for people. */
export function reportText(report: SoakReport): string {
  const { wish, fleet, refusals, backups, server } = report;
  return [
    '# Soak',
    '',
    `${report.passed ? 'Passed' : 'FAILED'}: ${wish.minutes} minutes, ${wish.agents} simulated and ${wish.real} real agents, seed ${wish.seed}, ${wish.rotate.length === 0 ? 'nothing' : wish.rotate.join(', ')} rotated in turn. Begun ${report.startedAt}, took ${Math.round(report.tookSeconds / 60)} minutes with all checks, on ${report.machine.cpus} × ${report.machine.model}, Node ${report.machine.node}.`,
    '',
    ...(report.faults.length === 0
      ? []
      : ['## Faults', '', ...report.faults.map((fault) => `- ${fault}`), '']),
    '## At the end',
    '',
    ...table(
      ['', ''],
      [
        ['simulated agents online', `${fleet.connected} of ${fleet.running} (${fleet.revoked} were revoked)`],
        ['real agents online', `${fleet.real} of ${wish.real + 1}, the media server among them`],
        ['on the newest generation', `${fleet.onNewest} (generation ${fleet.generation})`],
        ['heartbeats answered', String(fleet.heartbeats)],
        ['channels opened again', String(fleet.reconnects)],
        ['certificates renewed', String(fleet.renewals)],
        ['backups', `${backups.done} of ${backups.asked} done`],
        [
          'ended with a kill',
          Object.entries(backups.disturbed)
            .map(([code, n]) => `${code} ${n}`)
            .join(', ') || '–',
        ],
        [
          'recovery points restored and compared',
          `${backups.equal} equal of ${backups.points}${backups.unasked === 0 ? '' : `, ${backups.unasked} of retries`}`,
        ],
        ['repositories checked with `restic check --read-data`', String(backups.repositoriesChecked)],
        [
          'the server was killed',
          `${server.kills} times; its longest start took ${server.startSecondsMax} s`,
        ],
        ['its memory at most', `${server.residentMiBMax} MiB`],
      ],
    ),
    '',
    '## Refused heartbeats',
    '',
    'The list is closed; what was expected was computed from the seed before anything ran.',
    '',
    ...table(
      ['code', 'of agents', 'expected', 'of probes', 'expected', 'why'],
      (Object.keys(REFUSALS) as Refusal[]).map((code) => {
        const bounds = refusals.expected.agents[code] ?? { least: 0, most: 0 };
        return [
          code,
          String(refusals.counted.agents[code] ?? 0),
          bounds.most === 0 ? '0' : `${bounds.least} … ${bounds.most}`,
          String(refusals.counted.probes[code] ?? 0),
          String(refusals.expected.probes[code] ?? 0),
          REFUSALS[code],
        ];
      }),
    ),
    '',
    '## Rounds',
    '',
    ...table(
      [
        'round',
        'update',
        'took',
        'given up',
        'killed',
        'late',
        'resting',
        'revoked',
        'all back after',
        'generation',
      ],
      report.rounds.map((one) => [
        String(one.round),
        one.rotation === null ? '–' : `${one.rotation.kind} (${one.rotation.path}): ${one.rotation.end}`,
        one.rotation === null ? '–' : `${one.rotation.seconds} s`,
        String(one.rotation?.accepted.length ?? 0),
        one.killed.join(', '),
        String(one.late),
        String(one.resting),
        String(one.revoked),
        one.settledSeconds === null ? 'never' : `${one.settledSeconds} s`,
        String(one.generation),
      ]),
    ),
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
