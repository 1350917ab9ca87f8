import type { CrashPoint } from '@sekisho/core/crash-points.ts';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

const saidPorts = z.object({ ports: z.object({ agent: z.number(), admin: z.number(), http: z.number() }) });

const NO_PORTS = { agent: 0, admin: 0, http: 0 };

/** A server process that dies at a point. */
export interface DoomedServer {
  /** Zeros when it died before it served. */
  readonly ports: z.infer<typeof saidPorts>['ports'];
  /** The signal that ended it. */
  readonly died: Promise<string>;
}

/** Starts a server process on an initialised data folder, on free ports or these, armed with a crash point; it is gone when the test ends. */
export async function startDoomed(
  t: { after(call: () => void): void },
  dataFolder: string,
  point: CrashPoint,
  on: DoomedServer['ports'] = NO_PORTS,
): Promise<DoomedServer> {
  const wanted = ['run', dataFolder, '', on.agent, on.admin, on.http].map(String);
  const child = fork(join(import.meta.dirname, 'server-child.ts'), wanted, {
    env: { ...process.env, SEKISHO_TEST_CRASH_POINT: point },
    stdio: 'inherit',
  });
  t.after(() => {
    child.kill('SIGKILL');
  });
  const died = once(child, 'exit').then(([, signal]) => String(signal));
  const said = await Promise.race([once(child, 'message').then(([message]) => message as unknown), died]);
  const ports = said === 'SIGKILL' ? NO_PORTS : saidPorts.parse(said).ports;
  return { ports, died };
}
