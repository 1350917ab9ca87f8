import { parseDomainId, parseGroupId, parseHostId, parseListId } from '@sekisho/core/ids.ts';
import type { Verification } from '@sekisho/core/rules/verification.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '@sekisho/core/time.ts';
import type { AssignmentPayload, PolicyPayload } from '@sekisho/core/wire/documents.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, test, type TestContext } from 'node:test';
import { runChild } from '../../test/run-child.ts';
import { dataFolderAt, prepareDataFolder } from '../data-folder.ts';
import { openVerification, type VerificationSwitch } from './verification-switch.ts';

const domain = parseDomainId('33333333-3333-4333-8333-333333333333')!;
const hostId = parseHostId('44444444-4444-4444-8444-444444444444')!;
const group = parseGroupId('22222222-2222-4222-8222-222222222222')!;
const otherGroup = parseGroupId('55555555-5555-4555-8555-555555555555')!;
const list = parseListId('11111111-1111-4111-8111-111111111111')!;

const assignment: AssignmentPayload = {
  domain,
  serial: 1,
  issuedAt: 1,
  hostId,
  name: 'web-01',
  group,
  list,
  media: null,
  repositories: [],
  readGrants: [],
};
const policyOf = (verification: Verification, of = group): PolicyPayload => ({
  domain,
  serial: 1,
  issuedAt: 1,
  group: of,
  heartbeatSeconds: 300,
  mode: 'push',
  origins: {},
  crlRefreshSeconds: 3_600,
  staleCrl: 'open',
  mediaServers: [],
  plans: [],
  verification,
});

describe('F-20 the switch of an agent', () => {
  async function agentWith(t: TestContext) {
    const clock = new FakeClock();
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    const said: string[] = [];
    const held = { policy: policyOf({ state: 'on' }) };
    const open = async (): Promise<VerificationSwitch> => {
      const opened = await openVerification({
        file: folder.verificationFile,
        hostId,
        policy: () => held.policy,
        assignment: () => assignment,
        onChanged: (isOff) => said.push(isOff ? 'off' : 'on'),
        onRefused: (why) => said.push(why),
        clock,
        log: silentLog(),
      });
      t.after(() => opened.stop());
      return opened;
    };
    const order = (ms: number): void => {
      held.policy = policyOf({ state: 'off', sinceMs: clock.nowMs(), untilMs: clock.nowMs() + ms });
    };
    return { clock, file: folder.verificationFile, held, said, open, order };
  }

  test('goes off by a signed order and comes on by itself at the end, also without the server', async (t) => {
    const { clock, said, open, order } = await agentWith(t);
    const found = await open();
    assert.equal(found.isOff, false);
    order(3 * HOUR_MS);
    await found.look();
    assert.deepEqual([found.isOff, said], [true, ['off']]);
    await clock.advance(3 * HOUR_MS - 1);
    assert.equal(found.isOff, true);
    await clock.advance(1);
    assert.deepEqual([found.isOff, found.untilMs], [false, undefined]);
    // said when what was being written is on the disk
    await eventually('it is said', () => (said.length > 1 ? true : undefined));
    assert.deepEqual(said, ['off', 'on']);
  });

  test('comes back on after a restart in time, after a month offline, and on a snapshot of an earlier day', async (t) => {
    const { clock, file, open, order } = await agentWith(t);
    order(2 * DAY_MS);
    const first = await open();
    await clock.advance(HOUR_MS);
    const snapshot = await readFile(file, 'utf8');
    assert.equal((await open()).isOff, true);
    await clock.advance(30 * DAY_MS);
    assert.deepEqual([first.isOff, (await open()).isOff], [false, false]);
    await writeFile(file, snapshot);
    assert.equal((await open()).isOff, false);
  });

  test('a clock that is set back ends it at once, and for good; a small correction does not prolong it', async (t) => {
    const { clock, said, open, order } = await agentWith(t);
    order(DAY_MS);
    const found = await open();
    await clock.advance(DAY_MS - 2 * MINUTE_MS);
    clock.jump(-5 * MINUTE_MS);
    assert.equal(found.isOff, true);
    await clock.advance(2 * MINUTE_MS);
    assert.equal(found.isOff, false);
    await found.look();
    order(DAY_MS);
    await found.look();
    await clock.advance(2 * HOUR_MS);
    clock.jump(-HOUR_MS);
    assert.equal(found.isOff, false);
    await found.look();
    clock.jump(HOUR_MS);
    assert.deepEqual([found.isOff, (await open()).isOff], [false, false]);
    assert.deepEqual(said, ['off', 'on', 'off', 'on', 'clock-set-back']);
  });

  test('an end of 15 days and the policy of another group change nothing; what is damaged is over', async (t) => {
    const { clock, file, held, said, open, order } = await agentWith(t);
    order(15 * DAY_MS);
    const found = await open();
    await found.look();
    assert.deepEqual([found.isOff, said], [false, ['end-too-far']]);
    held.policy = policyOf(
      { state: 'off', sinceMs: clock.nowMs(), untilMs: clock.nowMs() + DAY_MS },
      otherGroup,
    );
    await found.look();
    assert.equal(found.isOff, false);
    order(DAY_MS);
    await found.look();
    assert.equal(found.isOff, true);
    await writeFile(file, '{"endedThroughMs":');
    assert.equal((await open()).isOff, false);
  });

  test('moments of signed requests only go up, whatever becomes of the clock', async (t) => {
    const { clock, open, order } = await agentWith(t);
    order(DAY_MS);
    const found = await open();
    const moments = [found.nextMomentMs(), found.nextMomentMs()];
    await clock.advance(3 * MINUTE_MS);
    clock.jump(-2 * MINUTE_MS);
    moments.push(found.nextMomentMs(), found.nextMomentMs());
    assert.deepEqual(
      moments,
      [...new Set(moments)].sort((a, b) => a - b),
    );
  });

  test('killed when it has just been written, the agent is off until the same end', async (t) => {
    const folder = dataFolderAt(await tempFolder(t));
    await prepareDataFolder(folder);
    const sinceMs = systemClock.nowMs();
    const policy = policyOf({ state: 'off', sinceMs, untilMs: sinceMs + HOUR_MS });
    const args = ['verification', folder.root, hostId, JSON.stringify(policy), JSON.stringify(assignment)];
    const child = await runChild(args, 'agent-verification.kept');
    assert.equal(child.killed, true, child.errors);
    const kept: unknown = JSON.parse(await readFile(folder.verificationFile, 'utf8'));
    assert.deepEqual(Object.keys(kept as object), ['endedThroughMs', 'off']);
    assert.equal((await runChild(args)).output, 'true');
  });
});
