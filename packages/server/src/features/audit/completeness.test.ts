import { createToken, listAudit, registerHost, revokeHost } from '@sekisho/core/wire/trust.ts';
import { getDocument } from '@sekisho/core/wire/agent.ts';
import { createPlan, deletePlan, replacePlan } from '@sekisho/core/wire/plans.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import { privateKeyToPem } from '@sekisho/pki/keys.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_EVERY_MS } from '../../loops/audit-loop.ts';

test('S-06 who, from where, what, before and after: of connections, revocation lists, plans, the server itself and its clock', async (t) => {
  const clock = new FakeClock();
  const trust = await TrustServer.start(t, { clock });
  const rowsOf = async (act: string) => {
    const { rows } = await trust.call(listAudit, { query: { act, limit: 100 } });
    return rows.reverse();
  };
  const born = (await trust.call(listAudit, { query: { limit: 100 } })).rows.map(({ act }) => act);
  // the root's list, that of the first shard, and of the next: the ports are others than at the birth
  assert.deepEqual(born.filter((act) => act === 'sign-crl').length, 3);
  assert.ok(born.includes('start-server') && born.includes('create-audit-key'));

  // certificates that don't count any more, and one of another CA
  const media = await trust.enrol(
    { name: 'media.example', media: true },
    { token: await trust.token({ media: true }) },
  );
  const ask = (tls?: { key: string; cert: string }) =>
    trust.agentRequest({
      path: getDocument.path.replace(':type', 'bundle'),
      ...(tls === undefined ? {} : { tls }),
    });
  const stranger = await (await TestAuthority.create({ nowMs: clock.nowMs() })).host({});
  await ask({
    key: privateKeyToPem(stranger.key),
    cert: certificateToPem(stranger.certificate.der),
  });
  for (let times = 0; times < 3; times += 1) await ask();
  const plan = {
    name: 'Files',
    targets: { hosts: [media.hostId], groups: [] },
    paths: ['/srv'],
    mediaServers: [media.hostId],
  };
  const made = await trust.call(createPlan, { body: plan });
  const { id } = made;
  await trust.call(replacePlan, {
    params: { id },
    body: { ...plan, paths: ['/home'], revision: made.revision },
  });
  await trust.call(deletePlan, { params: { id } });
  await trust.call(revokeHost, { params: { id: media.hostId }, body: { reason: 'superseded' } });
  await ask(media.tls);
  await clock.advance(AUDIT_EVERY_MS);

  const peers = await rowsOf('refuse-peer');
  assert.deepEqual(
    peers
      .map(({ subject, detail }) => [subject, detail['code']])
      .filter(([, code]) => code !== 'PEER_CHAIN_UNTRUSTED'),
    [
      ['unknown', 'PEER_CERTIFICATE_REQUIRED'],
      [media.hostId, 'CERTIFICATE_REVOKED'],
    ],
    'three alike are one row, and a count',
  );
  assert.ok(peers.some(({ detail }) => detail['code'] === 'PEER_CHAIN_UNTRUSTED'));
  assert.ok(peers.every(({ origin, category }) => origin === '127.0.0.1' && category === 'CONNECTION'));
  const changed = (await rowsOf('change-plan'))[0]?.detail;
  assert.deepEqual(changed, {
    name: 'Files',
    revision: made.revision + 1,
    before: { paths: ['/srv'] },
    after: { paths: ['/home'] },
  });
  assert.equal((await rowsOf('delete-plan'))[0]?.detail['after'], null);
  assert.equal((await rowsOf('sign-crl')).length, 4);

  clock.jump(-3_600_000);
  await clock.advance(AUDIT_EVERY_MS);
  const jump = (await rowsOf('change-clock'))[0]?.detail;
  assert.ok(Math.abs(Number(jump?.['beforeMs']) - Number(jump?.['afterMs']) - 3_600_000) < 1_000);
  await trust.restart();
  assert.equal((await rowsOf('stop-server')).length, 1);
  assert.equal((await rowsOf('start-server')).length, 2);
  // the free ports and nothing else of the configuration stayed as they were
  assert.deepEqual(await rowsOf('change-configuration'), []);

  // filters
  await trust.call(createToken, { body: { name: 'one' } });
  await trust.call(registerHost, { body: { name: 'web.example' } });
  const of = async (query: object) => (await trust.call(listAudit, { query: { limit: 2, ...query } })).rows;
  assert.deepEqual(
    (await of({ category: 'HOST' })).map(({ act }) => act),
    ['register-host'],
  );
  assert.deepEqual((await of({ outcome: 'refused', actor: 'unknown', subject: media.hostId })).length, 1);
  assert.deepEqual(await of({ origin: '192.0.2.1' }), []);
  assert.deepEqual(await of({ since: clock.nowMs() + 7_200_000 }), []);
  assert.equal((await of({ until: clock.nowMs() + 1 })).length, 2);
  const first = await trust.call(listAudit, { query: { limit: 2 } });
  const second = await trust.call(listAudit, { query: { limit: 2, after: first.next! } });
  assert.equal(second.rows[0]?.seq, first.rows[1]!.seq - 1);
});
