import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../errors.ts';
import { LEGACY_LINES_MAX } from '../limits.ts';
import { legacyMessage, maybeOf, oneOf, parseLegacyMessage } from './legacy-lines.ts';

const isInvalid = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'LEGACY_MESSAGE_INVALID';

test('a message is read as it was written', () => {
  const text = legacyMessage([
    ['protocol', 1],
    ['path', '/srv/with a space'],
    ['path', '/srv/ひらがな'],
    ['empty', ''],
  ]);
  const message = parseLegacyMessage(text);
  assert.equal(oneOf(message, 'protocol'), '1');
  assert.deepEqual(message.get('path'), ['/srv/with a space', '/srv/ひらがな']);
  assert.equal(oneOf(message, 'empty'), '');
  assert.equal(maybeOf(message, 'nothing'), undefined);
});

for (const text of [
  'Upper 1',
  'word',
  '1 word',
  'a\tb',
  'word a\u0000b',
  'word a\r',
  '\n\n',
  'a 1\n\nb 2',
  'x'.repeat(70_000),
])
  test(`what is no message is refused: ${JSON.stringify(text.slice(0, 20))}`, () => {
    assert.throws(() => parseLegacyMessage(text), isInvalid);
  });

test('a word that is needed once is not taken twice, and there are no endless lines', () => {
  assert.throws(() => oneOf(parseLegacyMessage('job 1\njob 2\n'), 'job'), isInvalid);
  assert.throws(() => parseLegacyMessage('a 1\n'.repeat(LEGACY_LINES_MAX + 1)), isInvalid);
  assert.throws(() => legacyMessage([['path', 'two\nlines']]), isInvalid);
});
