import { AppError } from '@sekisho/core/errors.ts';
import { QUARANTINED_LISTED_MAX } from '../limits.ts';
import type { Repository } from '../store/repository.ts';
import { moveToTrash, putBack } from '../store/trash.ts';
import { refuseDamaged, type QuarantineRun } from './quarantine.ts';
import type { ResticSession } from './restic-session.ts';

/**
 * Reads every pack back before anything is removed (P-02). An insider may upload a pack that claims another blob's ID with
 * other content, so that a prune would keep the garbage and drop the good copy. Such packs are set aside; if the repository
 * is whole without them, it goes on without them. If not, they are put back and nothing is removed.
 * @throws AppError MAINTENANCE_CHECK_FAILED
 */
export async function checkPacks(
  repository: Repository,
  session: ResticSession,
  run: QuarantineRun,
): Promise<string[]> {
  const first = await readAllData(session);
  if (first.sound) return [];
  const damaged = first.damagedPacks;
  if (damaged.length === 0 || damaged.length > QUARANTINED_LISTED_MAX) throw failed(repository, first.detail);
  for (const id of damaged) await refuseDamaged(repository, 'data', id);
  for (const id of damaged)
    await moveToTrash(repository, { type: 'data', id }, { ...run, kind: 'quarantined' });
  let without: CheckResult | undefined;
  try {
    await session.rebuildIndex();
    without = await readAllData(session);
    if (without.sound) return damaged;
  } finally {
    if (without?.sound !== true) {
      for (const id of damaged) await putBack(repository, run.name, 'quarantined', { type: 'data', id });
    }
  }
  await session.rebuildIndex();
  throw failed(repository, without.detail);
}

/** The structure alone, after the removal. */
export async function checkStructure(session: ResticSession): Promise<boolean> {
  return (await session.run(['check'])).meaning === 'ok';
}

interface CheckResult {
  readonly sound: boolean;
  readonly damagedPacks: string[];
  readonly detail: string;
}

async function readAllData(session: ResticSession): Promise<CheckResult> {
  const damaged = new Set<string>();
  let detail = '';
  const result = await session.run(['check', '--read-data'], {
    onStderr: (line) => {
      const pack = /^pack ([0-9a-f]{64}) contains \d+ errors/.exec(line)?.[1];
      if (pack !== undefined) damaged.add(pack);
      if (detail === '' && /error|not found/i.test(line)) detail = line.slice(0, 300);
    },
  });
  return {
    sound: result.meaning === 'ok',
    damagedPacks: [...damaged],
    detail: detail === '' ? (result.stderrTail.at(-1) ?? 'restic check failed') : detail,
  };
}

const failed = (repository: Repository, detail: string): AppError =>
  new AppError('MAINTENANCE_CHECK_FAILED', { repository: repository.name, detail });
