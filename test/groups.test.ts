import type { GroupId } from '@sekisho/core/ids.ts';
import { changeGroupSettings, createGroup, listGroups, moveHost } from '@sekisho/core/wire/groups.ts';
import { getHost } from '@sekisho/core/wire/trust.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { eachStore, emptyDatabase } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';

eachStore((dialect) => {
  test('F-01 F-02 F-03 real agents take what their groups say, at once in push mode', async (t) => {
    // the database goes after the fleet
    const later: (() => unknown)[] = [];
    const { database } = await emptyDatabase({ after: (step) => later.push(step) }, dialect);
    const fleet = await Fleet.start(t, { database, hosts: [{ name: 'desk' }, { name: 'alone' }] });
    for (const step of later) t.after(step);
    const root = (await fleet.call(listGroups, {})).groups[0]!.id;
    const create = async (name: string, parentId: GroupId): Promise<GroupId> =>
      (await fleet.call(createGroup, { body: { name, parentId } })).id;
    const change = (id: GroupId, body: z.input<typeof changeGroupSettings.body>) =>
      fleet.call(changeGroupSettings, { params: { id }, body });
    const move = (name: string, groupId: GroupId) =>
      fleet.call(moveHost, { params: { id: fleet.host(name).hostId }, body: { groupId } });
    const seen = (name: string) => fleet.server.context.fleet.seen(fleet.host(name).hostId);
    /** The agent itself beats with this period, and its policy is the newest. */
    const takes = (name: string, seconds: number): Promise<true> =>
      eventually(`${name} beats every ${seconds} s`, async () => {
        const { states } = await fleet.call(getHost, { params: { id: fleet.host(name).hostId } });
        const isNewest = !states.includes('policy-outdated');
        return isNewest && seen(name)?.heartbeatSeconds === seconds ? true : undefined;
      });
    const tokyo = await create('Tokyo', root);
    const web = await create('Web', tokyo);
    const own = await create('Own', root);

    await change(tokyo, { set: { heartbeatSeconds: 60 } });
    await move('desk', web);
    await move('alone', own);
    await takes('desk', 60);
    await takes('alone', 300);

    // one that stopped inheriting goes on with what it has
    await change(root, { set: { heartbeatSeconds: 200 } });
    await takes('alone', 200);
    await change(own, { inherits: false });
    await change(root, { set: { heartbeatSeconds: 100 } });
    await change(tokyo, { unset: ['heartbeatSeconds'] });
    await takes('desk', 100);
    await takes('alone', 200);

    // and follows a lock all the same
    await change(root, { lock: ['heartbeatSeconds'] });
    await takes('alone', 100);
    await change(root, { unlock: ['heartbeatSeconds'] });
    // the longer period holds for who judges its silence before the agent has heard of it
    await takes('alone', 200);

    // pull mode is a group's own: the channel of its hosts alone is closed
    await change(web, { set: { mode: 'pull' } });
    await eventually('desk keeps no channel', () =>
      fleet.host('desk').agent.status().channel === 'off' ? true : undefined,
    );
    assert.equal(fleet.host('alone').agent.status().channel, 'open');
    await change(web, { unset: ['mode'] });
    assert.equal(fleet.host('desk').agent.status().channel, 'off', 'nobody can call it');
    await fleet.host('desk').agent.heartbeatNow();
    await eventually('desk has its channel again', () =>
      fleet.host('desk').agent.status().channel === 'open' ? true : undefined,
    );
  });
});
