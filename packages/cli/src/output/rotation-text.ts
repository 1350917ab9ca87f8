import { errorWords, fill, isErrorCode } from '@sekisho/core/errors.ts';
import type {
  RotationFinding,
  RotationHost,
  RotationPlan,
  RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { z } from 'zod';
import type { Cli } from '../cli.ts';
import { renderPairs, visible } from './table.ts';
import { timesLine } from './times-line.ts';

/** How far a certificate update is. */
export function rotationText(cli: Cli, view: RotationView): string[] {
  const { rotations } = cli.words;
  const ended = view.endedAtMs !== null;
  const [first] = view.undecided;
  return [
    fill(rotations.title, { kind: rotations.kinds[view.kind], id: view.id }),
    ...renderPairs([
      [rotations.path, wayText(cli, view)],
      [rotations.phase, phaseText(cli, view)],
      ...(view.waitsFor === null ? [] : [[rotations.waitsFor, waitText(cli, view)] as [string, string]]),
      ...(ended ? [] : [[rotations.hosts, hostsText(cli, view)] as [string, string]]),
      [rotations.by, view.startedBy],
      [rotations.startedAt, cli.format.time(view.startedAtMs)],
      ...(ended ? [[rotations.endedAt, cli.format.time(view.endedAtMs)] as [string, string]] : []),
    ]),
    ...(view.slowest.length === 0 ? [] : [fill(rotations.slowest, { hosts: namesOf(view.slowest) })]),
    ...(first === undefined
      ? []
      : [fill(rotations.undecided, { first: visible(first.name) }), `  ${namesOf(view.undecided)}`]),
    ...(view.problem === null || first !== undefined ? [] : findingText(cli, view.problem)),
    ...changedMeanwhile(cli, view),
    ...behindText(cli, view),
    ...(view.kind === 'ca' && view.phase === 'done' ? [rotations.newFingerprint] : []),
    ...(ended
      ? []
      : [rotations.servers, ...view.servers.map((server) => `  ${serverText(cli, view, server)}`)]),
    timesLine(cli),
  ];
}

/** What an update would do. `title`: that of a plan, or of a start that asks about it. */
export function planText(cli: Cli, plan: RotationPlan, title: 'planTitle' | 'startTitle'): string[] {
  const { rotations } = cli.words;
  const { count, duration, time } = cli.format;
  const named = (text: string, total: number, hosts: readonly RotationHost[]): string[] =>
    total === 0 ? [] : [fill(text, { count: count(total), hosts: namesOf(hosts) })];
  return [
    fill(rotations[title], { kind: rotations.kinds[plan.kind] }),
    ...renderPairs([
      [rotations.path, rotations.paths[plan.path]],
      [rotations.because, plan.reasons.map((reason) => rotations.reasons[reason]).join('; ')],
      [
        rotations.hosts,
        fill(rotations.planHosts, {
          total: count(plan.hosts.total),
          online: count(plan.hosts.online),
          silent: count(plan.hosts.silent),
          neverSeen: count(plan.hosts.neverSeen),
        }),
      ],
      [rotations.heartbeat, duration(plan.longestHeartbeatSeconds * 1_000)],
      [rotations.expected, duration(plan.expectedSeconds * 1_000)],
      [rotations.currentEnds, time(plan.current.notAfterMs)],
    ]),
    ...(plan.wouldBeLostTotal === 0 ? [rotations.nobodyLost] : []),
    ...named(rotations.lost, plan.wouldBeLostTotal, plan.wouldBeLost),
    ...named(rotations.late, plan.lateTotal, plan.late),
    ...named(rotations.cutOff, plan.cutOffTotal, plan.cutOff),
    ...(plan.cutOffTotal === 0 ? [] : [packageHint(cli)]),
    ...named(rotations.unable, plan.unableTotal, plan.unable),
    ...(plan.notInheriting.length === 0
      ? []
      : [
          fill(rotations.notInheriting, {
            groups: plan.notInheriting.map(({ name }) => visible(name)).join(', '),
          }),
        ]),
    ...takeOverText(cli, plan),
    ...plan.findings.flatMap((finding) => findingText(cli, finding)),
    ...(plan.prevented ? [rotations.prevented] : []),
    timesLine(cli),
  ];
}

/** The path; of an emergency that there is none, but of a CA, whose successor hosts are still told of. */
const wayText = (cli: Cli, { emergency, kind, path }: RotationView): string => {
  const { rotations } = cli.words;
  return emergency === null || kind === 'ca' ? rotations.paths[path] : rotations.emergencies[emergency];
};

/** One line that moves, for a terminal of any width: how far, what is missing, how long at most, whom it is about. */
export function liveLine(cli: Cli, view: RotationView): string {
  const { rotations } = cli.words;
  const { count, duration } = cli.format;
  const why = view.waitsFor === null ? '' : rotations.waitsShort[view.waitsFor];
  const leftMs = view.untilMs === null ? 0 : view.untilMs - cli.io.clock.nowMs();
  return [
    fill(rotations.liveProgress, {
      phase: phaseText(cli, view),
      acknowledged: count(view.hosts.acknowledged),
      total: count(view.hosts.total),
    }),
    ...(why === '' ? [] : [why]),
    ...(leftMs <= 0 ? [] : [fill(rotations.leftAtMost, { left: duration(leftMs) })]),
    ...[view.slowest, view.undecided].filter(({ length }) => length > 0).map(namesOf),
  ].join(' · ');
}

/** F-33 Whom an ended update left behind, and what brings them back. */
function behindText(cli: Cli, { behind }: RotationView): string[] {
  if (behind === null) return [];
  const { rotations } = cli.words;
  const named = (text: string, { total, hosts }: typeof behind.late): string[] =>
    total === 0 ? [] : [fill(text, { count: cli.format.count(total), hosts: namesOf(hosts) })];
  return [
    ...named(rotations.givenUp, behind.givenUp),
    ...named(rotations.cutOff, behind.cutOff),
    ...(behind.givenUp.total + behind.cutOff.total === 0 ? [] : [packageHint(cli)]),
    ...named(rotations.late, behind.late),
  ];
}

const packageHint = ({ words: { rotations } }: Cli): string =>
  `  ${fill(rotations.hint, { hint: rotations.packageHint })}`;

/** F-34 What becomes of the update that an emergency finds. */
function takeOverText(cli: Cli, { takesOver }: RotationPlan): string[] {
  if (takesOver === null) return [];
  const { rotations } = cli.words;
  const { id, kind, startedBy, becomes, behind } = takesOver;
  const said = { id, kind: rotations.kinds[kind], by: visible(startedBy), behind: cli.format.count(behind) };
  return [fill(rotations.takesOver[becomes], said)];
}

/** One line of a running update, for logs and pipes: it says something else only when something has changed. */
export const progressLine = (cli: Cli, view: RotationView): string =>
  [
    fill(cli.words.rotations.progress, {
      phase: phaseText(cli, view),
      acknowledged: cli.format.count(view.hosts.acknowledged),
      total: cli.format.count(view.hosts.total),
    }),
    ...(view.waitsFor === null ? [] : [waitText(cli, view)]),
    ...(view.slowest.length === 0 ? [] : [namesOf(view.slowest)]),
    ...(view.undecided.length === 0 ? [] : [namesOf(view.undecided)]),
  ].join(' · ');

export const phaseText = (
  cli: Cli,
  { path, phase, direction, endedAtMs }: Pick<RotationView, 'path' | 'phase' | 'direction' | 'endedAtMs'>,
): string => {
  const { rotations } = cli.words;
  const offOn: Partial<Record<RotationView['phase'], string>> =
    path === 'off-on' ? rotations.offOnPhases : {};
  const text = offOn[phase] ?? rotations.phases[phase];
  return direction === 'back' && endedAtMs === null ? fill(rotations.back, { phase: text }) : text;
};

/** F-31.3 What an administrator changed while verification was off; nothing on the other paths. */
function changedMeanwhile(cli: Cli, { steps }: RotationView): string[] {
  const { rotations } = cli.words;
  const found = steps.flatMap(({ step, detail }) => {
    const parsed = step === 'changed-meanwhile' ? departures.safeParse(detail['departures']) : undefined;
    return parsed?.data ?? [];
  });
  const groups = found.map(({ group, what }) => `${visible(group)} (${rotations.changedParts[what]})`);
  return groups.length === 0 ? [] : [fill(rotations.changedMeanwhile, { groups: groups.join(', ') })];
}

const departures = z.array(
  z.object({ group: z.string(), what: z.enum(['list', 'verification', 'deleted', 'copied-list']) }),
);

function waitText(cli: Cli, { waitsFor, untilMs }: RotationView): string {
  if (waitsFor === null) return '–';
  const why = cli.words.rotations.waits[waitsFor];
  return untilMs === null
    ? why
    : fill(cli.words.rotations.waitsUntil, { why, until: cli.format.time(untilMs) });
}

const hostsText = (cli: Cli, { hosts }: RotationView): string =>
  fill(
    cli.words.rotations.hostCounts,
    Object.fromEntries(Object.entries(hosts).map(([name, n]) => [name, cli.format.count(n)])),
  );

/** On the way back the old certificate is what a server is to confirm; an update that never switched has nothing to go back to. */
function serverText(
  cli: Cli,
  { direction, phase }: RotationView,
  server: RotationView['servers'][number],
): string {
  const { rotations } = cli.words;
  const name = visible(server.addresses.length === 0 ? server.instanceId : server.addresses.join(', '));
  if (!server.live) return fill(rotations.serverGone, { server: name });
  if (!server.confirmed && server.orderedAtMs !== null)
    return fill(rotations.serverOrdered, { server: name });
  const showsNew = direction === 'back' ? !server.confirmed && phase !== 'withdrawing' : server.confirmed;
  return fill(showsNew ? rotations.serverConfirmed : rotations.serverWaiting, { server: name });
}

/** Words and hint of a finding's code; of a code of a newer server, the code. */
function findingText(cli: Cli, { code, params }: RotationFinding): string[] {
  const { rotations } = cli.words;
  if (!isErrorCode(code)) return [fill(rotations.problem, { words: code })];
  const { words, hint } = errorWords(code, params, cli.language);
  return [fill(rotations.problem, { words }), `  ${fill(rotations.hint, { hint })}`];
}

/** Names that a line shows; the rest is counted by the figure before it. */
const NAMES_SHOWN_MAX = 8;
const namesOf = (hosts: readonly RotationHost[]): string =>
  hosts
    .slice(0, NAMES_SHOWN_MAX)
    .map(({ name }) => visible(name))
    .join(', ') + (hosts.length > NAMES_SHOWN_MAX ? ' …' : '');
