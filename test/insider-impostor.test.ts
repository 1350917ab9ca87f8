import { AppError } from '@sekisho/core/errors.ts';
import { setupAgent } from '@sekisho/agent/setup/setup-agent.ts';
import { dialTls } from '@sekisho/agent/net/dial.ts';
import { verifyMediaServer, verifyServer, type TrustFacts } from '@sekisho/agent/net/verify-peer.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { certsOnlyPkcs7 } from '@sekisho/pki/est.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer, type Identity } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

/** A server that poses as another with a host's certificate, and what it got to read. */
interface Impostor {
  readonly port: number;
  readonly heard: string[];
}

async function pose(
  t: TestContext,
  tls: { key: string; cert: string },
  options: { port?: number; caCertificates?: Uint8Array } = {},
): Promise<Impostor> {
  const heard: string[] = [];
  const server: Server = createServer(
    { ...tls, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      heard.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
      if (request.url !== '/.well-known/est/cacerts' || options.caCertificates === undefined) {
        response.writeHead(200).end('{}');
        return;
      }
      response.writeHead(200, { 'content-type': 'application/pkcs7-mime' });
      response.end(Buffer.from(options.caCertificates).toString('base64'));
    },
  );
  server.on('upgrade', (request) => heard.push(`UPGRADE ${request.url}`));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard };
}

const trustOf = ({ server }: Pick<TrustServer, 'server'>): TrustFacts => ({
  domainId: server.context.domain.id,
  anchors: server.context.keys.anchors(),
  intermediates: server.context.keys.issuers(),
  revocations: undefined,
  staleCrl: 'open',
  nowMs: systemClock.nowMs(),
});

const dial = (trust: TrustServer, port: number, verify: Parameters<typeof dialTls>[0]['verify']) =>
  dialTls({
    host: '127.0.0.1',
    port,
    ca: trust.server.context.keys.anchors().map(({ der }) => certificateToPem(der)),
    verify,
  });

const peerRefusal = (error: unknown): boolean => error instanceof AppError && error.code.startsWith('PEER_');

test('invariant 10 T-02: a client certificate serves as nothing: not as management server, not as media server', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const client = await trust.enrol({ name: 'insider.example' }, { token: await trust.token() });
  const media = (name: string): Promise<Identity> =>
    trust.token({ media: true }).then((token) => trust.enrol({ name, media: true }, { token }));
  const vault = await media('vault.example');
  const otherVault = await media('other-vault.example');
  const { serverId } = trust.server.context.domain;
  const facts = trustOf(trust);
  for (const [what, identity] of [
    ['a client', client],
    ['a media server', vault],
  ] as const) {
    const { port, heard } = await pose(t, identity.tls);
    await assert.rejects(
      dial(trust, port, (peer) => {
        verifyServer(peer, facts, { serverId, acceptedKeys: [] });
      }),
      peerRefusal,
      `${what} as the management server`,
    );
    assert.deepEqual(heard, []);
  }
  for (const [what, identity, code] of [
    ['a client', client, 'PEER_ROLE_WRONG'],
    ['another media server', otherVault, 'PEER_NAME_WRONG'],
  ] as const) {
    const { port, heard } = await pose(t, identity.tls);
    await assert.rejects(
      dial(trust, port, (peer) => {
        verifyMediaServer(peer, facts, vault.hostId);
      }),
      { code },
      `${what} as the media server ${vault.hostId}`,
    );
    assert.deepEqual(heard, [], 'nothing was sent to it');
  }
  // the check itself is sound: the right ones pass
  const real = await pose(t, vault.tls);
  (await dial(trust, real.port, (peer) => verifyMediaServer(peer, facts, vault.hostId))).destroy();
  const { agent } = trust.server.ports;
  (await dial(trust, agent, (peer) => verifyServer(peer, facts, { serverId, acceptedKeys: [] }))).destroy();
});

test('invariant 10 T-10: setup against an impostor that shows the right CA certificate gives it no token', async (t) => {
  const trust = await TrustServer.start(t, { clock: systemClock });
  const insider = await trust.enrol(
    { name: 'insider.example', media: true },
    { token: await trust.token({ media: true }) },
  );
  const { keys } = trust.server.context;
  const impostor = await pose(t, insider.tls, {
    caCertificates: certsOnlyPkcs7([...keys.anchors(), ...keys.issuers()]),
  });
  const token = await trust.token();
  const dataFolder = join(await tempFolder(t), 'agent');
  await assert.rejects(
    setupAgent({
      dataFolder,
      server: { host: '127.0.0.1', port: impostor.port },
      expectedFingerprint: trust.caFingerprint,
      token: new Secret(token),
      media: false,
      name: 'new.example',
      clock: systemClock,
      random: systemRandom,
      log: silentLog(),
    }),
    { code: 'PEER_ROLE_WRONG' },
  );
  assert.deepEqual(impostor.heard, ['GET /.well-known/est/cacerts '], 'it was asked for the CA alone');
  assert.ok(await trust.enrol({ name: 'new.example' }, { token }), 'the token is unused');
});

test('invariant 10 F-04: an agent whose server’s port an insider took tells it nothing, says so, and comes back', async (t) => {
  const fleet = await Fleet.start(t, { hosts: [{ name: 'victim' }, { name: 'insider' }] });
  const { agent } = fleet.host('victim');
  const folder = join(fleet.host('insider').dataFolder, 'identity');
  const tls = {
    key: await readFile(join(folder, 'key.pem'), 'utf8'),
    cert: await readFile(join(folder, 'certificate.pem'), 'utf8'),
  };
  await fleet.host('insider').agent.stop();
  const { agent: port } = fleet.server.ports;
  await fleet.stopServer();
  const heard = await new Promise<string[]>((resolve, reject) => {
    const requests: string[] = [];
    const server = createServer(
      { ...tls, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        requests.push(String(request.url));
        response.end('{}');
      },
    );
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    server.listen(port, '127.0.0.1', () => {
      assert
        .rejects(agent.heartbeatNow(), peerRefusal)
        .then(() => {
          assert.equal(agent.status().lastError?.code, 'PEER_ROLE_WRONG');
          server.closeAllConnections();
          server.close(() => resolve(requests));
        })
        .catch(reject);
    });
  });
  assert.deepEqual(heard, []);
  await fleet.startServer();
  await eventually('the agent is back', async () => {
    try {
      await agent.heartbeatNow();
      return true;
    } catch {
      return undefined;
    }
  });
});
