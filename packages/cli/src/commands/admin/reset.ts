import { fill } from '@sekisho/core/errors.ts';
import { resetAdministrator } from '@sekisho/core/wire/administrators.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { on } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { linkText } from '../../output/administrator-text.ts';
import { defineVerb } from '../../verb.ts';

/** `admin reset NAME`: password and sessions work until the link is used; API keys end at once, so that is confirmed. */
export const adminReset = defineVerb({
  path: 'admin reset',
  args: { name: '<name>' },
  flags: { data: serverData, keepKeys: on('--keep-keys') },
  examples: {
    plain: 'sekisho admin reset head.office',
    forgotten: 'sekisho admin reset head.office --keep-keys',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const { notes } = cli.words.accounts;
      const { keepKeys: keepApiKeys } = flags;
      if (!keepApiKeys) await confirm(cli, [fill(notes.resetPreview, { name })], notes.resetQuestion);
      const link = await call(resetAdministrator, { params: { id }, body: { keepApiKeys } });
      const { revokedApiKeys } = link;
      const ended = fill(notes.keysEnded, { name, keys: cli.format.count(revokedApiKeys) });
      const text = [...linkText(cli, link, name), ...(revokedApiKeys === 0 ? [] : [ended])];
      return { json: link, bare: link.link, text };
    }),
});
