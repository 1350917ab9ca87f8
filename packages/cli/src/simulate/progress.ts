import type { SimulationProgress } from '@sekisho/agent/simulate/simulate.ts';
import type { RotationView } from '@sekisho/core/wire/rotations.ts';
import { fill } from '@sekisho/core/errors.ts';
import type { Cli } from '../cli.ts';
import { truncate } from '../output/table.ts';

const BAR_CELLS = 24;
const WIDTH_DEFAULT = 80;

/** How far a simulation is: a bar that moves on a terminal, else a line at each new phase, nothing when quiet. */
export interface SimulationDisplay {
  /** `rotation`: the update of certificates that is under way. */
  update(progress: SimulationProgress, rotation?: RotationView): void;
  /** Takes the bar away. */
  clear(): void;
}

export function createSimulationDisplay(cli: Cli): SimulationDisplay {
  const { stderr } = cli.io;
  if (cli.json || cli.quiet) return { update: () => undefined, clear: () => undefined };
  if (stderr.isTTY !== true) {
    let phase: string | undefined;
    return {
      update: (progress, rotation) => {
        const next = rotation?.phase ?? progress.phase;
        if (next === phase) return;
        phase = next;
        stderr.write(`${progressText(cli, progress, rotation)}\n`);
      },
      clear: () => undefined,
    };
  }
  return {
    update: (progress, rotation) => {
      const { done, total } =
        rotation === undefined
          ? progress
          : { done: rotation.hosts.acknowledged, total: rotation.hosts.total };
      const full = total === 0 ? 0 : Math.round((BAR_CELLS * done) / total);
      const shown = progressText(cli, progress, rotation);
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}  ${shown}`;
      const line = truncate(bar, (stderr.columns ?? WIDTH_DEFAULT) - 1);
      stderr.write(`\r${line}${ERASE_REST}`);
    },
    clear: () => {
      stderr.write(`\r${ERASE_REST}`);
    },
  };
}

const ERASE_REST = '\u001b[K';

function progressText(
  { words, format }: Cli,
  { phase, done, total, connected }: SimulationProgress,
  rotation: RotationView | undefined,
): string {
  if (rotation !== undefined)
    return fill(words.simulate.rotating, {
      kind: words.simulate.rotationKinds[rotation.kind],
      done: format.count(rotation.hosts.acknowledged),
      total: format.count(rotation.hosts.total),
      connected: format.count(connected),
    });
  const shown = (value: number): string =>
    phase === 'running' ? format.duration(value) : format.count(value);
  return fill(words.simulate[phase], {
    done: shown(done),
    total: shown(total),
    connected: format.count(connected),
  });
}
