import { AppError, fill } from '@sekisho/core/errors.ts';
import type { GroupId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import { getGroupPolicy, type GroupPolicy } from '@sekisho/core/wire/groups.ts';
import type { HostView } from '@sekisho/core/wire/trust.ts';
import type { Cli } from '../../cli.ts';
import { serverData } from '../../client/data-folder.ts';
import { withServer } from '../../client/open-server.ts';
import { resolveGroup } from '../../client/resolve-group.ts';
import { resolveHost } from '../../client/resolve.ts';
import { effectiveText, pathText } from '../../output/group-text.ts';
import { renderPairs } from '../../output/table.ts';
import { defineVerb } from '../../verb.ts';

/** `policy show TARGET` (F-01): what holds, from where, and who holds the newest policy. */
export const policyShow = defineVerb({
  path: 'policy show',
  args: { target: '<target>' },
  flags: { data: serverData },
  examples: { group: 'sekisho policy show Tokyo', host: 'sekisho policy show web-01' },
  run: ({ cli, args, flags }) =>
    withServer(cli, flags.data, async ({ call }) => {
      const { groupId, host } = await resolveTarget(call, args.target ?? '');
      const policy = await call(getGroupPolicy, { params: { id: groupId } });
      return {
        json: host === undefined ? policy : { ...policy, host },
        bare: String(policy.serial),
        text: policyText(cli, policy, host),
      };
    }),
});

/** A group goes before a host of the same name. Refusals: GROUP_AMBIGUOUS, POLICY_TARGET_UNKNOWN, HOST_AMBIGUOUS. */
async function resolveTarget(call: Caller, given: string): Promise<{ groupId: GroupId; host?: HostView }> {
  try {
    return { groupId: (await resolveGroup(call, given)).id };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'GROUP_UNKNOWN') throw error;
    const host = await hostOf(call, given);
    return { groupId: host.group, host };
  }
}

async function hostOf(call: Caller, given: string): Promise<HostView> {
  try {
    return await resolveHost(call, given);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'HOST_UNKNOWN') throw error;
    throw new AppError('POLICY_TARGET_UNKNOWN', { given }, { cause: error });
  }
}

function policyText(cli: Cli, policy: GroupPolicy, host: HostView | undefined): string[] {
  const { groups, labels } = cli.words;
  const { format } = cli;
  const plans = policy.plans.map(({ name, from, hosts }) =>
    from.length === 0
      ? fill(groups.planNamed, { name, hosts: format.counted('host', hosts) })
      : fill(groups.planFromGroup, { name, groups: from.map((one) => one.name).join(', ') }),
  );
  if (policy.otherPlans > 0) plans.push(fill(groups.otherPlans, { count: format.count(policy.otherPlans) }));
  const behind = policy.behind.map(({ name, serial }) => fill(groups.behindHost, { name, serial }));
  return [
    ...renderPairs([
      [groups.group, pathText(policy.group.path)],
      [groups.policy, String(policy.serial)],
      ...(host === undefined ? [] : ([[groups.hostHolds, heldText(cli, host)]] as const)),
      [
        groups.holding,
        fill(groups.holdingCount, {
          holding: format.count(policy.holding),
          hosts: format.counted('host', policy.hosts),
        }),
      ],
      ...(host !== undefined || behind.length === 0 ? [] : ([[groups.behind, behind]] as const)),
      [groups.plans, plans.length === 0 ? labels.none : plans],
    ]),
    '',
    ...effectiveText(cli, policy.effective, policy),
  ];
}

function heldText(cli: Cli, { name, reasons }: HostView): string {
  const { groups } = cli.words;
  if (reasons.some(({ why }) => why === 'never-heard')) return fill(groups.hostHoldsNone, { name });
  const older = reasons.find((reason) => reason.why === 'older-policy');
  return older === undefined
    ? fill(groups.hostHoldsNewest, { name })
    : fill(groups.hostHoldsOlder, { name, held: older.held });
}
