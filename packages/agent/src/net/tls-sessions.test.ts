import { AppError } from '@sekisho/core/errors.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TestAuthority, type TestHost, type TestLeaf } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server } from 'node:tls';
import { dialTls, type PresentedPeer } from './dial.ts';
import { TLS_SESSIONS_MAX, TlsSessions } from './tls-sessions.ts';
import { verifyServer, type TrustFacts } from './verify-peer.ts';

describe('TLS sessions with a management server', () => {
  const clock = new FakeClock();
  let authority: TestAuthority;
  let host: TestHost;
  let server: Server;
  const servers: Server[] = [];
  before(async () => {
    authority = await TestAuthority.create({ nowMs: clock.nowMs() });
    host = await authority.host();
    server = await serve(authority.server);
  });
  after(() => {
    for (const one of servers) one.close();
  });

  async function serve(leaf: TestLeaf, maxVersion?: 'TLSv1.2'): Promise<Server> {
    const one = createServer(
      {
        ...{ key: leaf.keyPem, cert: leaf.chainPem, requestCert: true, rejectUnauthorized: false },
        ...(maxVersion === undefined ? {} : { maxVersion }),
      },
      (socket) => {
        socket.on('error', () => socket.destroy());
        socket.end('hello'); // the tickets go with it
      },
    );
    servers.push(one);
    one.listen(0, '127.0.0.1');
    await once(one, 'listening');
    return one;
  }

  const trust = (changed: Partial<TrustFacts> = {}): TrustFacts => ({
    domainId: authority.domainId,
    anchors: authority.anchors,
    intermediates: [authority.issuing.certificate],
    revocations: undefined,
    staleCrl: 'open',
    nowMs: clock.nowMs(),
    ...changed,
  });

  /** Dials, reads to the end; was the session resumed, and what was judged? */
  async function visit(
    sessions: TlsSessions,
    how: {
      at?: Server;
      as?: TestHost;
      anchors?: TestAuthority;
      facts?: Partial<TrustFacts>;
      /** What does not pass. */
      refuse?: PresentedPeer | undefined;
    } = {},
  ): Promise<{ resumed: boolean; judged: PresentedPeer[] }> {
    const { at = server, as = host, anchors = authority, facts = {} } = how;
    const judged: PresentedPeer[] = [];
    const socket = await dialTls({
      host: '127.0.0.1',
      port: (at.address() as AddressInfo).port,
      ca: anchors.anchors.map(({ der }) => certificateToPem(der)),
      identity: { keyPem: as.keyPem, chainPem: as.chainPem },
      sessions,
      verify: (peer) => {
        judged.push(peer);
        if (peer === how.refuse) throw new AppError('PEER_CHAIN_UNTRUSTED');
        verifyServer(peer, trust(facts), { serverId: authority.serverId, acceptedKeys: [] });
      },
    });
    const resumed = socket.isSessionReused();
    socket.resume();
    await once(socket, 'close');
    return { resumed, judged };
  }

  test('T-02 a second connection resumes the first one’s session, and its peer is judged all the same', async () => {
    const sessions = new TlsSessions();
    const first = await visit(sessions);
    const second = await visit(sessions);
    assert.deepEqual([first.resumed, second.resumed], [false, true]);
    assert.equal(second.judged.length, 1);
    assert.equal(second.judged[0]?.leaf.fingerprint, authority.server.certificate.fingerprint);
  });

  const refusals: { what: string; facts: Partial<TrustFacts>; code: string }[] = [
    {
      what: 'has been revoked since',
      facts: {
        revocations: {
          isRevoked: () => true,
          freshness: () => undefined,
        },
      },
      code: 'PEER_REVOKED',
    },
    { what: 'has expired since', facts: { nowMs: 1e14 }, code: 'PEER_CERTIFICATE_EXPIRED' },
    { what: 'leads to an anchor that is gone', facts: { anchors: [] }, code: 'PEER_CHAIN_UNTRUSTED' },
  ];
  for (const { what, facts, code } of refusals) {
    test(`T-42 a server whose certificate ${what} is refused, resumed or not`, async () => {
      const sessions = new TlsSessions();
      await visit(sessions);
      await assert.rejects(visit(sessions, { facts }), { code });
    });
  }

  test('what does not pass on a resumed session is judged once more after a full handshake', async () => {
    const sessions = new TlsSessions();
    const first = await visit(sessions);
    const again = await visit(sessions, { refuse: first.judged[0] });
    assert.deepEqual([again.resumed, again.judged.length], [false, 2]);
    assert.notEqual(again.judged[1], first.judged[0], 'read from the connection');
  });

  test('T-04 a renewed certificate, or other anchors, want a full handshake', async () => {
    const sessions = new TlsSessions();
    const renewed = await authority.host();
    await visit(sessions);
    assert.equal((await visit(sessions, { as: renewed })).resumed, false);
    assert.equal((await visit(sessions, { as: renewed })).resumed, true);
    const other = await TestAuthority.create({ nowMs: clock.nowMs() });
    await assert.rejects(visit(sessions, { as: renewed, anchors: other }), { code: /^PEER_/ });
  });

  test('only TLS 1.3 sessions are kept', async () => {
    const sessions = new TlsSessions();
    const old = await serve(authority.server, 'TLSv1.2');
    await visit(sessions, { at: old });
    assert.equal((await visit(sessions, { at: old })).resumed, false);
  });

  test('T-42 a server that changed its ticket keys resumes nothing, and is reached all the same', async () => {
    const sessions = new TlsSessions();
    await visit(sessions);
    const before = server.getTicketKeys();
    server.setTicketKeys(Buffer.from(before.map((byte) => byte ^ 1)));
    assert.equal((await visit(sessions)).resumed, false);
    assert.equal((await visit(sessions)).resumed, true, 'with what the new keys sealed');
  });
});

test('a session is given once, the newest first, and only so many are kept', () => {
  const sessions = new TlsSessions();
  const terms = { ca: ['a'], chainPem: 'own' };
  const presented = { chain: [], opensslRefusal: undefined } as unknown as PresentedPeer;
  for (let n = 0; n <= TLS_SESSIONS_MAX; n += 1)
    sessions.keep(terms, { ticket: Buffer.from([n]), presented });
  assert.equal(sessions.take({ ca: ['a', 'b'], chainPem: 'own' }), undefined);
  assert.equal(sessions.take({ ca: ['a'], chainPem: 'renewed' }), undefined);
  const given = Array.from({ length: TLS_SESSIONS_MAX + 1 }, () => sessions.take(terms)?.ticket[0]);
  assert.deepEqual(given, [TLS_SESSIONS_MAX, TLS_SESSIONS_MAX - 1, undefined]);
});
