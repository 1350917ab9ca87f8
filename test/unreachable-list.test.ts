import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meddled } from './meddled.ts';
import { allHoldNewest, beginUpdate, reaches, viewOf } from './updates.ts';

/** Of the discard service, which nobody has any more. */
const NOBODY_LISTENS_PORT = 9;

test('F-10 F-32 a list of servers that nobody reaches is given to hosts in the middle of an update: the gate names them, they find home, and hold what is newest', async (t) => {
  const meddled = await Meddled.start(t, ['moves', 'renews', 'away']);
  const { fleet, tick } = meddled;
  const lost = await meddled.groupWith('Nowhere', NOBODY_LISTENS_PORT);
  await meddled.leaves('away');
  const id = await beginUpdate(fleet, { kind: 'signing' });
  await reaches(fleet, id, ['announced'], tick);
  for (const name of ['moves', 'renews']) await meddled.move(name, lost);
  const named = new Set<string>();
  const looks = (view: RotationView): void => {
    for (const { name } of [...view.slowest, ...view.undecided]) named.add(name);
  };
  for (const name of ['moves', 'renews'])
    await eventually(`${name} says that it came home`, async () => {
      await tick();
      looks(await viewOf(fleet, id));
      return (await meddled.health(name)).includes('list-unreachable') ? true : undefined;
    });
  const done = await reaches(fleet, id, ['done'], tick, looks);
  assert.ok(!done.steps.some(({ step }) => step === 'accept-loss'));
  for (const name of ['moves', 'renews']) assert.ok(named.has(name), [...named].join());
  for (const name of ['moves', 'renews']) await meddled.move(name, await meddled.root());
  await fleet.restartAgent('away');
  await allHoldNewest(fleet, ['moves', 'renews', 'away'], tick);
});
