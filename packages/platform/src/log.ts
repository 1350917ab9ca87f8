import pino from 'pino';

/** Structured log: `log.info({ hostId }, 'host enrolled')`. */
export type Log = pino.Logger;

/** Keys that never reach a log line, wherever they stand. */
const REDACTED = ['token', 'password', 'secret', 'authorization', 'passphrase', 'privateKey'];

/** JSON lines on standard error (or the given stream), one per event. */
export function createLog(options: {
  level?: string;
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
