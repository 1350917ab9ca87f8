import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { getPlan, replacePlan } from '@sekisho/core/wire/plans.ts';
import { getDomain, listCertificates, listHosts, listTokens } from '@sekisho/core/wire/trust.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Installation } from './installation.ts';
import { proveWhole, Survivor } from './survivor.ts';

test('killed at the points of issuance and documents, an installation loses and doubles nothing', async (t) => {
  const installation = await Installation.start(t);
  const survivor = await Survivor.start(installation);
  const { call } = installation;
  await survivor.proveDone(await survivor.run());
  t.beforeEach(() => installation.startAll());

  await t.test('T-14 issuance.result.before-commit: the same agent setup again makes one host', async () => {
    const { caFingerprint } = await call(getDomain);
    const token = await installation.token('desk');
    await installation.stop('server');
    await installation.startServer('issuance.result.before-commit' satisfies CrashPoint);
    await assert.rejects(installation.setUp('desk', { token, caFingerprint }), /SERVER_/);
    await installation.died('server');
    await installation.startServer();
    const id = await installation.setUp('desk', { token, caFingerprint });
    const desks = (await call(listHosts)).hosts.filter(({ name }) => name === 'desk');
    assert.deepEqual(
      desks.map((host) => host.id),
      [id],
    );
    const { certificates } = await call(listCertificates, { query: { host: id } });
    assert.equal(certificates.length, 1);
    const used = (await call(listTokens)).tokens.find(({ name }) => name === 'desk');
    assert.equal(used?.uses, 1);
  });

  await t.test('F-04 document.before-commit, document.committed: agents take what comes after', async () => {
    await survivor.deployed();
    await installation.stop('server');
    const before = survivor.documents();
    await installation.startServer();
    await installation.stop('server');
    const atEachStart = survivor.documents() - before;
    for (const point of ['document.before-commit', 'document.committed'] as const satisfies CrashPoint[]) {
      await installation.startServer(`${point}:${atEachStart + 1}`);
      const params = { id: survivor.planId };
      const plan = await call(getPlan, { params });
      const edit = { ...plan, excludes: [...plan.excludes, `*.${point.length}`] };
      await call(replacePlan, { params, body: edit }).catch(() => undefined); // the answer may go with the server
      await installation.died('server');
      await installation.startServer();
      const { revision } = await call(getPlan, { params });
      if (revision === plan.revision) await call(replacePlan, { params, body: edit });
      assert.deepEqual((await call(getPlan, { params })).excludes, edit.excludes);
      await survivor.deployed();
      await installation.stop('server');
    }
    await installation.startServer();
    await survivor.proveDone(await survivor.run());
  });

  await proveWhole(survivor);
});
