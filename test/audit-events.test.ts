import { AUDIT_CATEGORIES, AUDIT_EVENTS, auditSentence } from '@sekisho/core/audit-events.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readText, sourceFiles } from '../tools/source-files.ts';
import { ROOT } from './root.ts';

/** The sources that write audit rows. */
const writers = sourceFiles(ROOT)
  .filter((file) => file.startsWith('packages/server/src/'))
  .map((file) => readText(ROOT, file))
  .filter((text) =>
    /record-audit\.ts'|\bAuditAct\b|\bRefusalBook\b|\brefusals\.note\(|\bnoteRefusal\b/.test(text),
  )
  .join('\n');

test('S-06 every act of the table is written somewhere in the sources', () => {
  // acts that are put together: `order-${kind}`
  const prefixes = [...writers.matchAll(/\bact: `([a-z-]+-)\$\{/g)].map(([, prefix = '']) => prefix);
  const unused = Object.keys(AUDIT_EVENTS).filter(
    (act) => !writers.includes(`'${act}'`) && !prefixes.some((prefix) => act.startsWith(prefix)),
  );
  assert.deepEqual(unused, []);
});

test('S-06 every act has a category with words, and a sentence in both languages', () => {
  for (const [act, event] of Object.entries(AUDIT_EVENTS)) {
    assert.match(act, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(Object.hasOwn(AUDIT_CATEGORIES, event.category), act);
    assert.match(event.en, /^[a-z][^.]*$/, `${act}: a phrase without a full stop`);
    assert.match(event.ja, /[぀-ヿ一-鿿]/, act);
    for (const language of ['en', 'ja'] as const) {
      const values = [...event[language].matchAll(/\{(\w+)\}/g)].map(([, value]) => value);
      assert.ok(
        values.every((value) => value === 'subject'),
        `${act} has an unknown value`,
      );
      assert.equal(
        event.en.includes('{subject}'),
        event[language].includes('{subject}'),
        `${act}: both languages name the subject, or neither`,
      );
    }
  }
});

test('S-06 a row reads as a sentence, also one that a newer version wrote', () => {
  const row = { act: 'revoke-host', subject: 'an-id', detail: { name: 'web-01' } };
  assert.equal(auditSentence(row, 'en'), 'revoke the certificates of web-01');
  assert.equal(auditSentence({ ...row, detail: {} }, 'ja'), 'an-id の証明書を失効');
  assert.equal(auditSentence({ ...row, act: 'from-the-future' }, 'en'), 'from-the-future: an-id');
});
