import { fill } from '@sekisho/core/errors.ts';
import type { MappingView, PendingView } from '@sekisho/core/wire/names.ts';
import type { Cli } from '../cli.ts';
import { renderTable } from './table.ts';
import { timesLine } from './times-line.ts';

const TERMINAL_COLUMNS = 80;

/** Names with their hosts. */
export function mappingsText(cli: Cli, mappings: readonly MappingView[]): string[] {
  const { names } = cli.words;
  if (mappings.length === 0) return [names.noMappings];
  const isSeen = mappings.some(({ lastSeenAtMs }) => lastSeenAtMs !== null);
  return [
    ...renderTable(
      [
        { title: names.name, shrinks: true },
        { title: names.host, shrinks: true },
        { title: names.kind },
        { title: names.since },
        ...(isSeen ? [{ title: names.lastMet }] : []),
      ],
      mappings.map((one) => [
        one.shown,
        one.host.name,
        names.kinds[one.kind],
        // two whole times would leave no room for the names
        isSeen ? dayOf(cli, one.createdAtMs) : cli.format.time(one.createdAtMs),
        ...(isSeen ? [dayOf(cli, one.lastSeenAtMs)] : []),
      ]),
      TERMINAL_COLUMNS,
    ),
    timesLine(cli),
    ...warningsOf(cli, mappings),
  ];
}

const dayOf = (cli: Cli, atMs: number | null): string => cli.format.time(atMs).split(' ')[0] ?? '';

/** What waits, each conflict with the host that has the name. */
export function pendingText(cli: Cli, pending: readonly PendingView[]): string[] {
  const { names } = cli.words;
  if (pending.length === 0) return [names.noPending];
  return [
    ...renderTable(
      [
        { title: names.name, shrinks: true },
        { title: names.host, shrinks: true },
        { title: names.owner, shrinks: true },
        { title: names.reason },
      ],
      pending.map((one) => [
        one.shown,
        one.host.name,
        one.owner?.name ?? '-',
        one.state === 'rejected' ? names.states.rejected : names.reasons[one.reason],
      ]),
      TERMINAL_COLUMNS,
    ),
    ...warningsOf(cli, pending),
    names.decide,
  ];
}

/** Names that pass for others. */
function warningsOf(cli: Cli, rows: readonly Pick<MappingView, 'name' | 'warnings'>[]): string[] {
  const { names } = cli.words;
  return rows
    .filter(({ warnings }) => warnings.length > 0)
    .map(({ name, warnings }) =>
      cli.style.yellow(
        fill(names.warned, { name, warnings: warnings.map((one) => names.warnings[one]).join(', ') }),
      ),
    );
}

/** Who has a name after a decision. */
export function decidedText(cli: Cli, name: string, mappings: readonly MappingView[]): string[] {
  const { names } = cli.words;
  if (mappings.length === 0) return [fill(names.nobodyHas, { name })];
  const hosts = mappings.map(({ host, kind }) => `${host.name} (${names.kinds[kind]})`).join(', ');
  return [fill(names.nowHas, { name: mappings[0]?.name ?? name, hosts })];
}
