import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { RunningJob } from './running-job.ts';

/** A plan's command may take this long; then it is ended, and counts as failed. */
export const COMMAND_TIME_MAX_MS = 60 * MINUTE_MS;
const KILL_AFTER_MS = 3_000;
/** What a command gets of the agent's environment: nothing secret is in it. */
const ENVIRONMENT = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'USER'];

/**
 * Runs a plan's command before or after a backup (P-10), by `sh -c`, in a process group of its own. Its output goes to the
 * job's log. Refusal: COMMAND_FAILED; a stopped job ends it.
 */
export async function runCommand(
  job: RunningJob,
  which: 'pre' | 'post',
  command: string,
  options: { env: NodeJS.ProcessEnv; state?: string; timeMaxMs?: number },
): Promise<void> {
  const env: Record<string, string> = { SEKISHO_JOB_ID: job.facts.jobId };
  if (options.state !== undefined) env['SEKISHO_JOB_STATE'] = options.state;
  for (const name of ENVIRONMENT) {
    const value = options.env[name];
    if (value !== undefined) env[name] = value;
  }
  const child = spawn('/bin/sh', ['-c', command], {
    env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      job.log(`${which}: ${line}`);
    });
  const end = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // It has ended in the meantime.
    }
  };
  let late = false;
  let kill: NodeJS.Timeout | undefined;
  const stop = (): void => {
    end('SIGTERM');
    kill = setTimeout(() => {
      end('SIGKILL');
    }, KILL_AFTER_MS);
  };
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, options.timeMaxMs ?? COMMAND_TIME_MAX_MS);
  // A command after the backup (it thaws what the first one froze) runs also when the job is stopped.
  if (which === 'pre') job.signal.addEventListener('abort', stop, { once: true });
  try {
    const exit = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        resolve(signal ?? String(code));
      });
    });
    if (which === 'pre') job.check();
    if (exit !== '0')
      throw new AppError('COMMAND_FAILED', { which, detail: late ? 'time limit' : `exit ${exit}` });
  } finally {
    end('SIGKILL'); // what it left behind in its group
    clearTimeout(timer);
    clearTimeout(kill);
    job.signal.removeEventListener('abort', stop);
  }
}
