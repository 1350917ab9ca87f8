import { SECOND_MS } from '@sekisho/core/time.ts';
import { forecastRenewals, planDrill as planDrillRoute, startDrill } from '@sekisho/core/wire/renewals.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { startTask } from '../tasks/run-task.ts';
import { forecast } from './forecast.ts';
import { planDrill } from './plan-drill.ts';
import { runDrill } from './run-drill.ts';

/** T-09 The coming load of renewals, and drills that prove that they work. */
export function renewalRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, domain, fleet, store } = context;
  mount(app, forecastRenewals, ({ query }) => forecast(context, query.days));
  mount(app, planDrillRoute, async ({ body, principal }) => {
    const { hosts, total } = await planDrill(context, principal, body);
    return {
      hosts: hosts.map(({ id, name }) => ({ id, name, online: fleet.seen(id)?.online === true })),
      total,
    };
  });
  mount(app, startDrill, async ({ body, principal }) => {
    const { hosts } = await planDrill(context, principal, { hosts: body.hosts });
    const { name: actor, origin } = principal;
    await store.transaction((tx) =>
      recordAudit(
        tx,
        {
          act: 'drill-renewals',
          actor,
          origin,
          subject: domain.id,
          outcome: 'done',
          detail: { hosts: hosts.length, name: String(hosts.length) },
        },
        clock.nowMs(),
      ),
    );
    const { waitSeconds } = body;
    const taskId = await startTask(context, principal, {
      kind: 'drill-renewals',
      input: { hosts: hosts.length, waitSeconds },
      run: async (task) => ({ ...(await runDrill(context, hosts, waitSeconds * SECOND_MS, task)) }),
    });
    return { taskId };
  });
}
