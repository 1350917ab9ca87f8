import { verifyLog } from '@sekisho/cli/audit/verify-log.ts';
import { serverSource } from '@sekisho/cli/audit/sources.ts';
import { signerKeyOf } from '@sekisho/pki/documents.ts';
import { createGroup, moveHost } from '@sekisho/core/wire/groups.ts';
import { getRotation, planRotation, startRotation, type OutsideInput } from '@sekisho/core/wire/rotations.ts';
import { rootGroup } from '@sekisho/server/features/hosts/host-rows.ts';
import { eventually } from '@sekisho/testkit/eventually.ts';
import { Fleet } from '@sekisho/testkit/fleet.ts';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const PASSWORD = 'open sesame';
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
const SIGNS = ['basicConstraints=CA:FALSE', 'keyUsage=digitalSignature'];
const ISSUES = ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign,cRLSign'];

/** A CA that nobody here knows, of two tiers, made by the real openssl. */
class OutsideCa {
  readonly #folder: string;
  #when = 'now';

  constructor(folder: string) {
    this.#folder = folder;
    this.make('o-root', { extensions: ISSUES });
    this.make('o-issuing', { extensions: ISSUES, by: 'o-root' });
  }

  run(...args: string[]): void {
    // faketime's own now may be a second ahead
    const [program, ...rest] = this.#when === 'now' ? ['openssl'] : ['faketime', this.#when, 'openssl'];
    execFileSync(program, [...rest, ...args], { cwd: this.#folder, stdio: 'pipe' });
  }

  read = (file: string): string => readFileSync(join(this.#folder, file), 'utf8');

  /** Writes NAME.pem and NAME.key. */
  make(name: string, how: { extensions?: string[]; by?: string; key?: string[] } = {}): void {
    const { extensions = SIGNS, by, key = EC } = how;
    const issuer = by === undefined ? [] : ['-CA', `${by}.pem`, '-CAkey', `${by}.key`];
    const said = extensions.flatMap((one) => ['-addext', one]);
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`];
    this.run('req', '-x509', ...key, ...files, '-days', '300', ...issuer, ...said);
  }

  leaf(name: string, how: { extensions?: string[]; when?: string; key?: string[] } = {}): OutsideInput {
    this.#when = how.when ?? 'now';
    this.make(name, { ...how, by: 'o-issuing' });
    this.#when = 'now';
    const chainPem = this.read(`${name}.pem`) + this.read('o-issuing.pem') + this.read('o-root.pem');
    return { chainPem, keyPem: this.read(`${name}.key`) };
  }

  /** The same as PKCS#12, with what came before it in the chain. */
  packed(name: string, password = PASSWORD): OutsideInput & { pkcs12: string } {
    this.make(name, { by: 'o-issuing' });
    const file = join(this.#folder, `${name}.p12`);
    const both = ['-inkey', `${name}.key`, '-in', `${name}.pem`, '-certfile', 'o-issuing.pem'];
    this.run('pkcs12', '-export', ...both, '-passout', `pass:${PASSWORD}`, '-out', file);
    return { pkcs12: readFileSync(file).toString('base64'), password };
  }
}

test('F-30 a signing certificate from outside is checked field by field, and real agents adopt what it signs until a domain certificate is back', async (t) => {
  const fleet = await Fleet.start(t, { heartbeatSeconds: 1, hosts: [{ name: 'one' }, { name: 'two' }] });
  const outside = new OutsideCa(fleet.folder);
  const { keys, store } = fleet.server.context;
  const codes = async (given: OutsideInput, kind: 'signing' | 'tls' = 'signing'): Promise<string[]> => {
    const { findings } = await fleet.call(planRotation, { body: { kind, outside: given } });
    return findings.map(({ code }) => code);
  };

  await t.test('faults', async () => {
    const good = outside.leaf('good');
    assert.ok('chainPem' in good);
    assert.deepEqual(await codes(good), []);
    const [leafPem = '', issuingPem = ''] = good.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
    const packed = outside.packed('faults');
    const bytes = Buffer.from(packed.pkcs12, 'base64');
    bytes[bytes.length - 20]! ^= 1;
    const cases: readonly [string, OutsideInput, string[], ('signing' | 'tls')?][] = [
      ['another key', { ...good, keyPem: outside.read('o-root.key') }, ['OUTSIDE_KEY_OTHER']],
      ['no key', { ...good, keyPem: leafPem }, ['OUTSIDE_KEY_UNREADABLE']],
      ['no chain', { ...good, chainPem: leafPem }, ['OUTSIDE_CHAIN_INCOMPLETE']],
      ['a gap', { ...good, chainPem: leafPem + outside.read('o-root.pem') }, ['OUTSIDE_CHAIN_INCOMPLETE']],
      ['the root left out', { ...good, chainPem: leafPem + issuingPem }, []],
      ['run out', outside.leaf('late', { when: '500 days ago' }), ['OUTSIDE_EXPIRED']],
      ['not yet', outside.leaf('early', { when: '9 days' }), ['OUTSIDE_NOT_YET_VALID']],
      [
        'a usage',
        outside.leaf('usage', { extensions: ['basicConstraints=CA:FALSE', 'keyUsage=keyEncipherment'] }),
        ['OUTSIDE_USAGE_WRONG'],
      ],
      ['a CA', outside.leaf('ca', { extensions: ISSUES }), ['OUTSIDE_USAGE_WRONG', 'OUTSIDE_USAGE_WRONG']],
      ['RSA', outside.leaf('rsa', { key: ['-newkey', 'rsa:3072', '-nodes'] }), ['OUTSIDE_KEY_WEAK']],
      ['no certificate', { ...good, chainPem: good.keyPem }, ['CERTIFICATE_MALFORMED']],
      ['PKCS#12', packed, []],
      ['another password', { ...packed, password: 'x' }, ['PKCS12_PASSWORD_WRONG']],
      ['damage', { ...packed, pkcs12: bytes.toString('base64') }, ['PKCS12_DAMAGED']],
      ['another name', good, ['OUTSIDE_NAME_MISSING'], 'tls'],
    ];
    for (const [what, given, expected, kind] of cases)
      assert.deepEqual(await codes(given, kind), expected, what);
    await assert.rejects(
      fleet.call(startRotation, {
        body: { kind: 'signing', outside: outside.leaf('old', { when: '500 days ago' }) },
      }),
      { code: 'ROTATION_OUTSIDE_REFUSED' },
    );
  });

  const groups: { id: Awaited<ReturnType<typeof rootGroup>> }[] = [];
  /** Updates the certificate; then both agents adopt what it signs, on their disks, and the audit log is proved. */
  const update = async (what: string, given?: OutsideInput): Promise<string> => {
    const { id } = await fleet.call(startRotation, { body: { kind: 'signing', outside: given } });
    const done = await eventually(`the update to ${what} ends`, async () => {
      const view = await fleet.call(getRotation, { params: { id } });
      return view.endedAtMs === null ? undefined : view;
    });
    assert.deepEqual([done.phase, done.outside], ['done', given !== undefined]);
    assert.equal(keys.certificateOf('document-signer').keyId, done.toKeyId);
    // something new to adopt: another group, so another assignment and policy
    const group = await fleet.call(createGroup, {
      body: { name: what, parentId: await rootGroup(store.db) },
    });
    groups.push(group);
    for (const name of ['one', 'two']) {
      const params = { id: fleet.host(name).hostId };
      await fleet.call(moveHost, { params, body: { groupId: group.id, dryRun: false } });
      for (const type of ['assignment', 'policy', 'list'])
        await eventually(`${name} has ${type} of ${what}`, async () =>
          (await signersOn(fleet, name)).get(type) === done.toKeyId ? true : undefined,
        );
    }
    const caFingerprint = keys.certificateOf('root').fingerprint;
    const proved = await verifyLog(await serverSource(fleet.call), { caFingerprint });
    assert.deepEqual(proved.findings, [], 'S-06 the log is proved from the CA fingerprint alone');
    return done.toKeyId;
  };

  await t.test('PEM', () => update('PEM', outside.leaf('first')).then(() => undefined));
  await t.test('PKCS#12; then the server and an agent are started again', async () => {
    await update('PKCS#12', outside.packed('second'));
    await fleet.stopServer();
    await fleet.startServer();
    await fleet.restartAgent('one');
    await eventually('one is heard again', () =>
      fleet.server.context.fleet.seen(fleet.host('one').hostId)?.online === true ? true : undefined,
    );
  });
  await t.test('a domain certificate again', async () => {
    await fleet.restartAgent('two');
    const { id } = await fleet.call(startRotation, { body: { kind: 'signing' } });
    const done = await eventually('the last update ends', async () => {
      const view = await fleet.call(getRotation, { params: { id } });
      return view.endedAtMs === null ? undefined : view;
    });
    assert.deepEqual([done.phase, done.outside], ['done', false]);
    const { context } = fleet.server;
    const signers = context.keys.keysOf('document-signer');
    assert.deepEqual(
      signers.map(({ outsideChain, state }) => [outsideChain, state]),
      [[null, 'active']],
    );
    for (const name of ['one', 'two'])
      await eventually(`${name} has what it signed`, async () =>
        (await signersOn(fleet, name)).get('list') === done.toKeyId ? true : undefined,
      );
    const caFingerprint = context.keys.certificateOf('root').fingerprint;
    const proved = await verifyLog(await serverSource(fleet.call), { caFingerprint });
    assert.deepEqual(proved.findings, []);
  });
});

/** Who signed what lies on an agent's disk, by type. */
async function signersOn(fleet: Fleet, name: string): Promise<Map<string, string | undefined>> {
  const folder = join(fleet.host(name).dataFolder, 'documents');
  const found = new Map<string, string | undefined>();
  for (const file of await readdir(folder)) {
    const type = /^([a-z]+)\.jws$/.exec(file)?.[1];
    if (type === undefined) continue;
    const text = await readFile(join(folder, file), 'utf8').catch(() => '');
    if (text.split('.').length === 3) found.set(type, signerKeyOf(text.trim()));
  }
  return found;
}
