import { AppError } from '@sekisho/core/errors.ts';
import { z } from 'zod';

/** A channel and a request beside it. */
const FILES_PER_AGENT = 2;
const FILES_BESIDE = 200;

const report = z.object({
  userLimits: z.object({ open_files: z.object({ soft: z.union([z.number(), z.string()]) }) }),
});

/** Refuses a simulation for which this process may not open enough connections. Refusal: SIMULATION_FILES_FEW. */
export function requireOpenFiles(agents: number, limit: number | undefined = openFilesLimit()): void {
  const needed = agents * FILES_PER_AGENT + FILES_BESIDE;
  if (limit === undefined || limit >= needed) return;
  throw new AppError('SIMULATION_FILES_FEW', { agents, needed, limit });
}

/** How many files and connections this process may have open; undefined: without limit, or unknown. */
export function openFilesLimit(): number | undefined {
  const parsed = report.safeParse(process.report.getReport());
  const soft = parsed.success ? Number(parsed.data.userLimits.open_files.soft) : Number.NaN;
  return Number.isFinite(soft) ? soft : undefined;
}
