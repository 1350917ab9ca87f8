import { AsyncLocalStorage } from 'node:async_hooks';
import pino from 'pino';

/** Structured log: `log.info({ hostId }, 'host enrolled')`. */
export type Log = pino.Logger;

/** Levels from the most talkative to the quietest. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Keys that never reach a log line, wherever they stand. */
const REDACTED = ['token', 'password', 'secret', 'authorization', 'cookie', 'passphrase', 'privateKey'];

/** JSON lines on standard error (or the given stream), one per event; with `requestId` inside a request. */
export function createLog(options: {
  level?: LogLevel | 'silent';
  name: string;
  destination?: pino.DestinationStream;
}): Log {
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: REDACTED.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[redacted]',
      },
      mixin: () => {
        const requestId = scope.getStore();
        return requestId === undefined ? {} : { requestId };
      },
      mixinMergeStrategy: (line, mixed) => ({ ...mixed, ...line }),
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** Every log line that comes of this call, also later and elsewhere, carries the request's ID. */
export const inLogScope = <Result>(requestId: string, call: () => Result): Result =>
  scope.run(requestId, call);

/** A log that says nothing: for tests. */
export const silentLog = (): Log => pino({ level: 'silent' });

const scope = new AsyncLocalStorage<string>();
