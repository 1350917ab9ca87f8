import { fill } from '@sekisho/core/errors.ts';
import type { CallInput } from '@sekisho/core/wire/client.ts';
import { changeGroupSettings } from '@sekisho/core/wire/groups.ts';
import type { Cli, VerbResult } from '../../cli.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { confirm } from '../../input/confirm.ts';
import { effectText, pathText } from '../../output/group-text.ts';

/** What one of the verbs that change settings wants. */
type Change = Omit<NonNullable<CallInput<typeof changeGroupSettings>['body']>, 'dryRun'>;

/**
 * Shows what the change does to which hosts and asks, where it does something; then changes it, if nobody else changed the group in between.
 * With `dryRun` it only shows.
 */
export const changeSettings = (
  cli: Cli,
  data: string | undefined,
  wish: { group: string; change: Change; dryRun: boolean },
): Promise<VerbResult> =>
  withServer(cli, data, async ({ call }) => {
    const { groups } = cli.words;
    const { id, revision } = await resolveGroup(call, wish.group);
    const ask = (dryRun: boolean) =>
      call(changeGroupSettings, {
        params: { id },
        body: { ...wish.change, dryRun },
        ifMatch: `"r${revision}"`,
      });
    const preview = await ask(true);
    if (wish.dryRun) return { json: preview, text: [...effectText(cli, preview.effect), groups.dryRun] };
    if (preview.effect.hosts > 0) await confirm(cli, effectText(cli, preview.effect), groups.question);
    const done = await ask(false);
    const told = done.effect.hosts > 0 ? groups.told : '';
    return {
      json: done,
      text: [fill(groups.changed, { path: pathText(done.group.path), told }).trimEnd()],
    };
  });
