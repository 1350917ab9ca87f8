import { fill } from '@sekisho/core/errors.ts';
import { deleteCluster, getCluster } from '@sekisho/core/wire/clusters.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { confirm } from '../../input/confirm.ts';
import { defineVerb } from '../../verb.ts';

/** `cluster delete NAME` (T-20): confirmed, since the nodes lose the virtual name. */
export const clusterDelete = defineVerb({
  path: 'cluster delete',
  args: { name: '<name>' },
  flags: { data: serverData },
  examples: { script: 'sekisho cluster delete files.example.com --yes' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { name, nodes } = await call(getCluster, { params: { name: args.name ?? '' } });
      const { certificates } = cli.words;
      const preview = fill(certificates.clusterDeletePreview, {
        name,
        nodes: nodes.map(({ node }) => node).join(', '),
      });
      await confirm(cli, [preview], certificates.clusterDeleteQuestion);
      const reply = await call(deleteCluster, { params: { name } });
      return { json: reply, text: [fill(certificates.clusterDeleted, { name })] };
    }),
});
