import { forgeCertificate } from '@sekisho/testkit/forge-certificate.ts';
import { newDomainId } from '@sekisho/testkit/test-authority.ts';
import type { DocumentPayload } from '@sekisho/core/wire/documents.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Certificate } from './certificate.ts';
import { signDocument } from './documents.ts';
import * as encode from './extensions.ts';
import { issueIssuingCa, issueLink, issueRoot, type Issuer } from './issue.ts';
import { generatePrivateKey } from './keys.ts';
import { lintCertificate } from './lint.ts';
import { fileSigner } from './signer.ts';
import { verifyBundle } from './verify-bundle.ts';
import { walkLinks } from './walk-links.ts';

const NOW_MS = Date.UTC(2026, 0, 15);
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const domainId = newDomainId();
const serial = (): Uint8Array => randomBytes(16);

async function rootOf(name: string, notAfterMs = NOW_MS + 20 * YEAR_MS): Promise<Issuer> {
  const signer = fileSigner(await generatePrivateKey('p256'));
  const dates = { notBeforeMs: NOW_MS - DAY_MS, notAfterMs };
  return { signer, certificate: await issueRoot({ ...dates, serial: serial(), name, signer }) };
}
const link = (from: Issuer, to: Issuer): Promise<Certificate> =>
  issueLink({ serial: serial(), issuer: from, root: to.certificate });

// four generations of one domain, what an issuing CA and a stranger can do, and an heir of the stranger
const generations = await Promise.all(
  [0, 1, 2, 3].map((age) => rootOf('Gen', NOW_MS + 20 * YEAR_MS + age * DAY_MS)),
);
const [r0, r1, r2, r3] = generations as [Issuer, Issuer, Issuer, Issuer];
const links = [await link(r0, r1), await link(r1, r2), await link(r2, r3)];
const [l01, l12, l23] = links as [Certificate, Certificate, Certificate];
const liar = await rootOf('Gen');
const liarHeir = await rootOf('Gen');
const issuingSigner = fileSigner(await generatePrivateKey('p256'));
const issuing: Issuer = {
  signer: issuingSigner,
  certificate: await issueIssuingCa({
    notBeforeMs: NOW_MS - DAY_MS,
    notAfterMs: NOW_MS + YEAR_MS,
    serial: serial(),
    name: 'Gen',
    spkiDer: issuingSigner.spkiDer,
    issuer: r0,
  }),
};

/** What an attacker with some key can make. */
const forgeLink = (wish: {
  key: Issuer;
  named?: Issuer;
  to: Issuer;
  notBeforeMs?: number;
  notAfterMs?: number;
  pathLength?: number;
  ca?: boolean;
}): Promise<Certificate> =>
  forgeCertificate({
    signer: wish.key.signer,
    issuer: (wish.named ?? wish.key).certificate,
    spkiDer: wish.to.signer.spkiDer,
    commonName: wish.to.certificate.subjectCn!,
    notBeforeMs: wish.notBeforeMs ?? NOW_MS - DAY_MS,
    notAfterMs: wish.notAfterMs ?? NOW_MS + YEAR_MS,
    extensions: [
      encode.basicConstraints(wish.ca ?? true, wish.pathLength ?? 1),
      encode.keyUsage(['keyCertSign', 'cRLSign']),
      encode.subjectKeyId(wish.to.certificate.subjectKeyId!),
    ],
  });

/** The names of the roots that are reached. */
const reach = (anchor: Issuer, offered: readonly Certificate[], nowMs = NOW_MS): string[] =>
  walkLinks({ anchors: [anchor.certificate], links: offered, nowMs }).map(({ spkiDer }) => {
    const at = [...generations, liar, liarHeir].findIndex(
      ({ signer }) => Buffer.compare(signer.spkiDer, spkiDer) === 0,
    );
    return ['r0', 'r1', 'r2', 'r3', 'liar', 'heir'][at] ?? '?';
  });

test('F-38 a link passes the linter and carries the name, key and key identifier of the new root', () => {
  const context = { profile: 'link', issuer: r0.certificate, linked: r1.certificate } as const;
  assert.deepEqual(lintCertificate(l01.tbs, context), []);
  assert.deepEqual(
    [l01.subjectCn, l01.keyId, l01.subjectKeyId, l01.authorityKeyId, l01.isCa, l01.pathLength],
    [
      r1.certificate.subjectCn,
      r1.certificate.keyId,
      r1.certificate.subjectKeyId,
      r0.certificate.subjectKeyId,
      true,
      1,
    ],
  );
  assert.equal(new Set(generations.map(({ certificate }) => certificate.subjectCn)).size, 4);
});

test('F-38 a link ends with whichever of its two roots ends first', async () => {
  const short = await rootOf('Short', NOW_MS + YEAR_MS);
  assert.equal((await link(short, r0)).notAfterMs, short.certificate.notAfterMs);
  assert.equal((await link(r0, short)).notAfterMs, short.certificate.notAfterMs);
});

const rulesOf = (certificate: Certificate, issuer: Issuer, linked: Issuer | undefined): string[] =>
  lintCertificate(certificate.tbs, {
    profile: 'link',
    issuer: issuer.certificate,
    linked: linked?.certificate,
  }).map(({ rule }) => rule);

for (const [rule, what, certificate, issuer, linked] of [
  ['K1', 'leads to nothing that is known', l01, r0, undefined],
  ['K1', 'leads to an issuing CA', await forgeLink({ key: r0, to: issuing }), r0, issuing],
  ['K2', 'leads to another root', l01, r0, r2],
  ['K3', 'leads to its own issuer', await forgeLink({ key: r0, to: r0 }), r0, r0],
  [
    'K4',
    'ends after the new root',
    await forgeLink({ key: r0, to: r1, notAfterMs: r1.certificate.notAfterMs + 1000 }),
    r0,
    r1,
  ],
  ['K5', 'has another path length', await forgeLink({ key: r0, to: r1, pathLength: 2 }), r0, r1],
  [
    'I4',
    'ends after the old root',
    await forgeLink({ key: r0, to: r1, notAfterMs: r0.certificate.notAfterMs + 1000 }),
    r0,
    r1,
  ],
  ['I5', 'is signed by an issuing CA', await forgeLink({ key: issuing, to: r1 }), issuing, r1],
] as const)
  test(`F-38 the linter refuses a link that ${what} (${rule})`, () => {
    assert.ok(rulesOf(certificate, issuer, linked).includes(rule));
  });

const WALKS: readonly (readonly [string, Issuer, readonly Certificate[], readonly string[]])[] = [
  ['one rotation', r0, [l01], ['r1']],
  ['three rotations', r0, links, ['r1', 'r2', 'r3']],
  ['three rotations in another order', r0, [l23, l01, l12], ['r1', 'r2', 'r3']],
  ['the same links twice', r0, [...links, ...links], ['r1', 'r2', 'r3']],
  ['a start in the middle', r2, links, ['r3']],
  ['nothing behind', r3, links, []],
  ['a chain that was cut short', r0, [l01, l12], ['r1', 'r2']],
  ['a chain with a hole', r0, [l01, l23], ['r1']],
  ['a chain without its beginning', r0, [l12, l23], []],
  ['no links', r0, [], []],
  ["links of another domain's roots", r0, [await link(liar, liarHeir)], []],
  [
    'a link that a stranger signed in the name of the anchor',
    r0,
    [await forgeLink({ key: liar, named: r0, to: liar })],
    [],
  ],
  ['a link that an issuing CA signed', r0, [await forgeLink({ key: issuing, to: liar })], []],
  [
    'a link that an issuing CA signed in the name of its root',
    r0,
    [await forgeLink({ key: issuing, named: r0, to: liar })],
    [],
  ],
  ['a link back to the anchor', r1, [await forgeLink({ key: r2, to: r1 }), l12], ['r2']],
  ['a circle', r0, [l01, await forgeLink({ key: r1, to: r0 })], ['r1']],
  ['a link of a root that was left behind', r1, [await forgeLink({ key: r0, to: liar }), l12], ['r2']],
  [
    'a link that has expired',
    r0,
    [await forgeLink({ key: r0, to: r1, notBeforeMs: NOW_MS - 2 * DAY_MS, notAfterMs: NOW_MS - 1000 })],
    [],
  ],
  [
    'a link that is not valid yet',
    r0,
    [await forgeLink({ key: r0, to: r1, notBeforeMs: NOW_MS + 1000 })],
    [],
  ],
  [
    'a link that outlives its root',
    r0,
    [await forgeLink({ key: r0, to: r1, notAfterMs: r0.certificate.notAfterMs + 1000 })],
    [],
  ],
  ['a link that is no CA', r0, [await forgeLink({ key: r0, to: r1, ca: false })], []],
  ['an issuing CA as a link', r0, [issuing.certificate], []],
];
for (const [what, from, offered, reached] of WALKS)
  test(`F-38 links: ${what}`, () => {
    assert.deepEqual(reach(from, offered), reached);
  });

test('F-38 an anchor that has expired leads nowhere', () => {
  assert.deepEqual(reach(r0, links, r0.certificate.notAfterMs + 1000), []);
});

test('F-38 in any order, with any others between them, genuine links lead to the same roots and forged ones to none', async () => {
  const forged = [
    await forgeLink({ key: liar, named: r0, to: liar }),
    await forgeLink({ key: issuing, to: liar }),
    await link(liar, liarHeir),
    await forgeLink({ key: r3, to: r0 }),
  ];
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...links, ...forged], { minLength: 1 }),
      fc.constantFrom(...generations),
      (offered, from) => {
        const found = reach(from, offered);
        assert.deepEqual(
          found.filter((name) => name === 'liar' || name === 'heir'),
          [],
        );
        // as far as the genuine chain goes without a hole; the forged circle r3 → r0 leads from r3 alone
        const start = generations.indexOf(from);
        let end = start;
        while (end < 3 && offered.includes(links[end]!)) end += 1;
        for (let at = start + 1; at <= end; at += 1) assert.ok(found.includes(`r${at}`));
      },
    ),
    { numRuns: 60 },
  );
});

const base64 = ({ der }: Certificate): string => Buffer.from(der).toString('base64');
type AnchorState = DocumentPayload<'bundle'>['anchors'][number]['state'];

function bundle(
  signer: Issuer,
  anchors: readonly (readonly [Issuer, AnchorState])[],
  named: readonly Certificate[],
  domain = domainId,
): Promise<string> {
  return signDocument({
    type: 'bundle',
    signer: signer.signer,
    chain: [signer.certificate],
    payload: {
      domain,
      serial: 9,
      issuedAt: NOW_MS,
      anchors: anchors.map(([{ certificate }, state]) => ({
        fingerprint: certificate.fingerprint,
        certificate: base64(certificate),
        state,
      })),
      intermediates: [],
      links: named.map(base64),
      crls: [],
      signers: [],
      httpPort: 8014,
    },
  });
}
const expected = (anchor: Issuer) => ({ domainId, anchors: [anchor.certificate], nowMs: NOW_MS });

test('F-38 a bundle is believed over its links when the root at their end signed it', async () => {
  const jws = await bundle(r3, [[r3, 'active']], [l23, l12, l01]);
  const read = await verifyBundle(jws, expected(r0));
  assert.deepEqual([read.overLinks, read.payload.serial], [true, 9]);
  assert.equal((await verifyBundle(jws, expected(r3))).overLinks, false);
});

for (const [what, jws] of [
  ['its links are cut short', () => bundle(r3, [[r3, 'active']], [l01, l12])],
  ['a root that only calls itself the end signed it', () => bundle(liar, [[liar, 'active']], links)],
  [
    'it calls its signer retiring',
    () =>
      bundle(
        r2,
        [
          [r2, 'retiring'],
          [r3, 'active'],
        ],
        links,
      ),
  ],
  ['it does not name its signer', () => bundle(r3, [[r2, 'active']], links)],
  [
    'a root on the way is compromised',
    () =>
      bundle(
        r3,
        [
          [r3, 'active'],
          [r1, 'compromised'],
        ],
        links,
      ),
  ],
  [
    'the anchor itself is compromised',
    () =>
      bundle(
        r3,
        [
          [r3, 'active'],
          [r0, 'compromised'],
        ],
        links,
      ),
  ],
  [
    'a retired issuing CA signed a link to it',
    async () => bundle(liar, [[liar, 'active']], [await forgeLink({ key: issuing, named: r0, to: liar })]),
  ],
] as const)
  test(`F-38 a bundle is refused when ${what}`, async () => {
    await assert.rejects(verifyBundle(await jws(), expected(r0)), { code: 'DOCUMENT_SIGNER_WRONG' });
  });

test('F-38 a bundle of another domain is refused although the links lead to its signer', async () => {
  const jws = await bundle(r3, [[r3, 'active']], links, newDomainId());
  await assert.rejects(verifyBundle(jws, expected(r0)), { code: 'DOCUMENT_DOMAIN_OTHER' });
});

test('F-38 a bundle whose content was changed after it was signed is refused', async () => {
  const [header, , signature] = (await bundle(r3, [[r3, 'active']], links)).split('.');
  const [, payload] = (
    await bundle(
      r3,
      [
        [r3, 'active'],
        [r2, 'retiring'],
      ],
      links,
    )
  ).split('.');
  await assert.rejects(verifyBundle(`${header}.${payload}.${signature}`, expected(r0)), {
    code: 'DOCUMENT_SIGNATURE_INVALID',
  });
});
