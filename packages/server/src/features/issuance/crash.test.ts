import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { listHosts, listTokens } from '@sekisho/core/wire/trust.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { initServer } from '@sekisho/server/main.ts';
import { emptyDatabase, eachStore } from '@sekisho/testkit/stores.ts';
import { csrOf, identityOf, startOn, TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { openStore } from '../../store/open-store.ts';

const CHILD = join(import.meta.dirname, '../../testing/server-child.ts');
const saidPorts = z.object({ ports: z.object({ agent: z.number(), admin: z.number(), http: z.number() }) });

/** A server process that dies at a point; `ports` resolves when it serves, `died` when it is gone. */
function child(args: string[], point: string) {
  const process = fork(CHILD, args, {
    env: { ...globalThis.process.env, SEKISHO_TEST_CRASH_POINT: point },
    stdio: 'inherit',
  });
  const died = once(process, 'exit').then(([, signal]) => String(signal));
  const ports = once(process, 'message').then(([said]) => saidPorts.parse(said).ports);
  ports.catch(() => undefined);
  return { process, died, ports };
}

const ISSUANCE: readonly [point: CrashPoint, recorded: { uses: number; hosts: number; open: number }][] = [
  ['issuance.intention.before-commit', { uses: 0, hosts: 1, open: 0 }],
  ['issuance.intention.committed', { uses: 1, hosts: 1, open: 1 }],
  ['issuance.result.before-commit', { uses: 1, hosts: 1, open: 1 }],
  ['issuance.result.committed', { uses: 1, hosts: 2, open: 0 }],
];

eachStore((dialect) => {
  for (const [point, recorded] of ISSUANCE) {
    test(`T-14 killed at ${point}: the same request afterwards makes one host with one certificate`, async (t) => {
      const trust = await TrustServer.start(t, { dialect, clock: systemClock });
      const token = await trust.token();
      await trust.server.stop();

      const { process, died, ports } = child(['run', trust.dataFolder], point);
      t.after(() => process.kill('SIGKILL'));
      const key = await generatePrivateKey('p256');
      const csr = await csrOf({ name: 'web1.example', key });
      const doomed = Object.assign(Object.create(trust) as TrustServer, { server: { ports: await ports } });
      await assert.rejects(doomed.askWith(csr, { token }));
      assert.equal(await died, 'SIGKILL');

      trust.server = await startOn(trust.dataFolder, systemClock);
      const { db } = trust.server.context.store;
      const open = await db
        .selectFrom('intentions')
        .select('id')
        .where('finished_at_ms', 'is', null)
        .execute();
      const [row] = (await trust.call(listTokens)).tokens;
      const hosts = (await trust.call(listHosts)).hosts.length;
      assert.deepEqual({ uses: row?.uses, hosts, open: open.length }, recorded);

      const answer = await trust.askWith(csr, { token });
      assert.equal(answer.status, 200);
      const host = identityOf(answer.body, key);
      const certificates = await db
        .selectFrom('certificates')
        .select('fingerprint')
        .where('host_id', '=', host.hostId)
        .execute();
      assert.deepEqual(certificates, [{ fingerprint: host.certificate.fingerprint }]);
      assert.equal((await trust.call(listHosts)).hosts.length, 2);
      assert.equal((await trust.call(listTokens)).tokens[0]?.uses, 1);
      assert.equal(
        (await trust.agentRequest({ path: '/v1/agent/documents/bundle', tls: host.tls })).status,
        200,
      );
    });
  }

  for (const point of ['document.before-commit', 'document.committed'] as const satisfies CrashPoint[]) {
    test(`T-01 an init that is killed at ${point} looks like none, and is completed by the same command`, async (t) => {
      const place = await emptyDatabase(t, dialect);
      const dataFolder = join(place.folder, 'server');
      const { process, died } = child(['init', dataFolder, place.database], point);
      t.after(() => process.kill('SIGKILL'));
      assert.equal(await died, 'SIGKILL');
      assert.equal(existsSync(join(dataFolder, 'server.json')), false);
      const wish = { dataFolder, name: 'Test', database: place.database, addresses: ['127.0.0.1'] };
      await initServer({ ...wish, clock: systemClock, random: systemRandom, environment: {} });
      const server = await startOn(dataFolder, systemClock);
      assert.equal((await server.context.store.db.selectFrom('domain').select('id').execute()).length, 1);
      await server.stop();
    });

    test(`a start that is killed at ${point} leaves whole documents, and serials that only rise`, async (t) => {
      const place = await emptyDatabase(t, dialect);
      const dataFolder = join(place.folder, 'server');
      const wish = { dataFolder, name: 'Test', database: place.database, addresses: ['127.0.0.1'] };
      await initServer({ ...wish, clock: systemClock, random: systemRandom, environment: {} });
      const serials = async (): Promise<number[]> => {
        const store = await openStore({
          database: place.database,
          dataFolder,
          clock: systemClock,
          log: silentLog(),
        });
        const rows = await store.db
          .selectFrom('documents')
          .select('serial')
          .where('type', '=', 'bundle')
          .orderBy('serial')
          .execute();
        await store.close();
        return rows.map(({ serial }) => serial);
      };
      const before = await serials();
      // the first document of a first start says the key of the audit log; the second is the bundle
      const { process, died } = child(['run', dataFolder], `${point}:2`);
      t.after(() => process.kill('SIGKILL'));
      assert.equal(await died, 'SIGKILL');
      const killed = await serials();
      assert.equal(killed.length, point === 'document.committed' ? 2 : 1);
      const server = await startOn(dataFolder, systemClock);
      const latest = server.context.documents.latestSerial('bundle', '') ?? 0;
      await server.stop();
      assert.ok(latest > Math.max(...before, ...killed));
    });
  }
});
