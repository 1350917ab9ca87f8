import { fill } from '@sekisho/core/errors.ts';
import { APPLICATION_KINDS, createApplication } from '@sekisho/core/wire/applications.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveHost } from '../../client/resolve.ts';
import { required, requiredChoice, texts } from '../../flag.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `application create NAME` (T-34): confirmed, since the hosts may read each other's backups from then on. */
export const applicationCreate = defineVerb({
  path: 'application create',
  args: { name: '<name>' },
  flags: {
    data: serverData,
    kind: requiredChoice('--kind <kind>', APPLICATION_KINDS),
    host: required(texts('--host <host>')),
  },
  examples: {
    cluster: 'sekisho application create sql-vip.example.com --kind sql-server --host sql-01 --host sql-02',
  },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { applications: words } = cli.words;
      const hosts = [];
      for (const given of flags.host) hosts.push(await resolveHost(call, given));
      const name = args.name ?? '';
      const names = hosts.map((host) => host.name).join(', ');
      await confirm(cli, [fill(words.grants, { hosts: names })], fill(words.createQuestion, { name }));
      const mapping = await call(createApplication, {
        body: { name, kind: flags.kind, hosts: hosts.map((host) => host.id) },
      });
      return { json: mapping, bare: mapping.name, text: [fill(words.created, { name, hosts: names })] };
    }),
});
