import pino from 'pino';

/** Structured log: `log.info({ hostId }, 'host enrolled')`. */
export type Log = pino.Logger;

/** Levels from the most talkative to the quietest. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Keys that never reach a log line, wherever they stand. */
const REDACTED = ['token', 'password', 'secret', 'authorization', 'passphrase', 'privateKey'];

/** JSON lines on standard error (or the given stream), one per event. */
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
      redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    },
    options.destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** A log that says nothing: for tests. */
export const silentLog = (): Log => pino({ level: 'silent' });
