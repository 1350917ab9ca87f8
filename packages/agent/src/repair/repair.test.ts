import { AppError, type ErrorCode } from '@sekisho/core/errors.ts';
import { parseListId } from '@sekisho/core/ids.ts';
import type { BundlePayload, ListPayload } from '@sekisho/core/wire/documents.ts';
import type { Certificate } from '@sekisho/pki/certificate.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { tempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TestAuthority } from '@sekisho/testkit/test-authority.ts';
import assert from 'node:assert/strict';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { runChild } from '../../test/run-child.ts';
import { dataFolderAt, prepareDataFolder, type DataFolder } from '../data-folder.ts';
import { openDocumentStore, type RepairableStore } from '../documents/document-store.ts';
import { saveAnchors } from '../documents/trust-anchors.ts';
import type { AgentSettings } from '../settings.ts';
import { repairResult } from './repair-agent.ts';

const clock = new FakeClock();
const nowMs = clock.nowMs();
const log = silentLog();
// the domain's CA, and the one that followed when its root was lost: nothing leads from one to the other
const old = await TestAuthority.create({ nowMs });
const anew = await TestAuthority.create({ nowMs, domainId: old.domainId, serverId: old.serverId });
const stranger = await TestAuthority.create({ nowMs });
const { domainId, serverId } = old;

const base64 = ({ der }: Certificate): string => Buffer.from(der).toString('base64');
const bundleOf = (
  ca: TestAuthority,
  serial: number,
  more: readonly (readonly [TestAuthority, 'retiring' | 'compromised'])[] = [],
): Promise<string> => {
  const anchor = (one: TestAuthority, state: 'active' | 'retiring' | 'compromised') => ({
    fingerprint: one.root.certificate.fingerprint,
    certificate: base64(one.root.certificate),
    state,
  });
  const payload: BundlePayload = {
    domain: ca.domainId,
    serial,
    issuedAt: nowMs,
    anchors: [anchor(ca, 'active'), ...more.map(([one, state]) => anchor(one, state))],
    intermediates: [base64(ca.issuing.certificate)],
    links: [],
    crls: [],
    signers: [],
    httpPort: 8014,
  };
  return ca.signDocument('bundle', payload);
};
const listOf = (ca: TestAuthority, serial: number, port: number): Promise<string> => {
  const payload: ListPayload = {
    domain: ca.domainId,
    serial,
    issuedAt: nowMs,
    list: parseListId('11111111-1111-4111-8111-111111111111')!,
    servers: [
      { priority: 1, serverId, address: 'server.example', port, protocol: 'https', acceptedKeys: [] },
    ],
  };
  return ca.signDocument('list', payload);
};

interface Parts {
  bundle: string;
  list: string;
  signer?: TestAuthority;
  domain?: string;
}
async function packageOf({ bundle, list, signer = old, domain }: Parts): Promise<string> {
  const head = { domain: signer.domainId, serial: 1, issuedAt: nowMs };
  const signed = await signer.signDocument('communication', { ...head, bundle, list });
  return JSON.stringify({
    format: 'sekisho-communication-package',
    version: 1,
    domain: domain ?? signer.domainId,
    name: 'Test',
    caFingerprint: signer.root.certificate.fingerprint,
    servers: [],
    signed,
  });
}
const made = async (ca: TestAuthority, generation: number, serial: number, port = 2): Promise<string> =>
  packageOf({ bundle: await bundleOf(ca, generation), list: await listOf(ca, serial, port), signer: ca });

const open = (folder: DataFolder): Promise<RepairableStore> =>
  openDocumentStore({
    folder: folder.documents,
    anchorsFile: folder.anchorsFile,
    domainId,
    clock,
    log,
  });

/** An agent that holds generation 10 and a list of serial 20 under the old CA. */
async function agentFolder(t: TestContext): Promise<DataFolder> {
  const folder = dataFolderAt(await tempFolder(t));
  await prepareDataFolder(folder);
  await saveAnchors(folder.anchorsFile, [old.root.certificate]);
  const documents = await open(folder);
  await documents.offer('bundle', await bundleOf(old, 10));
  await documents.offer('list', await listOf(old, 20, 1));
  return folder;
}
const standing = (documents: RepairableStore): string =>
  [
    documents.serial('bundle'),
    documents.serial('list'),
    documents.held('list')?.payload.servers[0]?.port,
    documents.anchors.map(({ fingerprint }) => (fingerprint === FINGERPRINT_OLD ? 'old' : 'new')).join('+'),
    documents.damaged.size,
  ].join(' ');
const FINGERPRINT_OLD = old.root.certificate.fingerprint;
const FINGERPRINT_NEW = anew.root.certificate.fingerprint;
const AS_IT_WAS = '10 20 1 old 0';

describe('agent repair', () => {
  test('F-13 a newer package of the CA that the agent trusts is taken without a question, and stays', async (t) => {
    const folder = await agentFolder(t);
    const documents = await open(folder);
    const found = await documents.repair(await made(old, 11, 21), undefined);
    assert.equal(found.isKnownRoot, true);
    assert.equal(standing(documents), '11 21 2 old 0');
    assert.equal(standing(await open(folder)), '11 21 2 old 0');
  });

  test('F-13 under a CA that it does not know only the confirmed fingerprint counts; then an older number does too', async (t) => {
    const folder = await agentFolder(t);
    const documents = await open(folder);
    const text = await made(anew, 3, 4);
    await assert.rejects(documents.repair(text, undefined), refusal('REPAIR_FINGERPRINT_NEEDED'));
    await assert.rejects(documents.repair(text, FINGERPRINT_OLD), refusal('REPAIR_FINGERPRINT_MISMATCH'));
    assert.equal(standing(await open(folder)), AS_IT_WAS);
    await documents.repair(text, FINGERPRINT_NEW);
    assert.equal(standing(documents), '3 4 2 new 0');
    assert.equal(standing(await open(folder)), '3 4 2 new 0');
    // and what comes from now on is of the new CA
    assert.equal(await documents.offer('bundle', await bundleOf(anew, 4)), 'adopt');
    await assert.rejects(documents.offer('bundle', await bundleOf(old, 99)));
  });

  const refused: [string, () => Promise<string>, string | undefined, ErrorCode][] = [
    [
      'cut short',
      async () => (await made(old, 11, 21)).slice(0, -40),
      undefined,
      'REPAIR_PACKAGE_UNREADABLE',
    ],
    ['no package', () => Promise.resolve('{"format":"x"}'), undefined, 'REPAIR_PACKAGE_UNREADABLE'],
    ['empty', () => Promise.resolve(''), undefined, 'REPAIR_PACKAGE_UNREADABLE'],
    ['of another domain', () => made(stranger, 11, 21), undefined, 'REPAIR_OTHER_DOMAIN'],
    [
      'of another domain that calls itself ours',
      async () =>
        packageOf({
          bundle: await bundleOf(stranger, 11),
          list: await listOf(stranger, 21, 2),
          signer: stranger,
          domain: domainId,
        }),
      stranger.root.certificate.fingerprint,
      'REPAIR_OTHER_DOMAIN',
    ],
    ['with an older bundle', () => made(old, 9, 21), undefined, 'REPAIR_OLDER'],
    ['with an older list', () => made(old, 11, 19), undefined, 'REPAIR_OLDER'],
    ['with another list of the same number', () => made(old, 11, 20, 7), undefined, 'REPAIR_FORK'],
    [
      'with a list of another CA than its bundle',
      async () => packageOf({ bundle: await bundleOf(old, 11), list: await listOf(anew, 21, 2) }),
      undefined,
      'REPAIR_SIGNATURE_INVALID',
    ],
    [
      'put together by somebody else out of genuine parts',
      async () =>
        packageOf({ bundle: await bundleOf(old, 11), list: await listOf(old, 21, 2), signer: anew }),
      undefined,
      'REPAIR_SIGNATURE_INVALID',
    ],
    [
      'with a forged signature',
      async () => {
        const text = await made(old, 11, 21);
        const { signed } = JSON.parse(text) as { signed: string };
        return text.replace(signed, `${signed.slice(0, -6)}AAAAAA`);
      },
      undefined,
      'REPAIR_SIGNATURE_INVALID',
    ],
    [
      'whose fingerprint is another, though the CA is known',
      () => made(old, 11, 21),
      FINGERPRINT_NEW,
      'REPAIR_FINGERPRINT_MISMATCH',
    ],
  ];
  for (const [what, make, fingerprint, code] of refused)
    test(`F-13 a package ${what} is refused, and the agent stays as it is`, async (t) => {
      const folder = await agentFolder(t);
      const documents = await open(folder);
      await assert.rejects(documents.repair(await make(), fingerprint), refusal(code));
      assert.deepEqual([standing(documents), standing(await open(folder))], [AS_IT_WAS, AS_IT_WAS]);
    });

  test('F-13 a CA that the domain called compromised is not confirmed by any fingerprint', async (t) => {
    const folder = await agentFolder(t);
    const documents = await open(folder);
    await documents.offer('bundle', await bundleOf(old, 12, [[anew, 'compromised']]));
    await assert.rejects(
      documents.repair(await made(anew, 30, 40), FINGERPRINT_NEW),
      refusal('REPAIR_ROOT_COMPROMISED'),
    );
  });

  test('F-13 whether the host keeps its certificate is told, and else how it gets another', async (t) => {
    const folder = await agentFolder(t);
    const documents = await open(folder);
    const host = await old.host();
    const settings: AgentSettings = {
      version: 1,
      name: 'web-01',
      names: [],
      media: false,
      server: { host: 'gone.example', port: 13_000 },
      keyAlgorithm: 'p256',
      state: { is: 'deployed', hostId: host.hostId, domainId, serverId },
      allowCommands: false,
      mediaFolder: null,
    };
    const tell = async (text: string, fingerprint: string | undefined, atMs = nowMs) =>
      repairResult(await documents.repair(text, fingerprint), {
        folder,
        settings,
        documents,
        identity: { ...host, certificate: host.certificate },
        clock: { ...clock, nowMs: () => atMs } as unknown as FakeClock,
      });
    assert.equal((await tell(await made(old, 11, 21), undefined)).certificate, 'fits');
    const end = host.certificate.notAfterMs + 1;
    assert.equal((await tell(await made(old, 12, 22), undefined, end)).certificate, 'expired');
    const { certificate, command } = await tell(await made(anew, 3, 4), FINGERPRINT_NEW);
    assert.equal(certificate, 'foreign');
    assert.match(command, /agent setup .*--server server\.example:2 --name web-01 --reissue$/);
  });

  test('F-13 a repair that a full disk interrupted is carried out before anything newer is adopted', async (t) => {
    const folder = await agentFolder(t);
    const documents = await open(folder);
    // a folder where a file is to be written: as on a full disk, it can't be
    const obstacle = join(folder.documents, 'list.jws.previous');
    await mkdir(obstacle);
    await assert.rejects(documents.repair(await made(anew, 3, 4), FINGERPRINT_NEW), {
      code: 'REPAIR_UNFINISHED',
      params: { detail: 'EISDIR' },
    });
    assert.equal(documents.isRepairUnfinished, true);
    assert.equal(standing(documents), AS_IT_WAS);
    await assert.rejects(documents.offer('bundle', await bundleOf(old, 11)), { code: 'EISDIR' });
    await rmdir(obstacle);
    await assert.rejects(documents.offer('bundle', await bundleOf(old, 11)), AppError);
    assert.equal(standing(documents), '3 4 2 new 0');
    await documents.offer('bundle', await bundleOf(anew, 5));
    assert.equal(standing(documents), '5 4 2 new 0');
    assert.equal(standing(await open(folder)), '5 4 2 new 0');
  });

  test('F-13 an agent that starts on a full disk in the middle of a repair goes on with what it has, and finishes when there is room', async (t) => {
    // interrupted at the bundle, and at the list
    for (const place of ['bundle.jws.previous', 'list.jws.previous']) {
      const folder = await agentFolder(t);
      const obstacle = join(folder.documents, place);
      await mkdir(obstacle);
      await assert.rejects((await open(folder)).repair(await made(anew, 3, 4), FINGERPRINT_NEW), {
        code: 'REPAIR_UNFINISHED',
      });
      const documents = await open(folder);
      assert.deepEqual([standing(documents), documents.isRepairUnfinished], [AS_IT_WAS, true], place);
      assert.deepEqual([...documents.damaged], [], place);
      await assert.rejects(documents.finishRepair(), { code: 'EISDIR' });
      await assert.rejects(documents.offer('bundle', await bundleOf(old, 11)), { code: 'EISDIR' });
      assert.equal(standing(documents), AS_IT_WAS, place);
      await rmdir(obstacle);
      await documents.finishRepair();
      assert.deepEqual([standing(documents), documents.isRepairUnfinished], ['3 4 2 new 0', false], place);
      assert.equal(standing(await open(folder)), '3 4 2 new 0', place);
    }
  });

  test('F-13 killed at any moment of a repair the agent has its old state or the new one, never parts', async (t) => {
    const file = join(await tempFolder(t), 'package');
    await writeFile(file, await made(anew, 3, 4));
    const NEW = '3 4 2 new 0';
    for (const [point, stands] of [
      ['agent-repair.before-commit', AS_IT_WAS],
      ['agent-repair.committed', NEW],
      ['agent-repair.bundle-written', NEW],
      ['agent-repair.all-written', NEW],
    ] as const) {
      const folder = await agentFolder(t);
      const child = await runChild(['repair', folder.root, domainId, file, FINGERPRINT_NEW], point);
      assert.equal(child.killed, true, `${point}: ${child.output} ${child.errors}`);
      await prepareDataFolder(folder);
      assert.equal(standing(await open(folder)), stands, point);
      assert.equal(standing(await open(folder)), stands, `${point}, opened again`);
    }
  });
});

const refusal = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code;
