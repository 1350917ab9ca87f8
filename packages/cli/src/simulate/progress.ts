import type { SimulationProgress } from '@sekisho/agent/simulate/simulate.ts';
import { fill } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';
import { truncate } from '../output/table.ts';

const BAR_CELLS = 24;
const WIDTH_DEFAULT = 80;

/** How far a simulation is: a bar that moves on a terminal, else a line at each new phase, nothing when quiet. */
export interface SimulationDisplay {
  update(progress: SimulationProgress): void;
  /** Takes the bar away. */
  clear(): void;
}

export function createSimulationDisplay(cli: Cli): SimulationDisplay {
  const { stderr } = cli.io;
  if (cli.json || cli.quiet) return { update: () => undefined, clear: () => undefined };
  if (stderr.isTTY !== true) {
    let phase: string | undefined;
    return {
      update: (progress) => {
        if (progress.phase === phase) return;
        ({ phase } = progress);
        stderr.write(`${progressText(cli, progress)}\n`);
      },
      clear: () => undefined,
    };
  }
  return {
    update: (progress) => {
      const full = progress.total === 0 ? 0 : Math.round((BAR_CELLS * progress.done) / progress.total);
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}  ${progressText(cli, progress)}`;
      const line = truncate(bar, (stderr.columns ?? WIDTH_DEFAULT) - 1);
      stderr.write(`\r${line}${ERASE_REST}`);
    },
    clear: () => {
      stderr.write(`\r${ERASE_REST}`);
    },
  };
}

const ERASE_REST = '\u001b[K';

function progressText({ words, format }: Cli, { phase, done, total, connected }: SimulationProgress): string {
  const shown = (value: number): string =>
    phase === 'running' ? format.duration(value) : format.count(value);
  return fill(words.simulate[phase], {
    done: shown(done),
    total: shown(total),
    connected: format.count(connected),
  });
}
