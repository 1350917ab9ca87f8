import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** An agent in a child process. */
export interface AgentProcess {
  readonly mediaPort: number;
  /** Resolves with the signal that ended it, or null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export async function runAgent(
  dataFolder: string,
  mediaPort: number,
  env: Record<string, string> = {},
): Promise<AgentProcess> {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('agent-child.ts', import.meta.url)), dataFolder, String(mediaPort)],
    { env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString();
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => {
      resolve(signal);
    });
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (part: Buffer) => {
      output += part.toString();
      const ready = /^ready (\d+)$/m.exec(output);
      if (ready !== null) resolve(Number(ready[1]));
    });
    child.once('exit', () => {
      reject(new Error(`the agent ended: ${errors}`));
    });
  });
  return {
    mediaPort: port,
    ended,
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
  };
}
