import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What can call back when a test, or a whole file, has ended: node:test's context or its `{ after }`. */
export interface HasAfter {
  after(cleanUp: () => void | Promise<void>): void;
}

/** A fresh folder under the system's temporary folder, removed with its content when the test has ended. */
export async function tempFolder(t: HasAfter): Promise<string> {
  const { path, remove } = await makeTempFolder();
  t.after(remove);
  return path;
}

/** The same, for those who clean up themselves. */
export async function makeTempFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'sekisho-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
