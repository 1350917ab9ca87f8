import type { BundlePayload } from '@sekisho/core/wire/documents.ts';
import { chainToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { signDocument } from '@sekisho/pki/documents.ts';
import { certsOnlyPkcs7 } from '@sekisho/pki/est.ts';
import { issueLink, type Issuer } from '@sekisho/pki/issue.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';
import { confirmRoot } from './confirm-root.ts';

const clock = new FakeClock();
const nowMs = clock.nowMs();
// one domain through two changes of its CA, and somebody else who says to be it
const first = await TestAuthority.create({ nowMs, name: 'Gen' });
const same = { nowMs, name: 'Gen', domainId: first.domainId, serverId: first.serverId };
const [second, third, liar] = [
  await TestAuthority.create(same),
  await TestAuthority.create(same),
  await TestAuthority.create(same),
];
const link = (from: Issuer, to: Issuer): Promise<Certificate> =>
  issueLink({ serial: randomBytes(16), issuer: from, root: to.certificate });
const links = [await link(first.root, second.root), await link(second.root, third.root)];
/** The liar can sign anything, but not in the old root's name. */
const lies = [await link(liar.root, third.root), await link(second.root, liar.root)];
const fingerprint = ({ root }: TestAuthority): string => root.certificate.fingerprint;
const base64 = ({ der }: Certificate): string => Buffer.from(der).toString('base64');

interface Shown {
  readonly offered: readonly TestAuthority[];
  readonly former?: readonly TestAuthority[] | 'nothing';
  readonly links?: readonly Certificate[];
  readonly signedBy?: TestAuthority;
  readonly compromised?: readonly TestAuthority[];
}

function bundle({
  offered,
  links: named = [],
  signedBy = offered[0]!,
  compromised = [],
}: Shown): Promise<string> {
  const anchor = (of: TestAuthority, state: BundlePayload['anchors'][number]['state']) => ({
    fingerprint: of.root.certificate.fingerprint,
    certificate: base64(of.root.certificate),
    state,
  });
  const payload: BundlePayload = {
    domain: first.domainId,
    serial: 9,
    issuedAt: nowMs,
    anchors: [anchor(signedBy, 'active'), ...compromised.map((one) => anchor(one, 'compromised'))],
    intermediates: [],
    links: named.map(base64),
    crls: [],
    signers: [],
    httpPort: 1,
  };
  return signDocument({
    type: 'bundle',
    payload,
    signer: signedBy.root.signer,
    chain: [signedBy.root.certificate],
  });
}

describe('T-10 F-38 agent setup with the fingerprint of an earlier CA', () => {
  let shown: Shown = { offered: [] };
  let connections = 0;
  const asked: string[] = [];
  const server = createServer(
    { key: third.server.keyPem, cert: chainToPem([third.server.certificate]) },
    (request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      const json = (body: unknown): void => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      };
      if (path.endsWith('/cacerts'))
        response
          .writeHead(200)
          .end(
            Buffer.from(certsOnlyPkcs7(shown.offered.map(({ root }) => root.certificate))).toString('base64'),
          );
      else if (path === '/v1/bundle') void bundle(shown).then((jws) => json({ jws }));
      else if (shown.former === 'nothing') response.destroy();
      else json({ roots: (shown.former ?? []).map(({ root }) => base64(root.certificate)) });
    },
  );
  server.on('secureConnection', () => (connections += 1));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const listening = new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  async function confirm(given: Shown, expected: string | undefined) {
    await listening;
    shown = given;
    connections = 0;
    asked.length = 0;
    const { port } = server.address() as AddressInfo;
    return confirmRoot({ server: { host: '127.0.0.1', port }, clock, log: silentLog() }, expected);
  }
  const genuine: Shown = { offered: [third], former: [second, first], links: [...links].reverse() };

  test('the root of now is taken as it is, and no more is asked', async () => {
    const { root, followed } = await confirm(genuine, fingerprint(third));
    assert.deepEqual([root.fingerprint, followed, asked.length], [fingerprint(third), undefined, 1]);
  });

  test('links lead from the confirmed root to the newest one, over the one connection that is trusted with nothing', async () => {
    for (const old of [first, second]) {
      const { root, followed } = await confirm(genuine, fingerprint(old));
      assert.deepEqual([root.fingerprint, followed?.fingerprint], [fingerprint(third), fingerprint(old)]);
      assert.equal(connections, 1);
    }
  });

  test('while one CA follows another the root of before leads on too, and one that is only announced is taken as it is', async () => {
    const overlap: Shown = { offered: [second, first], links: links.slice(0, 1) };
    const { root, followed } = await confirm(overlap, fingerprint(first));
    assert.deepEqual([root.fingerprint, followed?.fingerprint], [fingerprint(second), fingerprint(first)]);
    const announced = await confirm(
      { offered: [first, second], links: links.slice(0, 1) },
      fingerprint(second),
    );
    assert.deepEqual([announced.root.fingerprint, announced.followed], [fingerprint(second), undefined]);
  });

  const refusals: [string, Shown, string, string][] = [
    ['a fingerprint that nobody knows', genuine, 'f'.repeat(64), 'CA_FINGERPRINT_MISMATCH'],
    [
      'an earlier root without any link',
      { ...genuine, links: [] },
      fingerprint(first),
      'CA_LINKS_LEAD_NOWHERE',
    ],
    [
      'a chain with a gap',
      { ...genuine, links: links.slice(1) },
      fingerprint(first),
      'CA_LINKS_LEAD_NOWHERE',
    ],
    [
      "a liar's own chain beside the genuine old root",
      {
        offered: [liar],
        former: [first],
        links: lies,
      },
      fingerprint(first),
      'CA_LINKS_LEAD_NOWHERE',
    ],
    [
      'genuine links, and a bundle that a liar signed',
      { ...genuine, offered: [liar], signedBy: liar },
      fingerprint(first),
      'CA_LINKS_LEAD_NOWHERE',
    ],
    [
      'a way through a root that is called compromised',
      { ...genuine, compromised: [second] },
      fingerprint(first),
      'CA_LINKS_LEAD_NOWHERE',
    ],
    [
      'a root that is a tombstone',
      { ...genuine, compromised: [first] },
      fingerprint(first),
      'CA_ROOT_COMPROMISED',
    ],
    [
      'a server that breaks off where it should show the old root',
      { ...genuine, former: 'nothing' },
      fingerprint(first),
      'CA_FINGERPRINT_MISMATCH',
    ],
    [
      'another root in the place of the old one',
      { ...genuine, former: [liar, second] },
      fingerprint(first),
      'CA_FINGERPRINT_MISMATCH',
    ],
  ];
  for (const [what, given, expected, code] of refusals)
    test(`refused: ${what}`, async () => {
      await assert.rejects(confirm(given, expected), { code });
    });
});
