import { errorWords, fill, isErrorCode, type ErrorParams } from '@sekisho/core/errors.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import type { ListEffect, ServerListView } from '@sekisho/core/wire/server-lists.ts';
import type { Cli } from '../cli.ts';
import { renderPairs, renderTable } from './table.ts';
import { timesLine } from './times-line.ts';

/** Hosts that a preview names on the terminal. */
const NAMED_MAX = 10;

/** A list with its servers by priority, and who has it. */
export function serverListText(cli: Cli, list: ServerListView): string[] {
  const { labels, serverLists: words } = cli.words;
  return [
    ...renderPairs([
      [labels.name, nameOf(cli, list)],
      [labels.id, list.id],
      [words.groups, groupsOf(cli, list)],
      [words.hosts, cli.format.count(list.hosts)],
      [words.holding, cli.format.count(list.holding)],
      [words.changedAt, cli.format.time(list.changedAtMs)],
    ]),
    timesLine(cli),
    '',
    ...renderTable(
      [
        { title: words.priority, right: true },
        { title: words.server },
        { title: words.protocol },
        { title: words.keptBy },
        { title: words.keys },
      ],
      [...list.servers]
        .sort((a, b) => a.priority - b.priority)
        .map((server) => [
          String(server.priority),
          serverName(server),
          server.protocol.toUpperCase(),
          server.instanceId === null ? words.byHand : words.byServer,
          keysOf(list, server),
        ]),
    ),
    ...(list.pinnedKeys.length === 0
      ? []
      : [fill(words.pinned, { keys: list.pinnedKeys.map(shortKey).join(', ') })]),
  ];
}

/** All lists, one a line. */
export const serverListsTable = (cli: Cli, lists: readonly ServerListView[]): string[] => {
  const { labels, serverLists: words } = cli.words;
  return renderTable(
    [
      { title: labels.name },
      { title: words.servers, right: true },
      { title: words.groups },
      { title: words.hosts, right: true },
      { title: words.holding, right: true },
    ],
    lists.map((list) => [
      nameOf(cli, list),
      cli.format.count(list.servers.length),
      groupsOf(cli, list),
      cli.format.count(list.hosts),
      cli.format.count(list.holding),
    ]),
  );
};

/** What a change would do: whom it concerns, who answers, what is odd. */
export function listEffectText(cli: Cli, effect: ListEffect): string[] {
  const { serverLists: words } = cli.words;
  const lines: string[] = [];
  const hosts = (n: number): string => cli.format.counted('host', n);
  const named = (names: readonly string[], all: number): string[] => {
    if (names.length === 0) return [];
    const shown = names.slice(0, NAMED_MAX).join(', ');
    const more = all - Math.min(names.length, NAMED_MAX);
    return [
      more === 0
        ? fill(words.names, { names: shown })
        : fill(words.more, { names: shown, count: cli.format.count(more) }),
    ];
  };
  if (effect.hosts === 0) lines.push(words.nobody);
  else
    lines.push(fill(words.changesFor, { hosts: hosts(effect.hosts) }), ...named(effect.named, effect.hosts));
  for (const { server, state, code, params } of effect.entries) {
    if (state === 'reachable') lines.push(fill(words.reachable, { server }));
    else if (code !== null)
      lines.push(fill(words.notReachable, { server, words: codeWords(cli, code, params) }));
  }
  if (effect.elsewhere.hosts > 0)
    lines.push(
      fill(words.elsewhere, { hosts: hosts(effect.elsewhere.hosts) }),
      ...named(effect.elsewhere.named, effect.elsewhere.hosts),
    );
  for (const { code, params } of effect.warnings)
    lines.push(fill(words.warning, { words: codeWords(cli, code, params) }));
  return lines;
}

/** Keys by hand; `*` stands for those that are told below the table. */
const keysOf = (
  { pinnedKeys }: ServerListView,
  { acceptedKeys, protocol }: ServerListView['servers'][number],
): string => {
  const own = acceptedKeys.filter((key) => !pinnedKeys.includes(key)).map(shortKey);
  return [...own, ...(pinnedKeys.length > 0 && protocol === 'https' ? ['*'] : [])].join(' ') || '–';
};

const shortKey = (key: string): string => key.slice(0, 12);

const nameOf = (cli: Cli, { name, isDefault }: ServerListView): string =>
  isDefault ? fill(cli.words.serverLists.standard, { name }) : name;

const groupsOf = (cli: Cli, { groups, isDefault }: ServerListView): string =>
  [...groups.map(({ name }) => name), ...(isDefault ? [cli.words.serverLists.usedBelow] : [])].join(', ') ||
  '–';

const codeWords = (cli: Cli, code: string, params: ErrorParams): string =>
  isErrorCode(code) ? errorWords(code, params, cli.language).words : code;
