import { AppError, fill } from '@sekisho/core/errors.ts';
import { createPlan } from '@sekisho/core/wire/plans.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroupIds } from '../../client/resolve-group.ts';
import { resolveHostIds } from '../../client/resolve.ts';
import { required, requiredText } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';
import { applicationOf, mediaServersOf, parseSchedule, planFlags, retentionOf } from './plan-flags.ts';

const KEEP_EVERYTHING = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

const COMMAND = 'sekisho plan create';

/** `plan create` (P-10, T-34). */
export const planCreate = defineVerb({
  path: 'plan create',
  args: {},
  flags: {
    data: serverData,
    name: requiredText('--name <name>'),
    ...planFlags,
    path: required(planFlags.path),
  },
  examples: {
    nightly:
      "sekisho plan create --name 'web files' --host web-01 --path /srv/www --schedule 'nightly=0 2 * * *' --keep-daily 14 --keep-monthly 12",
    application:
      "sekisho plan create --name databases --application sql-server --virtual-name sql-vip.example.com --path /var/opt/mssql/backup --schedule 'nightly=0 1 * * *'",
    group:
      "sekisho plan create --name homes --group Tokyo --path /home --schedule 'nightly=0 3 * * *' --keep-daily 7",
    manual: "sekisho plan create --name documents --host laptop-07 --path /home --exclude '*.iso'",
  },
  run: ({ cli, flags }) => {
    const application = applicationOf(flags, COMMAND) ?? null;
    if (application === null && flags.host.length + flags.group.length === 0)
      throw new AppError('USAGE_OPTION_MISSING', {
        command: COMMAND,
        option: '--host <host>',
        help: `${COMMAND} --help`,
      });
    const timeZone = flags.timeZone ?? cli.io.timeZone;
    const schedules = flags.schedule.map((value) => parseSchedule(value, timeZone, flags.startWithin));
    return withServer(cli, flags.data, async ({ call }) => {
      const plan = await call(createPlan, {
        body: {
          name: flags.name,
          targets: {
            hosts: await resolveHostIds(call, flags.host),
            groups: await resolveGroupIds(call, flags.group),
          },
          application,
          paths: [...flags.path],
          excludes: [...flags.exclude],
          schedules,
          retention: retentionOf(flags, KEEP_EVERYTHING),
          mediaServers: await mediaServersOf(call, flags.media),
          bandwidthKiBps:
            flags.bandwidthKib === undefined || flags.bandwidthKib === 0 ? null : flags.bandwidthKib,
          commands: { pre: flags.pre ?? null, post: flags.post ?? null },
        },
      });
      return {
        json: plan,
        bare: plan.id,
        text: [
          fill(cli.words.notes.planCreated, {
            name: plan.name,
            hosts: cli.format.counted('host', plan.deployed.hosts),
          }),
        ],
      };
    });
  },
});
