import { Secret } from '@sekisho/platform/secret.ts';
import { eachStore } from '@sekisho/testkit/stores.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../store/store.ts';
import { listAudit } from './list-audit.ts';
import { AUDIT_DETAIL_LENGTH_MAX } from './redact-detail.ts';
import { recordAudit, type AuditEntry } from './record-audit.ts';

const entry: AuditEntry = {
  act: 'create-token',
  actor: 'root',
  origin: 'local',
  subject: 'first',
  outcome: 'done',
  detail: { uses: 1 },
};
const record = (store: Store, changed: Partial<AuditEntry> = {}, nowMs = 5): Promise<void> =>
  store.transaction((tx) => recordAudit(tx, { ...entry, ...changed }, nowMs));

eachStore((_dialect, open) => {
  test('an act is in the audit log with who, from where, what and how it ended', async (t) => {
    const { store } = await open(t);
    await record(store, { outcome: 'refused', detail: { code: 'TOKEN_EXPIRED', before: null } });
    assert.deepEqual(await listAudit(store.db), [
      {
        seq: 1,
        atMs: 5,
        category: 'TOKEN',
        ...entry,
        outcome: 'refused',
        detail: { code: 'TOKEN_EXPIRED', before: null },
      },
    ]);
  });

  test('the audit log pages from the newest, without holes', async (t) => {
    const { store } = await open(t);
    for (let index = 1; index <= 7; index += 1) await record(store, { subject: `${index}` });
    const first = await listAudit(store.db, { limit: 3 });
    const second = await listAudit(store.db, { limit: 3, before: first.at(-1)?.seq });
    const third = await listAudit(store.db, { limit: 3, before: second.at(-1)?.seq });
    assert.deepEqual(
      [...first, ...second, ...third].map(({ subject }) => subject),
      ['7', '6', '5', '4', '3', '2', '1'],
    );
  });

  test('an act that is rolled back is not in the log', async (t) => {
    const { store } = await open(t);
    await assert.rejects(
      store.transaction(async (tx) => {
        await recordAudit(tx, entry, 5);
        throw new Error('no');
      }),
    );
    await record(store);
    assert.deepEqual(
      (await listAudit(store.db)).map(({ seq }) => seq),
      [1],
    );
  });

  test('a secret is not written, too long a detail is cut, and a NUL does no harm', async (t) => {
    const { store } = await open(t);
    await record(store, { detail: { token: new Secret('hush'), text: 'a\0b' }, subject: 'a\0b' });
    await record(store, { detail: { text: 'x'.repeat(AUDIT_DETAIL_LENGTH_MAX) } });
    const [long, secret] = await listAudit(store.db);
    assert.deepEqual(secret?.detail, { token: '[redacted]', text: 'a\0b' });
    assert.equal(secret?.subject, 'ab');
    assert.equal(long?.detail['cut'], true);
  });
});
