import { AppError } from '@sekisho/core/errors.ts';
import { openDocumentStore, type DocumentStore } from '@sekisho/agent/documents/document-store.ts';
import { certificateToPem, parsePemCertificates, type Certificate } from '@sekisho/pki/certificate.ts';
import { documentKind } from '@sekisho/pki/document-header.ts';
import { privateKeyFromPem, sha256Hex } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Fleet, type FleetHost } from '@sekisho/testkit/fleet.ts';
import { forgeCertificate } from '@sekisho/testkit/forge-certificate.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import assert from 'node:assert/strict';
import { createHmac, sign, type KeyObject } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';

interface Key {
  readonly key: KeyObject;
  readonly chain: readonly Certificate[];
}

/** What lies in a host's folder: all that a thief of its machine has. */
async function stolenFrom(host: FleetHost): Promise<Key> {
  const read = (name: string) => readFile(join(host.dataFolder, 'identity', name), 'utf8');
  return {
    key: privateKeyFromPem(await read('key.pem')),
    chain: parsePemCertificates(await read('certificate.pem')),
  };
}

/** A JWS with exactly this header and payload, signed with whatever key there is. */
function forgeDocument(
  header: Record<string, unknown>,
  payload: string,
  key: KeyObject | 'none' | Uint8Array,
): string {
  const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`;
  const signature =
    key === 'none'
      ? Buffer.from('none')
      : key instanceof Uint8Array
        ? createHmac('sha256', key).update(input).digest()
        : sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** The real documents of a host, opened as its agent opens them, on a copy. */
async function storeOf(t: TestContext, fleet: Fleet, host: FleetHost): Promise<DocumentStore> {
  const folder = await tempFolder(t);
  await cp(join(host.dataFolder, 'documents'), join(folder, 'documents'), { recursive: true });
  await cp(join(host.dataFolder, 'anchors.pem'), join(folder, 'anchors.pem'));
  return openDocumentStore({
    folder: join(folder, 'documents'),
    anchorsFile: join(folder, 'anchors.pem'),
    domainId: fleet.server.context.domain.id,
    clock: systemClock,
    log: silentLog(),
  });
}

/** What agents are handed. */
const DOCUMENT_TYPES = ['bundle', 'list', 'assignment', 'policy', 'order'] as const;
type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** The newest genuine document of each type that is for this host. */
async function genuine(fleet: Fleet, host: FleetHost): Promise<Map<DocumentType, string>> {
  const found = new Map<DocumentType, string>();
  for (const type of DOCUMENT_TYPES) {
    const rows = await fleet.server.context.store.db
      .selectFrom('documents')
      .select(['jws', 'scope'])
      .where('type', '=', type)
      .orderBy('serial', 'desc')
      .execute();
    const row = rows.find(({ scope }) => type !== 'assignment' || scope === host.hostId);
    if (row !== undefined) found.set(type, row.jws);
  }
  return found;
}

const partsOf = (jws: string): { header: Record<string, unknown>; payload: Record<string, unknown> } => {
  const [header = '', payload = ''] = jws.split('.');
  const parse = (text: string) =>
    JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Record<string, unknown>;
  return { header: parse(header), payload: parse(payload) };
};

test('invariant 10: one client key signs no bundle, list, assignment, policy or order that an agent takes', async (t) => {
  const fleet = await Fleet.start(t, {
    hosts: [{ name: 'vault', media: true }, { name: 'victim' }, { name: 'insider' }],
  });
  const victim = fleet.host('victim');
  const plan = await fleet.plan('victim', [fleet.folder], 'vault');
  await fleet.deployed(plan.id);
  await fleet.begin(plan.id, 'victim');
  const documents = await genuine(fleet, victim);
  assert.deepEqual([...documents.keys()].sort(), [...DOCUMENT_TYPES].sort(), 'one of each is there');
  const store = await storeOf(t, fleet, victim);
  const held = (['bundle', 'list', 'assignment', 'policy'] as const).map((type) => store.serial(type));
  const { key, chain } = await stolenFrom(fleet.host('insider'));
  const [leaf, issuing] = chain as [Certificate, Certificate];
  const signer = fileSigner(key);
  const nowMs = systemClock.nowMs();
  const elsewhere = await TestAuthority.create({ nowMs, domainId: fleet.server.context.domain.id });
  const ownSigner = await forgeCertificate({
    signer,
    issuer: leaf,
    spkiDer: signer.spkiDer,
    commonName: 'Document signer',
    notBeforeMs: nowMs - 60_000,
    notAfterMs: nowMs + 3_600_000,
    extensions: [],
  });
  const x5c = (certificates: readonly Certificate[]) =>
    certificates.map(({ der }) => Buffer.from(der).toString('base64'));

  for (const [type, jws] of documents) {
    const { header, payload } = partsOf(jws);
    const serial = Number(payload['serial']) + 1_000;
    const body = Buffer.from(JSON.stringify({ ...payload, serial, issuedAt: nowMs })).toString('base64url');
    const typ = documentKind(type);
    const own = { alg: 'ES256', typ, kid: signer.keyId };
    const realChain = header['x5c'];
    const forgeries: Record<string, string> = {
      'its own leaf': forgeDocument({ ...own, x5c: x5c([leaf]) }, body, key),
      'its own chain': forgeDocument({ ...own, x5c: x5c([leaf, issuing]) }, body, key),
      'the chain of the real signer': forgeDocument({ ...header }, body, key),
      'the real chain and its own key ID': forgeDocument({ ...own, x5c: realChain }, body, key),
      'a signer certificate under its leaf': forgeDocument(
        { ...own, x5c: x5c([ownSigner, leaf, issuing]) },
        body,
        key,
      ),
      'a domain of its own with our ID': forgeDocument(
        {
          ...own,
          kid: fileSigner(elsewhere.documentSigner.key).keyId,
          x5c: x5c([elsewhere.documentSigner.certificate, elsewhere.root.certificate]),
        },
        body,
        elsewhere.documentSigner.key,
      ),
      'a root of its own': forgeDocument(
        { ...own, kid: elsewhere.root.certificate.keyId, x5c: x5c([elsewhere.root.certificate]) },
        body,
        elsewhere.documentSigner.key,
      ),
      'no signature': forgeDocument({ ...header, alg: 'none' }, body, 'none'),
      'the public key as a secret': forgeDocument({ ...header, alg: 'HS256' }, body, signer.spkiDer),
      'a key it brings along': forgeDocument(
        { ...own, x5c: realChain, jwk: key.export({ format: 'jwk' }) },
        body,
        key,
      ),
      'a changed payload': [jws.split('.')[0], body, jws.split('.')[2]].join('.'),
      'a hash in place of the signature': `${jws.split('.')[0]}.${body}.${sha256Hex(Buffer.from(body))}`,
    };
    for (const [how, forged] of Object.entries(forgeries))
      await refused(store, type, forged, `${type}: ${how}`);
    // a genuine document in the place of another
    for (const other of DOCUMENT_TYPES)
      if (other !== type) await refused(store, other, jws, `a ${type} as ${other}`);
  }
  assert.deepEqual(
    (['bundle', 'list', 'assignment', 'policy'] as const).map((type) => store.serial(type)),
    held,
    'what was held is held',
  );
  // the vessel is sound: the genuine ones pass
  for (const [type, jws] of documents) {
    if (type === 'order') assert.equal((await store.verifyOrder(jws)).hostId, victim.hostId);
    else assert.ok(['same', 'adopt'].includes(await store.offer(type, jws)), type);
  }
  assert.ok(certificateToPem(leaf.der).includes('BEGIN'));
});

async function refused(store: DocumentStore, type: DocumentType, jws: string, what: string): Promise<void> {
  await assert.rejects(
    type === 'order' ? store.verifyOrder(jws) : store.offer(type, jws),
    (error: unknown) => error instanceof AppError && error.code.startsWith('DOCUMENT_'),
    what,
  );
}
