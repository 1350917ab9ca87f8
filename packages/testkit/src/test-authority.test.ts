import { verifyChain } from '@sekisho/pki/verify.ts';
import assert from 'node:assert/strict';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { TestAuthority } from './test-authority.ts';

const NOW_MS = Date.now() - 400 * 86_400_000;

test('hosts and servers of a test domain verify in their roles, at the time of the fake clock', async () => {
  const authority = await TestAuthority.create({ nowMs: NOW_MS });
  const host = await authority.host({ media: true, name: 'media.example' });
  const common = {
    intermediates: [authority.issuing.certificate],
    anchors: authority.anchors,
    nowMs: NOW_MS,
    domainId: authority.domainId,
  };
  for (const role of ['host-client', 'host-media'] as const)
    assert.equal(verifyChain({ ...common, leaf: host.certificate, role }).hostId, host.hostId);
  assert.equal(
    verifyChain({ ...common, leaf: authority.server.certificate, role: 'server' }).serverId,
    authority.serverId,
  );
});

test('T-02 a host and a server of a test domain complete a mutual TLS handshake under the real clock', async () => {
  const authority = await TestAuthority.create({ nowMs: NOW_MS });
  const host = await authority.host();
  const server = createServer({
    key: authority.server.keyPem,
    cert: authority.server.chainPem,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  const accepted = new Promise<TLSSocket>((resolve) => server.once('secureConnection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = connect({
    host: '127.0.0.1',
    port,
    key: host.keyPem,
    cert: host.chainPem,
    ca: authority.rootPem,
  });
  try {
    const peer = await accepted;
    assert.equal(peer.authorized, true);
    assert.deepEqual(Buffer.from(peer.getPeerX509Certificate()!.raw), Buffer.from(host.certificate.der));
  } finally {
    client.destroy();
    server.close();
  }
});
