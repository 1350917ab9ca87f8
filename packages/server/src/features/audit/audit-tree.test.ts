import {
  getAuditCheckpoint,
  getAuditKey,
  getAuditRow,
  listAuditCheckpoints,
  listAuditEntries,
} from '@sekisho/core/wire/audit.ts';
import { canonicalAuditRow } from '@sekisho/core/audit-row.ts';
import { parseDomainId } from '@sekisho/core/ids.ts';
import { listAudit } from '@sekisho/core/wire/trust.ts';
import { parseCertificate } from '@sekisho/pki/certificate.ts';
import { verifyDocument } from '@sekisho/pki/documents.ts';
import { GrowingTree, leafHash, verifyConsistency, verifyInclusion } from '@sekisho/pki/merkle.ts';
import { openCheckpoint, parseNoteVerifier } from '@sekisho/pki/note.ts';
import { FakeClock } from '@sekisho/testkit/fake-clock.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import { TrustServer } from '@sekisho/testkit/trust-server.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_DELAY_MS } from '../../loops/audit-loop.ts';
import { listAudit as readAudit } from './list-audit.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

eachStore((dialect) => {
  test('S-06 what happens is under a signed checkpoint within two seconds, and the CA fingerprint is enough to believe it', async (t) => {
    const clock = new FakeClock();
    const trust = await TrustServer.start(t, { dialect, clock });
    const { store } = trust.server.context;
    const settled = async (): Promise<void> => {
      for (let turn = 0; turn < 40; turn += 1) {
        await clock.advance(AUDIT_DELAY_MS / 20);
        if (!(await trust.server.context.audit.isDue())) return;
      }
      assert.fail('the tree is not up to its rows');
    };
    await settled();

    // who signs: only what the fingerprint vouches for
    const key = await trust.call(getAuditKey);
    const root = parseCertificate(bytes(key.rootCertificate));
    assert.equal(root.fingerprint, trust.caFingerprint);
    const { payload } = await verifyDocument(key.keyDocument, {
      type: 'audit-key',
      domainId: parseDomainId(key.domainId)!,
      anchors: [root],
      nowMs: clock.nowMs(),
    });
    assert.equal(payload.verifierKey, key.verifierKey);
    const verifier = parseNoteVerifier(payload.verifierKey);
    assert.equal(verifier.name, `sekisho.${key.domainId}/audit`);

    const first = openCheckpoint((await trust.call(getAuditCheckpoint)).checkpoint, verifier);
    for (let index = 0; index < 5; index += 1) await trust.token({ name: `token ${index}` });
    await settled();
    const { checkpoint, consistency, ...head } = await trust.call(getAuditCheckpoint, {
      query: { from: first.size },
    });
    const newest = openCheckpoint(checkpoint, verifier);
    assert.equal(newest.size, first.size + 5);
    assert.deepEqual(head, { size: newest.size, root: Buffer.from(newest.root).toString('base64') });
    assert.ok(verifyConsistency({ from: first, to: newest, hashes: consistency!.map(bytes) }));

    // the root is over what the log shows
    const tree = new GrowingTree();
    const { entries, nextFrom, written } = await trust.call(listAuditEntries, { query: { from: 0 } });
    assert.deepEqual([nextFrom, written, entries.length], [null, newest.size, newest.size]);
    for (const { row, leaf } of entries) {
      const hash = leafHash(Buffer.from(canonicalAuditRow(row!)));
      assert.equal(Buffer.from(hash).toString('base64'), leaf);
      tree.append(hash);
    }
    assert.deepEqual(tree.root(), Buffer.from(newest.root));
    const { rows } = await trust.call(listAudit, { query: { limit: 500 } });
    assert.deepEqual(
      rows.reverse(),
      entries.map(({ row }) => row),
    );

    for (const seq of [1, 2, newest.size]) {
      const { row, leaf, proof } = await trust.call(getAuditRow, { params: { seq } });
      assert.equal(row.seq, seq);
      const { index, size, hashes } = proof!;
      assert.ok(
        verifyInclusion({ leaf: bytes(leaf), index, size, hashes: hashes.map(bytes), root: newest.root }),
      );
    }

    // the stop covers what was written last, and the start goes on from there
    await trust.token({ name: 'at the end' });
    await trust.server.stop();
    await trust.restart();
    const stopped = (await readAudit(trust.server.context.store.db, { limit: 500 })).find(
      ({ act }) => act === 'stop-server',
    );
    const { checkpoints } = await trust.call(listAuditCheckpoints, { query: { from: newest.size + 1 } });
    assert.ok(checkpoints.some(({ size }) => size === stopped?.seq));
    for (const one of checkpoints) assert.equal(openCheckpoint(one.checkpoint, verifier).size, one.size);
    await settled();
    const later = await trust.call(getAuditCheckpoint, { query: { from: newest.size } });
    const to = openCheckpoint(later.checkpoint, verifier);
    assert.ok(verifyConsistency({ from: newest, to, hashes: later.consistency!.map(bytes) }));
    assert.equal(store.dialect, dialect);
  });
});
