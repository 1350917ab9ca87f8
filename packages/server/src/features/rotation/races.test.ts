import { AppError } from '@sekisho/core/errors.ts';
import { parseHostId } from '@sekisho/core/ids.ts';
import type { Caller } from '@sekisho/core/wire/client.ts';
import {
  acceptRotationLoss,
  getRotation,
  listRotations,
  pauseRotation,
  resumeRotation,
  rollBackRotation,
  startRotation,
} from '@sekisho/core/wire/rotations.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { callerOf, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';

const codeOf = (result: PromiseSettledResult<unknown>): string =>
  result.status === 'fulfilled'
    ? 'done'
    : result.reason instanceof AppError
      ? result.reason.code
      : String(result.reason);

eachStore((dialect) => {
  test('F-33 of two administrators who start an update at the same moment one does, and the other is told of it; who steers it while its steps are done never bends it', async (t) => {
    const trust = await TrustServer.start(t, { dialect, clock: systemClock, addresses: ['127.0.0.1'] });
    const { store } = trust.server.context;
    const callers: Caller[] = [trust.call];
    if (dialect === 'postgres') {
      // the other administrator is at another server process
      const second = await trust.second(t);
      callers.push(callerOf(() => second.socketPath));
    }
    const each = (at: number): Caller => callers[at % callers.length] ?? trust.call;
    // one that no gate asks about
    const stranger = parseHostId(systemRandom.uuid());
    assert.ok(stranger !== undefined);
    const keys = () => store.db.selectFrom('ca_keys').select(['role', 'state', 'key_id']).execute();
    const end = (id: string) =>
      eventually('it ends', async () => {
        await trust.call(resumeRotation, { params: { id } }).catch(() => undefined);
        const view = await trust.call(getRotation, { params: { id } });
        return view.endedAtMs === null ? undefined : view;
      });

    await t.test('starts', async () => {
      const kinds = ['tls', 'ca', 'signing', 'tls', 'tls', 'ca'] as const;
      const before = (await keys()).length;
      const results = await Promise.allSettled(
        kinds.map((kind, at) => each(at)(startRotation, { body: { kind, overlapSeconds: 3_600 } })),
      );
      const codes = results.map(codeOf).sort();
      assert.deepEqual(codes, [...kinds.slice(1).map(() => 'ROTATION_UNDER_WAY'), 'done']);
      const { rotations } = await trust.call(listRotations, {});
      const [open] = rotations;
      assert.ok(open !== undefined && rotations.length === 1);
      for (const result of results)
        if (result.status === 'rejected' && result.reason instanceof AppError)
          assert.deepEqual(result.reason.params['id'], open.id, 'the refusal names the one that is open');
      // what the others had made is nowhere
      const made = open.kind === 'ca' ? 4 : 1;
      assert.equal((await keys()).length, before + made);
      await eventually('it is turned back', async () => {
        const [result] = await Promise.allSettled([each(1)(rollBackRotation, { params: { id: open.id } })]);
        return codeOf(result) === 'done' ? true : undefined;
      });
      if (open.kind === 'ca')
        // a CA that is turned back is kept for its overlap
        await store.db.updateTable('rotations').set({ overlap_ms: 0 }).where('id', '=', open.id).execute();
      assert.equal((await end(open.id)).phase, 'rolled-back');
    });

    for (const kind of ['tls', 'signing', 'tls'] as const)
      await t.test(`steering an update of ${kind}`, async () => {
        const role = kind === 'tls' ? 'server-tls' : 'document-signer';
        const active = async (): Promise<string[]> =>
          (await keys())
            .filter((key) => key.role === role && key.state === 'active')
            .map((key) => key.key_id);
        const before = await active();
        const { id } = await trust.call(startRotation, { body: { kind } });
        const params = { id };
        const host = { hosts: [stranger] };
        const results = await Promise.allSettled([
          each(1)(pauseRotation, { params }),
          each(0)(acceptRotationLoss, { params, body: host }),
          each(1)(rollBackRotation, { params }),
          each(0)(rollBackRotation, { params }),
          each(0)(resumeRotation, { params }),
          each(1)(pauseRotation, { params }),
        ]);
        const codes = results.map(codeOf);
        const allowed = new Set([
          'done',
          'ROTATION_ENDED',
          'ROTATION_NO_WAY_BACK',
          'ROTATION_HOST_NOT_ASKED',
        ]);
        assert.deepEqual(
          codes.filter((code) => !allowed.has(code)),
          [],
        );
        const turned = codes.slice(2, 4).filter((code) => code === 'done').length;
        assert.ok(turned <= 1, 'it is turned back once');
        const done = await end(id);
        assert.equal(done.phase, turned === 1 ? 'rolled-back' : 'done');
        // each step once on the way there, and once on the way back
        const steps = done.steps.map(({ step }) => step);
        const turn = steps.indexOf('roll-back');
        for (const way of turn < 0 ? [steps] : [steps.slice(0, turn), steps.slice(turn + 1)]) {
          const own = way.filter((step) => !['pause', 'resume', 'accept-loss'].includes(step));
          assert.equal(new Set(own).size, own.length, steps.join(' '));
        }
        const left = (await keys()).filter(({ state }) => state === 'next' || state === 'retiring');
        assert.deepEqual(left, []);
        assert.deepEqual(await active(), turned === 1 ? before : [done.toKeyId]);
      });
  });
});
