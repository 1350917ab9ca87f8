import { DOCUMENT_BYTES_MAX } from '@sekisho/core/limits.ts';
import { chainToPem, parsePemCertificates, type Certificate } from '@sekisho/pki/certificate.ts';
import { crashPoint } from '@sekisho/platform/crash-point.ts';
import { syncFolder, writeDurably } from '@sekisho/platform/durable-file.ts';
import type { Log } from '@sekisho/platform/log.ts';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AnchorFiles } from '../documents/anchor-files.ts';
import { isMissing } from '../settings.ts';

const JOURNAL = 'repair.json';

const journal = z.object({
  bundle: z.string().max(DOCUMENT_BYTES_MAX),
  list: z.string().max(DOCUMENT_BYTES_MAX),
  anchors: z.string().max(DOCUMENT_BYTES_MAX),
});

/**
 * F-13 Bundle, list and anchors of a verified package change together: one file says all three, and from the moment that it is on the disk
 * the repair is carried out, after a crash too. Before, nothing has changed.
 */
export async function writeRepair(
  documentsFolder: string,
  { bundle, list, anchors }: { bundle: string; list: string; anchors: readonly Certificate[] },
): Promise<void> {
  const content: z.infer<typeof journal> = { bundle, list, anchors: chainToPem(anchors) };
  await writeDurably(join(documentsFolder, JOURNAL), JSON.stringify(content), {
    moments: {
      beforeRename: () => {
        crashPoint('agent-repair.before-commit');
      },
    },
  });
  crashPoint('agent-repair.committed');
}

/** Carries out what was decided, from wherever a crash interrupted it; nothing when nothing waits. What was before is kept beside it. */
export async function finishRepair(documentsFolder: string, anchorsFile: string, log: Log): Promise<void> {
  const file = join(documentsFolder, JOURNAL);
  const wanted = await readJournal(file, log);
  if (wanted === undefined) return;
  const anchors = await AnchorFiles.open(anchorsFile);
  await replace(join(documentsFolder, 'bundle.jws'), wanted.bundle);
  crashPoint('agent-repair.bundle-written');
  await replace(join(documentsFolder, 'list.jws'), wanted.list);
  await anchors.save(parsePemCertificates(wanted.anchors));
  crashPoint('agent-repair.all-written');
  await rm(file, { force: true });
  await syncFolder(documentsFolder);
}

async function readJournal(file: string, log: Log): Promise<z.infer<typeof journal> | undefined> {
  try {
    return journal.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (isMissing(error)) return undefined;
    log.error({ err: error, file }, 'a repair that was decided is not readable: the agent stays as it is');
    await rm(file, { force: true });
    return undefined;
  }
}

async function replace(path: string, content: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (before === content) return;
  if (before !== undefined) await writeDurably(`${path}.previous`, before);
  await writeDurably(path, content);
}
