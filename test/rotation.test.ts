import type { HostId } from '@sekisho/core/ids.ts';
import { getRotation, startRotation, type RotationView } from '@sekisho/core/wire/rotations.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { test } from 'node:test';

test('F-31 F-36 F-39 the TLS certificate changes under running agents', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'web' }, { name: 'db' }], heartbeatSeconds: 1 });
  const before = await shownBy(fleet.server.ports.agent);
  const adminBefore = await shownBy(fleet.server.ports.admin);
  assert.equal(adminBefore, before);
  const started = await fleet.call(startRotation, { body: { kind: 'tls' } });
  assert.equal(started.path, 'announced');
  const done = await ended(fleet, started.id);
  assert.equal(done.phase, 'done');
  assert.notEqual(await shownBy(fleet.server.ports.agent), before);
  assert.equal(await shownBy(fleet.server.ports.admin), await shownBy(fleet.server.ports.agent));
  await fleet.restartAgent('web');
  const id: HostId = fleet.host('web').hostId;
  await eventually('web comes back', () => fleet.server.context.fleet.seen(id)?.online === true ? true : undefined);
  console.log(JSON.stringify(done.steps.map((s) => [s.step, s.atMs - done.startedAtMs])));
  const signing = await fleet.call(startRotation, { body: { kind: 'signing' } });
  const signed = await ended(fleet, signing.id);
  assert.equal(signed.phase, 'done');
  console.log(JSON.stringify(signed.steps.map((s) => [s.step, s.atMs - signed.startedAtMs])));
});

const ended = (fleet: Fleet, id: string): Promise<RotationView> =>
  eventually('the update ends', async () => {
    const view = await fleet.call(getRotation, { params: { id } });
    if (process.env['DEBUG_R']) console.log(view.phase, view.waitsFor, JSON.stringify(view.hosts), JSON.stringify(view.problem), JSON.stringify(view.servers));
    return view.endedAtMs === null ? undefined : view;
  });

/** The fingerprint of what a TLS port shows to a new connection. */
function shownBy(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
