import { getHost } from '@sekisho/core/wire/trust.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { groupPathOf } from '../../client/resolve-group.ts';
import { resolvePlan } from '../../client/resolve.ts';
import { planDetailText } from '../../output/plan-text.ts';
import { defineVerb } from '../../verb.ts';

/** Names of so many hosts are asked for; the others show as IDs. */
const NAMES_MAX = 50;

/** `plan show PLAN`. */
export const planShow = defineVerb({
  path: 'plan show',
  args: { plan: '<plan>' },
  flags: { data: serverData },
  examples: { plain: "sekisho plan show 'web files'" },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const plan = await resolvePlan(call, args.plan ?? '');
      const names = new Map<string, string>();
      for (const id of [...new Set([...plan.mediaServers, ...plan.targets.hosts])].slice(0, NAMES_MAX)) {
        // a host that was removed meanwhile shows as its ID
        const host = await call(getHost, { params: { id } }).catch(() => undefined);
        if (host !== undefined) names.set(id, host.name);
      }
      for (const id of plan.targets.groups.slice(0, NAMES_MAX)) {
        const path = await groupPathOf(call, id);
        if (path !== undefined) names.set(id, path);
      }
      return { json: plan, bare: plan.id, text: planDetailText(cli, plan, (id) => names.get(id) ?? id) };
    }),
});
