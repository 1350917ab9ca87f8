import { fill } from '@sekisho/core/errors.ts';
import { linkOidc } from '@sekisho/core/wire/oidc.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveAdministrator } from '../../client/resolve-administrator.ts';
import { requiredText } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';

/** `admin link-oidc NAME`: nobody is let in by single sign-on before. */
export const adminLinkOidc = defineVerb({
  path: 'admin link-oidc',
  args: { name: '<name>' },
  flags: {
    data: serverData,
    provider: requiredText('--provider <id>'),
    subject: requiredText('--subject <subject>'),
  },
  examples: { plain: 'sekisho admin link-oidc head.office --provider company --subject 00u1a2b3c4' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { id, name } = await resolveAdministrator(call, args.name ?? '');
      const { provider, subject } = flags;
      const changed = await call(linkOidc, { params: { id }, body: { provider, subject } });
      const issuer = changed.oidc?.issuer ?? provider;
      return { json: changed, text: [fill(cli.words.access.notes.linked, { name, subject, issuer })] };
    }),
});
