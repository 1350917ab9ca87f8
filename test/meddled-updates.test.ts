import type { GroupId } from '@sekisho/core/ids.ts';
import { CLOCK_SKEW_MAX_MS } from '@sekisho/core/limits.ts';
import { ROTATION_KINDS } from '@sekisho/core/rules/rotation.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { revokeHost } from '@sekisho/core/wire/trust.ts';
import { test } from 'node:test';
import { Meddled } from './meddled.ts';
import { allHoldNewest, beginUpdate, comesBack, onceEach, reaches } from './updates.ts';

/** What still passes for a clock that is right. */
const SKEW_MS = CLOCK_SKEW_MAX_MS - MINUTE_MS;
/** The old one is kept for so long, and things are done to the fleet meanwhile. */
const OVERLAP_SECONDS = 20;

test('F-32 F-33 F-37 updates of TLS, signing certificate and CA while the fleet does not stand still, with clocks that are nine minutes off', async (t) => {
  const meddled = await Meddled.start(t, ['moves', 'renews', 'fast', 'slow', 'away'], {
    fast: SKEW_MS,
    slow: -SKEW_MS,
  });
  const { fleet, tick } = meddled;
  const { call } = fleet;
  const root = await meddled.root();
  const own = await meddled.groupWith('Own list', fleet.server.ports.agent);

  for (const kind of ROTATION_KINDS)
    await t.test(
      `F-32 F-37 ${kind}: hosts are enrolled, moved, renewed and revoked before and after the switch`,
      async () => {
        await meddled.leaves('away');
        const id = await beginUpdate(fleet, { kind, overlapSeconds: OVERLAP_SECONDS });
        const meddle = async (when: string, goesTo: GroupId): Promise<string> => {
          const name = `${kind}-${when}`;
          await fleet.addHost(name);
          await meddled.move('moves', goesTo);
          await fleet.host('renews').agent.renewNow();
          return name;
        };
        // who is away holds the gate for its cycles
        await reaches(fleet, id, ['announced'], tick);
        const first = await meddle('announced', own);
        await reaches(fleet, id, ['overlap'], tick);
        const second = await meddle('switched', root);
        await call(revokeHost, {
          params: { id: fleet.host(first).hostId },
          body: { reason: 'keyCompromise' },
        });
        const done = await reaches(fleet, id, ['done'], tick);
        onceEach(done);
        await fleet.restartAgent('away');
        const stay = ['moves', 'renews', 'fast', 'slow', 'away', second];
        for (const name of stay) await comesBack(fleet, name, tick);
        await allHoldNewest(fleet, stay, tick);
        await fleet.host(first).agent.stop();
      },
    );
});
