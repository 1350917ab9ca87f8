import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import {
  addLegacyHost,
  grantLegacyRead,
  listLegacyHosts,
  removeLegacyHost,
} from '@sekisho/core/wire/legacy.ts';
import { listJobs } from '@sekisho/core/wire/jobs.ts';
import { resetHost } from '@sekisho/core/wire/names.ts';
import { createPlan, type PlanSpec } from '@sekisho/core/wire/plans.ts';
import {
  createToken,
  listAudit,
  listHosts,
  revokeHost,
  setHostMedia,
  setSecurity,
} from '@sekisho/core/wire/trust.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveConfig } from '../../config.ts';
import { TOKEN_FAILURES_MAX } from '../issuance/attempt-limits.ts';
import { parseLegacyMessage } from '@sekisho/core/wire/legacy-lines.ts';

const isRefused = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;

/** One request of the plain protocol. */
async function plain(
  trust: TrustServer,
  path: string,
  options: { name?: string; key?: string | null; body?: string; language?: string } = {},
): Promise<{ status: number; text: string; code: string | undefined }> {
  const { name, key, body, language } = options;
  const authorization = `Basic ${Buffer.from(`${name ?? ''}:${key ?? ''}`).toString('base64')}`;
  const response = await fetch(`http://127.0.0.1:${trust.server.ports.http}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(name === undefined ? {} : { authorization }),
      ...(language === undefined ? {} : { 'accept-language': language }),
      connection: 'close',
    },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const code = /"code":"([A-Z_]+)"/.exec(text)?.[1];
  return { status: response.status, text, code };
}

for (const dialect of ['sqlite', 'postgres'] as const)
  test(`T-50 T-51 T-52 legacy hosts on ${dialect}`, async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { call } = trust;
    const heart = 'version 1.0\n';
    const old = await call(addLegacyHost, { body: { name: 'Old-01' } });
    assert.equal(old.name, 'old-01');
    const beat = (options: { name?: string; key?: string | null } = {}) =>
      plain(trust, '/legacy/v1/heartbeat', { name: 'old-01', key: old.key, body: heart, ...options });

    await t.test(
      'T-50 one that was let in is heard, whatever the case of its name, and shows as a legacy host',
      async () => {
        const answer = await beat({ name: 'OLD-01' });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(parseLegacyMessage(answer.text).get('host')?.[0], old.hostId);
        const { hosts } = await call(listHosts, { query: { name: 'old-01' } });
        assert.deepEqual(hosts[0]?.states, ['online', 'legacy']);
        assert.equal(hosts[0]?.version, '1.0');
      },
    );

    await t.test(
      'T-50 strangers, wrong keys and old keys are refused alike, and audited once with a count',
      async () => {
        for (const one of [{ name: 'nobody' }, { key: 'wrong' }, { key: '' }, {}]) {
          const answer = await plain(trust, '/legacy/v1/plan', one);
          assert.deepEqual([answer.status, answer.code], [401, 'LEGACY_KEY_REFUSED']);
        }
        const { key } = await call(addLegacyHost, { body: { name: 'old-01' } });
        assert.equal((await beat()).code, 'LEGACY_KEY_REFUSED', 'the key from before');
        old.key = key;
        assert.equal((await beat()).status, 200);
        await trust.server.context.refusals.flush();
        const { rows } = await call(listAudit, { query: { act: 'connect-legacy' } });
        assert.ok(
          rows.some((row) => row.outcome === 'refused' && row.detail['code'] === 'LEGACY_KEY_REFUSED'),
        );
        assert.ok(rows.some((row) => row.outcome === 'done' && row.subject === old.hostId));
        assert.ok(rows.length < 8, 'merged');
      },
    );

    await t.test('a message that is none, or too long, is refused', async () => {
      const send = (body: string) =>
        plain(trust, '/legacy/v1/heartbeat', { name: 'old-01', key: old.key, body });
      assert.equal((await send('VERSION 1\n')).code, 'LEGACY_MESSAGE_INVALID');
      assert.equal((await send('nothing here\n')).code, 'LEGACY_MESSAGE_INVALID');
      assert.equal((await send('a b\n'.repeat(40_000))).status, 413);
    });

    await t.test('T-50 an ordered backup is handed out, and its report is the job', async () => {
      const media = await trust.enrol(
        { name: 'store-01', media: true },
        { token: await tokenFor(trust, true) },
      );
      await call(setHostMedia, {
        params: { id: media.hostId },
        body: { media: true, endpoints: [{ address: 'store-01', port: 13002 }], legacyPort: 9014 },
      });
      const spec: Partial<PlanSpec> = { name: 'nightly', paths: ['/srv'], mediaServers: [media.hostId] };
      await call(createPlan, { body: planOf({ ...spec, targets: { groups: [], hosts: [old.hostId] } }) });
      assert.match(
        (await plain(trust, '/legacy/v1/plan', { name: 'old-01', key: old.key })).text,
        /work none/,
      );
      const asked = await plain(trust, '/legacy/v1/backup-now', { name: 'old-01', key: old.key, body: '' });
      assert.equal(asked.status, 200, asked.text);
      const { text } = await plain(trust, '/legacy/v1/plan', { name: 'old-01', key: old.key });
      const work = parseLegacyMessage(text);
      assert.deepEqual(work.get('work'), ['backup']);
      assert.deepEqual(work.get('path'), ['/srv']);
      assert.deepEqual(work.get('place'), [`store-01 9014 ${old.hostId}.1`]);
      const [job] = work.get('job') ?? [];
      const body = `job ${job}\ntrigger manual\nplan ${work.get('plan')?.[0]}\nattempt 1\nexit 0\nrepository ${old.hostId}.1\nsnapshot ${'a'.repeat(64)}\nfiles 3\nbytes 10\n`;
      for (let again = 0; again < 2; again += 1) {
        const done = await plain(trust, '/legacy/v1/jobs', { name: 'old-01', key: old.key, body });
        assert.equal(done.status, 200, done.text);
      }
      const { jobs } = await call(listJobs, { query: { host: old.hostId } });
      assert.deepEqual(
        jobs.map(({ state, kind }) => [kind, state]),
        [['backup', 'done']],
      );
      const foreign = await plain(trust, '/legacy/v1/jobs', {
        name: 'old-01',
        key: old.key,
        body: body.replace(job ?? '', 'b'.repeat(32)),
      });
      assert.equal(foreign.code, 'JOB_UNEXPLAINED');
    });

    await t.test('T-50 a grant to read ends by itself, and is taken back', async () => {
      const grant = (seconds: number) =>
        call(grantLegacyRead, { params: { id: old.hostId }, body: { seconds } });
      assert.equal((await grant(60)).grants.length, 1);
      await clock.advance(2 * MINUTE_MS);
      assert.deepEqual((await call(listLegacyHosts)).hosts[0]?.grants, []);
      assert.equal((await grant(600)).grants[0]?.repository, `${old.hostId}.1`);
      assert.deepEqual((await grant(0)).grants, []);
    });

    await t.test(
      'T-51 turning the setting off cuts plain connections, names setting and command, and keeps CA and lists served',
      async () => {
        const socket = connect(trust.server.ports.http, '127.0.0.1');
        t.after(() => socket.destroy());
        const authorization = Buffer.from(`old-01:${old.key}`).toString('base64');
        socket.write(
          `GET /legacy/v1/plan HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${authorization}\r\n\r\n`,
        );
        await once(socket, 'data');
        const closed = once(socket, 'close');
        socket.on('error', () => undefined);
        await call(setSecurity, { body: { insecureCommunication: false } });
        await closed;
        const answer = await beat();
        assert.deepEqual([answer.status, answer.code], [403, 'INSECURE_COMMUNICATION_OFF']);
        assert.match(answer.text, /sekisho security set --insecure-communication on/);
        assert.match((await plain(trust, '/legacy/v1/plan', { language: 'ja' })).text, /レガシーホスト/);
        assert.equal((await plain(trust, '/ca.pem')).status, 200);
        assert.equal((await call(listLegacyHosts)).hosts[0]?.refusedBy, 'INSECURE_COMMUNICATION_OFF');
        await call(setSecurity, { body: { insecureCommunication: true } });
        assert.equal((await beat()).status, 200, 'no restart');
      },
    );

    await t.test(
      'T-52 a host that has talked securely never falls back, by any name, until it is reset',
      async () => {
        await trust.enrol(
          { name: 'web-01', names: ['web-01.example.com'] },
          { token: await tokenFor(trust, false) },
        );
        await assert.rejects(
          call(addLegacyHost, { body: { name: 'WEB-01' } }),
          isRefused('LEGACY_HOST_IS_SECURE'),
        );
        await assert.rejects(
          call(addLegacyHost, { body: { name: 'Web-01.Example.COM' } }),
          isRefused('HOST_NAME_TAKEN'),
        );
        const { hosts } = await call(listHosts, { query: { name: 'web-01' } });
        const id = hosts[0]?.id;
        assert.ok(id !== undefined);
        await call(resetHost, { params: { id } });
        const again = await call(addLegacyHost, { body: { name: 'web-01' } });
        const key = { name: 'web-01', key: again.key, body: heart };
        assert.equal((await plain(trust, '/legacy/v1/heartbeat', key)).status, 200);
        await call(revokeHost, { params: { id }, body: { reason: 'unspecified' } });
        const revoked = await plain(trust, '/legacy/v1/heartbeat', key);
        assert.equal(revoked.code, 'LEGACY_HOST_REVOKED', 'revoked hosts never');
      },
    );

    await t.test(
      'T-50 only media servers ask for legacy hosts, and what they say of addresses locks nobody else out',
      async () => {
        const ask = async (asker: Identity, name = 'old-01'): Promise<string> => {
          const question = {
            as: 'client',
            name,
            keySha256: '0'.repeat(64),
            address: '127.0.0.1',
          };
          const answer = await trust.agentRequest({
            method: 'POST',
            path: '/v1/agent/legacy',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(question),
            tls: asker.tls,
          });
          return /"code":"([A-Z_]+)"/.exec(answer.body)?.[1] ?? answer.body;
        };
        const client = await trust.enrol({ name: 'app-01' }, { token: await tokenFor(trust, false) });
        assert.equal(await ask(client), 'RELAY_NOT_MEDIA_SERVER');
        const media = await trust.enrol(
          { name: 'store-02', media: true },
          { token: await tokenFor(trust, true) },
        );
        for (let n = 0; n < TOKEN_FAILURES_MAX; n += 1) assert.equal(await ask(media), 'LEGACY_KEY_REFUSED');
        assert.equal(await ask(media), 'RATE_LIMITED');
        assert.equal(await ask(media, 'old-02'), 'LEGACY_KEY_REFUSED', 'another name there is looked at');
        assert.equal((await beat()).status, 200, 'the same address, itself');
        // and on the plain port: guesses under another name, from the address of this host
        for (let n = 0; n < TOKEN_FAILURES_MAX; n += 1)
          await plain(trust, '/legacy/v1/plan', { name: 'guessed' });
        assert.equal((await plain(trust, '/legacy/v1/plan', { name: 'guessed' })).code, 'RATE_LIMITED');
        assert.equal((await beat()).status, 200, 'the right key of another name');
      },
    );

    await t.test(
      'T-50 before the first backup there is nothing to read, and the refusal says so',
      async () => {
        const { hostId } = await call(addLegacyHost, { body: { name: 'old-new' } });
        await assert.rejects(
          call(grantLegacyRead, { params: { id: hostId }, body: { seconds: 60 } }),
          isRefused('LEGACY_REPOSITORY_NONE'),
        );
      },
    );

    await t.test('T-50 one that is removed is refused from that moment', async () => {
      await call(removeLegacyHost, { params: { id: old.hostId } });
      assert.equal((await beat()).code, 'LEGACY_KEY_REFUSED');
    });
  });

test('T-53 T-54 collectors and media servers without a certificate', async (t) => {
  const trust = await TrustServer.start(t);
  const { call } = trust;
  const ops = await call(addLegacyHost, { body: { name: 'ops', kind: 'collector' } });
  const read = () => plain(trust, '/legacy/v1/report', { name: 'ops', key: ops.key });

  await t.test(
    'T-54 a collector reads counts only if the configuration names it, and while the setting is on',
    async () => {
      assert.equal((await read()).code, 'LEGACY_COLLECTOR_OTHER');
      const file = join(trust.dataFolder, 'server.json');
      const config = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...config, reportingCollector: 'OPS' }));
      await trust.restart();
      const answer = await read();
      assert.equal(answer.status, 200, answer.text);
      assert.match(answer.text, /^hosts \d+$/m);
      assert.doesNotMatch(answer.text, /ops/, 'counts, no names');
      const client = await call(addLegacyHost, { body: { name: 'old-01' } });
      const other = await plain(trust, '/legacy/v1/report', { name: 'old-01', key: client.key });
      assert.equal(other.code, 'LEGACY_KIND_OTHER');
      await call(setSecurity, { body: { insecureCommunication: false } });
      assert.equal((await read()).code, 'INSECURE_COMMUNICATION_OFF');
    },
  );

  await t.test('T-54 the familiar variable names the collector, and our own wins', () => {
    const resolved = (environment: Record<string, string>) => {
      const text = JSON.stringify({
        version: 1,
        instanceId: INSTANCE,
        database: 'sqlite:x',
        addresses: ['x'],
      });
      const found = resolveConfig({ path: 'server.json', text }, {}, environment);
      return found.ok ? found.value.reportingCollector : found.faults;
    };
    assert.equal(resolved({ OPS_CENTER_SERVER_NAME: 'ops-01' }), 'ops-01');
    assert.equal(
      resolved({ OPS_CENTER_SERVER_NAME: 'ops-01', SEKISHO_REPORTING_COLLECTOR: 'ops-02' }),
      'ops-02',
    );
  });

  await t.test(
    'T-53 a media server without a certificate is added with its endpoint, and refused while the setting is off',
    async () => {
      const body = { name: 'old-store', kind: 'media' } as const;
      await assert.rejects(call(addLegacyHost, { body }), isRefused('LEGACY_ENDPOINT_NEEDED'));
      const endpoint = { address: 'old-store', port: 8000 };
      const added = await call(addLegacyHost, { body: { ...body, endpoint } });
      assert.equal(added.key, null);
      assert.equal(added.refusedBy, 'INSECURE_COMMUNICATION_OFF');
      await assert.rejects(
        trust.server.context.legacy.requireMedia(added.hostId, 'old-store', added.hostId),
        isRefused('INSECURE_COMMUNICATION_OFF'),
      );
      await call(setSecurity, { body: { insecureCommunication: true } });
      const row = await trust.server.context.legacy.requireMedia(added.hostId, 'old-store', added.hostId);
      assert.equal(row.kind, 'media');
      const { hosts } = await call(listHosts, { query: { name: 'old-store' } });
      assert.deepEqual([hosts[0]?.media, hosts[0]?.states.includes('legacy')], [true, true]);
    },
  );
});

const INSTANCE = '0f4c2b1e-6d1f-4b7a-9c55-1f2e3d4c5b6a';

const tokenFor = async (trust: TrustServer, media: boolean): Promise<string> =>
  (await trust.call(createToken, { body: { name: 'test', media } })).token;

const planOf = (spec: Partial<PlanSpec>): PlanSpec => ({
  name: 'plan',
  paths: ['/srv'],
  excludes: [],
  schedules: [],
  retention: { last: 3, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
  mediaServers: [],
  targets: { groups: [], hosts: [] },
  bandwidthKiBps: null,
  commands: { pre: null, post: null },
  application: null,
  ...spec,
});
