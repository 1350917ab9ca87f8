import { fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import {
  replaceServerList,
  type ListedServerEntry,
  type ListEffect,
  type ServerListView,
} from '@sekisho/core/wire/server-lists.ts';
import type { Cli, VerbResult } from '../../cli.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { listEffectText } from '../../output/server-list-text.ts';

/** Of every verb that changes what hosts get. */
export const changeFlags = {
  dryRun: on('--dry-run'),
  acceptUnreachable: on('--accept-unreachable'),
};
export interface ChangeTerms {
  readonly dryRun: boolean;
  readonly acceptUnreachable: boolean;
}

/** Looks first, shows what it would do, asks where hosts are concerned, then does it. */
export async function lookThenDo(
  cli: Cli,
  terms: ChangeTerms,
  question: string,
  work: (dryRun: boolean) => Promise<{ effect: ListEffect }>,
  done: (effect: ListEffect) => string,
): Promise<VerbResult> {
  const looked = await work(true);
  const preview = listEffectText(cli, looked.effect);
  if (terms.dryRun) return { json: looked, text: [...preview, cli.words.serverLists.dryRun] };
  if (looked.effect.hosts > 0) await confirm(cli, preview, question);
  else if (!cli.json && !cli.quiet) for (const line of preview) cli.io.stderr.write(`${line}\n`);
  const changed = await work(false);
  return { json: changed, text: [done(changed.effect)] };
}

/** Other entries for a list. */
export const changeServers = (
  cli: Cli,
  call: Caller,
  list: ServerListView,
  servers: readonly ListedServerEntry[],
  terms: ChangeTerms,
): Promise<VerbResult> =>
  lookThenDo(
    cli,
    terms,
    cli.words.serverLists.changeQuestion,
    (dryRun) =>
      call(replaceServerList, {
        params: { id: list.id },
        body: {
          revision: list.revision,
          servers: [...servers],
          dryRun,
          acceptUnreachable: terms.acceptUnreachable,
        },
      }),
    ({ hosts }) =>
      fill(cli.words.serverLists.changed, { name: list.name, hosts: cli.format.counted('host', hosts) }),
  );

/** Entries without who keeps them: the server knows. */
export const entriesOf = ({ servers }: ServerListView): ListedServerEntry[] =>
  servers.map(({ instanceId: _, ...server }) => server);
