import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

/** No call to a child takes longer; one that hangs must not hold the bench for ever. */
const CALL_MS_MAX = 240_000;
const STOP_MS_MAX = 20_000;

const answer = z.object({ call: z.int(), result: z.unknown().optional(), error: z.string().optional() });
const question = z.object({ call: z.int(), name: z.string(), input: z.unknown().optional() });

/** A process of our own that is measured, or that makes the load. */
export interface Child {
  readonly pid: number;
  /** Calls one of the functions that the child serves. */
  call<T>(name: string, input: unknown, reply: z.ZodType<T>): Promise<T>;
  /** Ends it: asks first, then kills. */
  stop(): Promise<void>;
}

/** Starts a file of `bench/children` as a process of its own. */
export function startChild(
  file: string,
  options: { nodeOptions?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Child {
  const child = fork(join(import.meta.dirname, '..', 'children', file), [], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...(options.nodeOptions ?? [])],
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, (message: z.infer<typeof answer>) => void>();
  let calls = 0;
  child.on('message', (raw) => {
    const message = answer.parse(raw);
    waiting.get(message.call)?.(message);
    waiting.delete(message.call);
  });
  child.on('exit', (code, signal) => {
    for (const [call, settle] of waiting)
      settle({ call, error: `${file} ended (${signal ?? String(code)}) in the middle of a call` });
    waiting.clear();
  });
  return {
    pid: child.pid ?? 0,
    call: (name, input, reply) =>
      new Promise((resolve, reject) => {
        calls += 1;
        const call = calls;
        const timer = setTimeout(() => {
          waiting.delete(call);
          reject(new Error(`${file}: ${name} gave no answer`));
        }, CALL_MS_MAX);
        waiting.set(call, ({ result, error }) => {
          clearTimeout(timer);
          if (error === undefined) resolve(reply.parse(result));
          else reject(new Error(`${file}: ${name}: ${error}`));
        });
        child.send({ call, name, input });
      }),
    stop: () => stop(child),
  };
}

/** In the child: serves these functions until the parent goes away or says that it ends. */
export function serve(functions: Readonly<Record<string, (input: unknown) => unknown>>): void {
  process.on('message', (raw) => {
    const { call, name, input } = question.parse(raw);
    Promise.resolve()
      .then(() => {
        const found = functions[name];
        if (found === undefined) throw new Error(`nothing is called ${name} here`);
        return found(input);
      })
      .then(
        (result) => process.send?.({ call, result }),
        (error: unknown) =>
          process.send?.({
            call,
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  child.disconnect();
  await ended;
  clearTimeout(timer);
}
