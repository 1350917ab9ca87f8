import { epochMs } from '@sekisho/core/wire/scalars.ts';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What stands beside a backup file; written last, so a backup without it is not complete. */
export const backupManifest = z.object({
  version: z.literal(1),
  file: z.string().regex(/^sekisho-[\dTZ]+\.(sqlite|sql)$/),
  dialect: z.enum(['sqlite', 'postgres']),
  schemaVersion: z.int().min(0),
  domainId: z.uuid(),
  createdAtMs: epochMs,
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Made by the server itself: removed when newer ones are enough. */
  automatic: z.boolean(),
  /** Rows of each table. */
  rows: z.record(z.string(), z.int().min(0)),
});
export type BackupManifest = z.infer<typeof backupManifest>;

/** `sekisho-20260131T235959Z`: sorts by time. */
export const backupStem = (nowMs: number): string =>
  `sekisho-${new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '')}`;

/** Complete backups of a folder, the newest first; no folder is no backup. */
export async function listBackups(folder: string): Promise<BackupManifest[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found: BackupManifest[] = [];
  for (const name of names) {
    if (!/^sekisho-[\dTZ]+\.json$/.test(name)) continue;
    const parsed = backupManifest.safeParse(await readJson(join(folder, name)));
    if (parsed.success && names.includes(parsed.data.file)) found.push(parsed.data);
  }
  return found.sort((a, b) => b.createdAtMs - a.createdAtMs);
}

/** When the newest complete backup was made; undefined: never. */
export const newestBackupMs = async (folder: string): Promise<number | undefined> =>
  (await listBackups(folder))[0]?.createdAtMs;

/** Removes automatic backups beyond the newest `keep`; those that people made stay. Returns how many went. */
export async function pruneBackups(folder: string, keep: number): Promise<number> {
  const surplus = (await listBackups(folder)).filter(({ automatic }) => automatic).slice(keep);
  for (const { file } of surplus) {
    await rm(join(folder, file.replace(/\.\w+$/, '.json')), { force: true });
    await rm(join(folder, file), { force: true });
  }
  return surplus.length;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
