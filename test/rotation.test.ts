import { SECOND_MS } from '@sekisho/core/time.ts';
import type { RotationKind } from '@sekisho/core/rules/rotation.ts';
import {
  getRotation,
  startRotation,
  type OutsideInput,
  type RotationView,
} from '@sekisho/core/wire/rotations.ts';
import { verifyDocument } from '@sekisho/pki/documents.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { shownBy } from '@sekisho/testkit/shown-by.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sameTree, slowPlan, underWay } from './under-way.ts';

const PERIOD_SECONDS = 2;
/** F-36: one missed, with its jitter of a tenth, and what a busy machine may be late by. */
const SILENCE_MAX_MS = 2 * PERIOD_SECONDS * SECOND_MS * 1.1 + 2 * SECOND_MS;

test('F-30 F-36 F-39 TLS and signing certificate change under running agents and a running backup', async (t) => {
  const fleet = await Fleet.start(t, {
    heartbeatSeconds: PERIOD_SECONDS,
    hosts: [{ name: 'vault', media: true }, { name: 'laptop' }, { name: 'attic' }],
  });
  await fleet.host('attic').agent.stop();
  const before = await shownBy(fleet.server.ports.agent);
  assert.equal(await shownBy(fleet.server.ports.admin), before);
  const { plan, source } = await slowPlan(fleet, 'laptop', 'vault');
  const job = await fleet.begin(plan.id, 'laptop');
  await underWay(fleet, job);

  const tls = await rotate(fleet, 'tls');
  assert.equal(tls.path, 'announced');
  const after = await shownBy(fleet.server.ports.agent);
  assert.notEqual(after, before);
  assert.equal(await shownBy(fleet.server.ports.admin), after);
  const signing = await rotate(fleet, 'signing');
  for (const host of ['vault', 'laptop']) assert.equal(await currentSigner(fleet, host), signing.toKeyId);

  const ended = await fleet.ended(job);
  assert.equal(ended.state, 'done', JSON.stringify(ended.report));
  assert.doesNotMatch(ended.report?.log.join('\n') ?? '', /retry|error/i);
  const [point] = await fleet.points('laptop');
  const target = join(fleet.folder, 'restored');
  assert.equal((await fleet.restore(point!, target)).state, 'done');
  await sameTree(source, join(target, source));
  // who was off all the time comes back to other keys, unaided
  await fleet.restartAgent('attic');
  await eventually('attic is back and has what the new key signed', async () =>
    (await currentSigner(fleet, 'attic')) === signing.toKeyId ? true : undefined,
  );
  // a certificate of another CA: from now on its pinned key is what agents go by, also those that begin anew
  const outside = await rotate(fleet, 'tls', outsideCertificate(fleet.folder));
  assert.equal(outside.outside, true);
  assert.notEqual(await shownBy(fleet.server.ports.agent), after);
  const sinceMs = fleet.clock.nowMs();
  await fleet.restartAgent('laptop');
  const { hostId } = fleet.host('laptop');
  await eventually('laptop is back at the other certificate', () =>
    (fleet.server.context.fleet.seen(hostId)?.lastSeenMs ?? 0) > sinceMs ? true : undefined,
  );
});

/** Updates a certificate, while every online host is listened to. */
async function rotate(fleet: Fleet, kind: RotationKind, outside?: OutsideInput): Promise<RotationView> {
  const online = ['vault', 'laptop'].map((name) => fleet.host(name).hostId);
  const { id } = await fleet.call(startRotation, { body: { kind, outside } });
  let silentMs = 0;
  const done = await eventually(`the update of ${kind} ends`, async () => {
    const view = await fleet.call(getRotation, { params: { id } });
    for (const host of online) {
      const seen = fleet.server.context.fleet.seen(host);
      silentMs = Math.max(silentMs, fleet.clock.nowMs() - (seen?.lastSeenMs ?? 0));
    }
    return view.endedAtMs === null ? undefined : view;
  });
  assert.equal(done.phase, 'done');
  assert.ok(silentMs < SILENCE_MAX_MS, `F-36: a host was silent for ${silentMs} ms`);
  return done;
}

/** From a CA that no agent knows, made by OpenSSL. */
function outsideCertificate(folder: string): OutsideInput {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '300'];
  openssl('req', '-x509', ...ec, '-keyout', 'o-ca.key', '-out', 'o-ca.pem', '-subj', '/CN=Outside CA');
  const leaf = ['-keyout', 'o.key', '-out', 'o.pem', '-subj', '/CN=server', '-CA', 'o-ca.pem'];
  const extensions = [
    'subjectAltName=IP:127.0.0.1',
    'extendedKeyUsage=serverAuth',
    'basicConstraints=CA:FALSE',
  ];
  const said = extensions.flatMap((one) => ['-addext', one]);
  openssl('req', '-x509', ...ec, ...leaf, '-CAkey', 'o-ca.key', ...said);
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { chainPem: read('o.pem') + read('o-ca.pem'), keyPem: read('o.key') };
}

/** The key that signed the assignment a host would get now: of those that the newest bundle names. */
async function currentSigner(fleet: Fleet, host: string): Promise<string | undefined> {
  const { documents, domain, fleet: heard, keys } = fleet.server.context;
  const { hostId } = fleet.host(host);
  const held = [...heard.hosts()].find(({ id }) => id === hostId);
  if (held === undefined || fleet.clock.nowMs() - held.lastSeenMs > SILENCE_MAX_MS) return undefined;
  const found = await documents.latest('assignment', hostId);
  const signers = keys.keysOf('document-signer').map(({ keyId }) => ({ keyId, outside: false }));
  await verifyDocument(found?.jws ?? '', {
    type: 'assignment',
    domainId: domain.id,
    anchors: keys.anchors(),
    nowMs: fleet.clock.nowMs(),
    signers,
  });
  return signers[0]?.keyId;
}
