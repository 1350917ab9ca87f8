import { AppError } from '@sekisho/core/errors.ts';
import { checkpointText, signNote } from '@sekisho/pki/note.ts';
import { generatePrivateKey } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { makeTempFolder } from '@sekisho/testkit/temp-folder.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../main.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { fileSource, serverSource } from './sources.ts';
import { verifyLog, type AuditFinding } from './verify-log.ts';

const refusedWith = (code: string) => (error: unknown) => error instanceof AppError && error.code === code;
const named = (findings: readonly AuditFinding[]): string[] =>
  findings.map(({ seq, what }) => `${seq} ${what}`);

eachStore((dialect) => {
  test('S-06 every way to tamper with the tables is found, and the row is named', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { store, audit } = trust.server.context;
    const { db } = store;
    const tend = (): Promise<void> => audit.tend(() => Promise.resolve());
    const write = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) await trust.token({ name: `t${index}` });
      await tend();
    };
    await write(4);
    const early = (await serverSource(trust.call)).checkpoint;
    await write(6);
    const last = (await serverSource(trust.call)).checkpoint;
    const size = Number(last.split('\n')[1]);

    const { caFingerprint } = trust;
    const verify = async (held?: string): Promise<string[]> =>
      named((await verifyLog(await serverSource(trust.call), { caFingerprint, held })).findings);
    for (const held of [undefined, early, last]) assert.deepEqual(await verify(held), []);

    const tables = ['audit', 'audit_tiles', 'audit_checkpoints', 'counters'] as const;
    const kept = new Map<string, object[]>();
    for (const table of tables) kept.set(table, await db.selectFrom(table).selectAll().execute());
    /** Tampers, looks, and puts everything back. */
    const found = async (tamper: () => Promise<unknown>, held?: string): Promise<string[]> => {
      await tamper();
      try {
        return await verify(held);
      } finally {
        for (const table of tables) {
          await db.deleteFrom(table).execute();
          for (const row of kept.get(table) ?? [])
            await db
              .insertInto(table)
              .values(row as never)
              .execute();
        }
      }
    };
    const change = (seq: number, values: object): Promise<unknown> =>
      db.updateTable('audit').set(values).where('seq', '=', seq).execute();
    const row = async (seq: number) =>
      db.selectFrom('audit').selectAll().where('seq', '=', seq).executeTakeFirstOrThrow();
    const remove = (from: number): Promise<unknown> =>
      db.deleteFrom('audit').where('seq', '>=', from).execute();

    for (const [column, value] of Object.entries({
      at_ms: 1,
      category: 'JOB',
      act: 'sign-out',
      actor: 'nobody',
      origin: '192.0.2.1',
      subject: 'x',
      outcome: 'refused',
      detail: '{}',
    }))
      assert.deepEqual(await found(() => change(8, { [column]: value })), ['8 changed'], column);
    assert.deepEqual(await found(() => change(8, { detail: 'no JSON' })), ['8 removed']);
    assert.deepEqual(await found(() => db.deleteFrom('audit').where('seq', '=', 5).execute()), ['5 removed']);
    assert.deepEqual(await found(() => remove(size)), [`${size} removed`]);
    assert.deepEqual(
      await found(async () =>
        db
          .insertInto('audit')
          .values({ ...(await row(2)), seq: 0 })
          .execute(),
      ),
      ['0 inserted'],
    );
    assert.deepEqual(
      await found(async () =>
        db
          .insertInto('audit')
          .values({ ...(await row(2)), seq: size + 1 })
          .execute(),
      ),
      [`${size + 1} inserted`],
    );
    assert.deepEqual(
      await found(async () => {
        const [one, two] = [await row(2), await row(7)];
        await change(2, { ...two, seq: 2 });
        await change(7, { ...one, seq: 7 });
      }),
      ['2 changed', '7 changed'],
    );

    // the hashes beside the rows are changed too
    const forgeLeaf = async (at: number): Promise<void> => {
      const tile = await db
        .selectFrom('audit_tiles')
        .selectAll()
        .where('level', '=', 0)
        .executeTakeFirstOrThrow();
      const hashes = Buffer.from(tile.hashes, 'base64');
      hashes.fill(7, (at - 1) * 32, at * 32);
      await db
        .updateTable('audit_tiles')
        .set({ hashes: hashes.toString('base64') })
        .where('level', '=', 0)
        .execute();
    };
    assert.deepEqual(await found(() => forgeLeaf(4)), ['4 tree']);
    assert.deepEqual(await found(() => db.deleteFrom('audit_tiles').execute()), ['1 tree']);
    const both = await found(async () => {
      await change(6, { subject: 'x' });
      await forgeLeaf(6);
    });
    assert.ok(both.includes('6 changed') && both.some((one) => one.endsWith('tree')), both.join());

    // the whole is put back to what it was earlier: only a checkpoint from elsewhere tells
    const rollBack = async (): Promise<void> => {
      const to = Number(early.split('\n')[1]);
      await remove(to + 1);
      await db.deleteFrom('audit_checkpoints').where('size', '>', to).execute();
      await db.updateTable('counters').set({ value: to }).where('name', '=', 'audit').execute();
    };
    assert.deepEqual(await found(rollBack, early), []);
    assert.deepEqual(await found(rollBack, last), [`${Number(early.split('\n')[1]) + 1} rewritten`]);

    // checkpoints
    const note = async (text: string): Promise<unknown> =>
      db.updateTable('audit_checkpoints').set({ note: text }).where('size', '=', size).execute();
    const { origin } = audit.key;
    const forged = checkpointText({ origin, size, root: Buffer.alloc(32, 9) });
    const other = fileSigner(await generatePrivateKey('ed25519'));
    await assert.rejects(
      found(async () => note(await signNote(forged, origin, other))),
      refusedWith('NOTE_UNSIGNED'),
    );
    const signature = last.split('\n\n')[1] ?? '';
    await assert.rejects(
      found(() => note(`${forged}\n${signature}`)),
      refusedWith('NOTE_SIGNATURE_INVALID'),
    );
    const elsewhere = 'sekisho.00000000-0000-4000-8000-000000000000/audit';
    const foreign = await signNote(forged.replace(origin, elsewhere), elsewhere, other);
    await assert.rejects(verify(foreign), refusedWith('NOTE_UNSIGNED'));
    await assert.rejects(
      async () => verifyLog(await serverSource(trust.call), { caFingerprint: 'ab'.repeat(32) }),
      refusedWith('AUDIT_FINGERPRINT_OTHER'),
    );
    // who has the key of the log signs what he likes, and still cannot continue what was kept elsewhere
    const resigned = await found(async () => {
      await note(await signNote(forged, origin, audit.key.signer));
      await db.deleteFrom('audit_checkpoints').where('size', '<', size).execute();
    }, early);
    assert.ok(resigned.includes('1 tree') || resigned.some((one) => one.endsWith('tree')), resigned.join());
    const rewritten = checkpointText({
      origin,
      size: Number(early.split('\n')[1]),
      root: Buffer.alloc(32, 3),
    });
    assert.deepEqual(await verify(await signNote(rewritten, origin, audit.key.signer)), ['1 rewritten']);
    assert.deepEqual(await verify(last), []);

    // the server itself finds what is changed or gone before the tree has it, and says so in the log
    await trust.token({ name: 'one' });
    await trust.token({ name: 'two' });
    await trust.token({ name: 'three' });
    await change(size + 1, { subject: 'another' });
    await db
      .deleteFrom('audit')
      .where('seq', '=', size + 2)
      .execute();
    await tend();
    await tend();
    const own = await db
      .selectFrom('audit')
      .select(['subject', 'detail'])
      .where('act', '=', 'find-audit-tampering')
      .orderBy('seq')
      .execute();
    assert.deepEqual(
      own.map(({ subject, detail }) => [Number(subject), JSON.parse(detail) as unknown]),
      [
        [size + 1, { what: 'row-changed' }],
        [size + 2, { what: 'row-missing' }],
      ],
    );
    assert.deepEqual(await verify(last), [`${size + 2} removed`]);

    // a tree that does not fit its signed head is never signed
    await forgeLeaf(2);
    const before = (await serverSource(trust.call)).checkpoint;
    await trust.token({ name: 'four' });
    await tend();
    assert.equal((await serverSource(trust.call)).checkpoint, before);
  });

  test('S-06 an export is proved without its server, and every change of it is found', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { path: folder, remove } = await makeTempFolder();
    t.after(remove);
    for (let index = 0; index < 5; index += 1) await trust.token({ name: `トークン ${index}` });
    await trust.server.context.audit.tend(() => Promise.resolve());
    const sekisho = async (...argv: string[]) => {
      const terminal = fakeTerminal({ env: { SEKISHO_DATA: trust.dataFolder, LANG: 'C.UTF-8' }, tty: false });
      const exitCode = await runCli(argv, terminal.io);
      return { exitCode, text: terminal.printed.map(({ text }) => text).join('') };
    };
    const file = join(folder, 'audit.jsonl');
    assert.equal((await sekisho('audit', 'export', '--out', file)).exitCode, 0);
    assert.match((await sekisho('audit', 'export', '--out', file)).text, /FILE_EXISTS/);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const kept = join(folder, 'kept.checkpoint');
    const { caFingerprint } = trust;
    const flags = ['--ca-fingerprint', caFingerprint];
    assert.equal((await sekisho('audit', 'verify', ...flags, '--save', kept)).exitCode, 0);
    const proved = await sekisho('audit', 'verify', '--file', file, ...flags, '--checkpoint', kept);
    assert.equal(proved.exitCode, 0, proved.text);
    assert.match(proved.text, /Proved: \d+ rows/);

    const findings = async (changed: readonly string[]): Promise<string[]> => {
      const path = join(folder, 'changed.jsonl');
      await writeFile(path, `${changed.join('\n')}\n`);
      return named((await verifyLog(await fileSource(path), { caFingerprint })).findings);
    };
    const size = lines.length - 1;
    assert.deepEqual(await findings(lines), []);
    assert.deepEqual(
      await findings(lines.map((line, at) => (at === 2 ? line.replace('"actor":"', '"actor":"x') : line))),
      ['2 changed'],
    );
    assert.ok((await findings(lines.filter((_, at) => at !== 3))).includes('3 removed'));
    assert.ok(
      (await findings([...lines.slice(0, 3), lines[4]!, lines[3]!, ...lines.slice(5)])).includes('3 moved'),
    );
    assert.deepEqual(await findings(lines.slice(0, -1)), [`${size} cut`]);
    const inserted = await findings([...lines.slice(0, 3), lines[2]!, ...lines.slice(3)]);
    assert.deepEqual(inserted, ['2 moved']);
    for (const broken of [[], ['{}'], [lines[0]!, '{'], [lines[0]!, '{"seq":1}'], lines.slice(1)])
      await assert.rejects(findings(broken), refusedWith('AUDIT_EXPORT_MALFORMED'));

    const bad = join(folder, 'changed.jsonl');
    await writeFile(
      bad,
      `${lines.map((line) => line.replace('"origin":"local"', '"origin":"here"')).join('\n')}\n`,
    );
    const refused = await sekisho('audit', 'verify', '--file', bad, ...flags);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.text, /the row was changed[\s\S]*AUDIT_LOG_CHANGED/);

    const csv = join(folder, 'audit.csv');
    assert.equal((await sekisho('audit', 'export', '--format', 'csv', '--bom', '--out', csv)).exitCode, 0);
    const bytes = await readFile(csv);
    assert.equal(bytes.subarray(0, 3).toString('hex'), 'efbbbf');
    assert.equal(bytes.toString('utf8').split('\r\n').length, size + 2);
  });
});
