import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { allPlans } from '../../client/resolve.ts';
import { deployedText } from '../../output/plan-text.ts';
import { renderTable } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `plan list`. */
export const planList = defineVerb({
  path: 'plan list',
  args: {},
  flags: { data: serverData },
  examples: { plain: 'sekisho plan list' },
  run: ({ cli, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const reply = { plans: await allPlans(call) };
      const { labels, notes } = cli.words;
      if (reply.plans.length === 0) return { json: reply, text: [notes.noPlans] };
      return {
        json: reply,
        text: renderTable(
          [labels.name, labels.paths, labels.schedules, labels.deployed, labels.id].map((title) => ({
            title,
          })),
          reply.plans.map((plan) => [
            plan.name,
            plan.paths.length > 2
              ? `${plan.paths.slice(0, 2).join(', ')} … (${plan.paths.length})`
              : plan.paths.join(', '),
            plan.schedules.map(({ name, cron }) => `${name} (${cron})`).join(', ') || '–',
            deployedText(cli, plan),
            plan.id,
          ]),
        ),
      };
    }),
});
