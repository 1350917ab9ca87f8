import { AppError } from '@sekisho/core/errors.ts';
import { parseGroupId } from '@sekisho/core/ids.ts';
import { RIGHTS } from '@sekisho/core/rules/rights.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import { createApiKey } from '@sekisho/core/wire/api-keys.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { chosen, durationMs, required, requiredText, text, texts, type Flag } from '../../flag.ts';
import { keyText } from '../../output/key-text.ts';
import { defineVerb } from '../../verb.ts';

/** No key gets it. */
const NEVER = 'administrator.write';
const SCOPES = RIGHTS.filter((right) => right !== NEVER);

const scopeFlag: Flag<readonly (typeof RIGHTS)[number][]> = {
  ...texts('--scope <right>'),
  choices: SCOPES,
  read: (raw, option) =>
    texts('--scope <right>')
      .read(raw, option)
      .map((one) => chosen(one, option, SCOPES)),
};

/** `key create`: the secret is printed here and never again. */
export const keyCreate = defineVerb({
  path: 'key create',
  args: {},
  flags: {
    data: serverData,
    name: requiredText('--name <text>'),
    scope: required(scopeFlag),
    valid: required(durationMs('--valid <duration>', '60s', '366d')),
    group: text('--group <id>'),
    owner: text('--owner <name>'),
  },
  examples: {
    report:
      "sekisho key create --owner head.office --name 'weekly report' --scope host.read --scope job.read --valid 90d",
    branch:
      "sekisho key create --owner head.office --name 'branch backups' --scope job.run --group 33333333-3333-4333-8333-333333333333 --valid 30d",
  },
  run: ({ cli, flags }) => {
    const group = flags.group === undefined ? null : parseGroupId(flags.group);
    if (group === undefined)
      throw new AppError('USAGE_VALUE_INVALID', {
        option: '--group',
        value: flags.group ?? '',
        help: 'sekisho key create --help',
      });
    const validSeconds = Math.round(flags.valid / SECOND_MS);
    return withServer(cli, flags.data, async ({ call }) => {
      const made = await call(createApiKey, {
        body: {
          name: flags.name,
          scopes: [...flags.scope],
          validSeconds,
          group,
          ...(flags.owner === undefined ? {} : { owner: flags.owner }),
        },
      });
      return {
        json: made,
        bare: made.key,
        text: [...keyText(cli, made), '', made.key, '', cli.words.access.notes.shownOnce],
      };
    });
  },
});
