import assert from 'node:assert/strict';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { test } from 'node:test';
import { pad, renderPairs, renderTable, truncate, visible } from './table.ts';

test('S-01 columns stand under each other with wide, narrow, combined and emoji characters', () => {
  const rows = ['web-01', '倉庫サーバー', 'ｶﾅ', 'e\u0301te\u0301', '👨‍👩‍👧 family', ''];
  const [, rule = '', ...lines] = renderTable(
    [{ title: '名前' }, { title: 'x' }],
    rows.map((name) => [name, '|']),
  );
  const at = stringWidth(rule.split('  ')[0] ?? '') + 2;
  for (const line of lines) assert.equal(stringWidth(line.slice(0, line.indexOf('|'))), at, line);
});

test('S-01 numbers stand at the right edge of their column', () => {
  const lines = renderTable(
    [{ title: 'n', right: true }, { title: 'x' }],
    [
      ['7', 'a'],
      ['1,234', 'b'],
    ],
  );
  assert.deepEqual(lines.slice(2), ['    7  a', '1,234  b']);
});

test('S-01 no line of a table ends in a space', () => {
  for (const line of renderTable(
    [{ title: 'a' }, { title: 'b' }],
    [
      ['1', ''],
      ['22', '2'],
    ],
  )) {
    assert.equal(line, line.trimEnd());
  }
});

test('S-01 a table is cut to the width it is given, in the columns that may be cut, and where it must be whole it is', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }),
      fc.integer({ min: 20 }),
      (rows, width) => {
        const columns = [
          { title: 'No.', right: true },
          { title: 'Act', shrinks: true },
          { title: 'By', shrinks: true },
        ];
        const numbered = rows.map(([, act, by], at) => [String(at), act, by]);
        const lines = renderTable(columns, numbered, width);
        for (const line of lines) assert.ok(stringWidth(line) <= width);
        const whole = renderTable(columns, numbered);
        if (whole.every((line) => stringWidth(line) <= width)) assert.deepEqual(lines, whole);
      },
    ),
  );
});

test('S-01 columns that may go leave before others are cut beyond reading, lowest number first, and none goes without need', () => {
  const columns = [
    { title: 'Name', shrinks: true },
    { title: 'ID', goes: 1 },
    { title: 'Media', goes: 2 },
    { title: 'Why', shrinks: true },
  ];
  const rows = [['倉庫サーバー.example.jp', 'x'.repeat(36), 'no', 'y'.repeat(30)]];
  const titles = (width: number): string => renderTable(columns, rows, width)[0]?.replace(/ +/g, ' ') ?? '';
  assert.equal(titles(200), 'Name ID Media Why');
  assert.equal(titles(79), 'Name ID Media Why');
  assert.equal(titles(78), 'Name Media Why');
  assert.equal(titles(41), 'Name Media Why');
  assert.equal(titles(40), 'Name Why');
  for (const width of [79, 78, 41, 40, 20])
    for (const line of renderTable(columns, rows, width)) assert.ok(stringWidth(line) <= width, `${width}`);
});

test('what a host named itself cannot move the cursor or turn the text round', () => {
  const lines = renderTable([{ title: 'a' }], [['x\u001b[2J\u0007\r\n\u202ey']]);
  assert.equal(lines[2], 'x�[2J����y');
});

test('S-01 a value of several lines stays in its column', () => {
  assert.deepEqual(
    renderPairs([
      ['名前', ['a', 'b']],
      ['ID', 'c'],
    ]),
    ['名前  a', '      b', 'ID    c'],
  );
});

test('truncating never exceeds the width, and keeps what fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      const cut = truncate(visible(text), width);
      assert.ok(stringWidth(cut) <= width);
      if (stringWidth(visible(text)) <= width) assert.equal(cut, visible(text));
    }),
  );
});

test('padding fills up to the width in cells', () => {
  assert.equal(pad('関所', 6, false), '関所  ');
  assert.equal(pad('関所', 6, true), '  関所');
  assert.equal(pad('関所', 3, true), '関所');
});
