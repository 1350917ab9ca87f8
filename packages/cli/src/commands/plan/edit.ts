import { AppError, fill } from '@sekisho/core/errors.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { replacePlan, type PlanView } from '@sekisho/core/wire/plans.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroupIds } from '../../client/resolve-group.ts';
import { resolveHostIds, resolvePlan } from '../../client/resolve.ts';
import { on, text, type FlagValues } from '../../flag.ts';
import { defineVerb } from '../../verb.ts';
import { applicationOf, mediaServersOf, parseSchedule, planFlags, retentionOf } from './plan-flags.ts';

const flags = {
  data: serverData,
  name: text('--name <name>'),
  ...planFlags,
  noSchedules: on('--without-schedules'),
  withoutApplication: on('--without-application'),
};

/** `plan edit PLAN`: what is not named stays; somebody else's edit in between is a conflict. */
export const planEdit = defineVerb({
  path: 'plan edit',
  args: { plan: '<plan>' },
  flags,
  examples: {
    paths: "sekisho plan edit 'web files' --path /srv/www --path /etc/nginx",
    noSchedules: "sekisho plan edit 'web files' --without-schedules",
  },
  run: ({ cli, args, flags: given }) => {
    if (given.noSchedules && given.schedule.length > 0) {
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--without-schedules, --schedule' });
    }
    if (given.withoutApplication && given.application !== undefined) {
      throw new AppError('USAGE_OPTIONS_CONFLICT', { options: '--without-application, --application' });
    }
    return withServer(cli, given.data, async ({ call }) => {
      const plan = await resolvePlan(call, args.plan ?? '');
      const body = await edited(call, plan, given, cli.io.timeZone);
      if (JSON.stringify(body) === JSON.stringify(unedited(plan))) {
        throw new AppError('PLAN_UNCHANGED', { name: plan.name });
      }
      const changed = await call(replacePlan, { params: { id: plan.id }, body });
      const { name, revision, deployed } = changed;
      return {
        json: changed,
        bare: changed.id,
        text: [
          fill(cli.words.notes.planChanged, {
            name,
            revision,
            hosts: cli.format.counted('host', deployed.hosts),
          }),
        ],
      };
    });
  },
});

function unedited(plan: PlanView) {
  const { name, targets, application, paths, excludes, schedules, retention } = plan;
  const { mediaServers, bandwidthKiBps, commands, revision } = plan;
  return {
    name,
    targets,
    application,
    paths,
    excludes,
    schedules,
    retention,
    mediaServers,
    bandwidthKiBps,
    commands,
    revision,
  };
}

async function edited(call: Caller, plan: PlanView, given: FlagValues<typeof flags>, localZone: string) {
  const before = unedited(plan);
  const timeZone = given.timeZone ?? plan.schedules[0]?.timeZone ?? localZone;
  const wanted = applicationOf(given, 'sekisho plan edit');
  const changesApplication = wanted !== undefined;
  const application = wanted ?? (given.withoutApplication ? null : before.application);
  const command = (value: string | undefined, old: string | null): string | null =>
    value === undefined ? old : value === '' ? null : value;
  return {
    ...before,
    name: given.name ?? before.name,
    application,
    // of an application the server knows the hosts
    targets:
      given.host.length + given.group.length > 0
        ? {
            hosts: given.host.length > 0 ? await resolveHostIds(call, given.host) : before.targets.hosts,
            groups: given.group.length > 0 ? await resolveGroupIds(call, given.group) : before.targets.groups,
          }
        : changesApplication
          ? { hosts: [], groups: [] }
          : before.targets,
    paths: given.path.length === 0 ? before.paths : [...given.path],
    excludes: given.exclude.length === 0 ? before.excludes : [...given.exclude],
    schedules: given.noSchedules
      ? []
      : given.schedule.length === 0
        ? before.schedules
        : given.schedule.map((value) => parseSchedule(value, timeZone, given.startWithin)),
    retention: retentionOf(given, before.retention),
    mediaServers: given.media.length === 0 ? before.mediaServers : await mediaServersOf(call, given.media),
    bandwidthKiBps:
      given.bandwidthKib === undefined
        ? before.bandwidthKiBps
        : given.bandwidthKib === 0
          ? null
          : given.bandwidthKib,
    commands: {
      pre: command(given.pre, before.commands.pre),
      post: command(given.post, before.commands.post),
    },
  };
}
