import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { referencePages } from './reference/pages.ts';

const root = join(import.meta.dirname, '..');

/** Writes docs/reference and docs/requirements.md. A guard test compares them with what this prints. */
for (const { path, text } of referencePages(root)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  console.log(path);
}
