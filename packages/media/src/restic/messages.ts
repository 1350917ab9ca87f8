import { z } from 'zod';

/** Fields that are zero are omitted by restic. */
const zero = z.number().default(0);

const status = z.object({
  message_type: z.literal('status'),
  seconds_elapsed: zero,
  seconds_remaining: zero,
  percent_done: zero,
  total_files: zero,
  files_done: zero,
  files_restored: zero,
  total_bytes: zero,
  bytes_done: zero,
  bytes_restored: zero,
  error_count: zero,
  current_files: z.array(z.string()).nullish(),
});

const summary = z.object({
  message_type: z.literal('summary'),
  files_new: zero,
  files_changed: zero,
  files_unmodified: zero,
  dirs_new: zero,
  dirs_changed: zero,
  dirs_unmodified: zero,
  data_blobs: zero,
  tree_blobs: zero,
  data_added: zero,
  total_files_processed: zero,
  total_bytes_processed: zero,
  total_duration: zero,
  snapshot_id: z.string().optional(),
  // of restore, in newer versions
  total_files: zero,
  files_restored: zero,
  total_bytes: zero,
  bytes_restored: zero,
});

const error = z.object({
  message_type: z.literal('error'),
  /** 0.14 gives Go's error as an object, newer versions `{message}`; either may be empty. */
  error: z.unknown(),
  during: z.string().default(''),
  item: z.string().default(''),
});

const exitError = z.object({
  message_type: z.literal('exit_error'),
  code: zero,
  message: z.string().default(''),
});

const verboseStatus = z.object({
  message_type: z.literal('verbose_status'),
  action: z.string().default(''),
  item: z.string().default(''),
});

export const resticMessage = z.discriminatedUnion('message_type', [
  status,
  summary,
  error,
  exitError,
  verboseStatus,
]);
/** One line of restic's `--json` output. */
export type ResticMessage = z.infer<typeof resticMessage>;

/** The message in a line, or undefined when it is something else (a listing, plain text). */
export function parseResticMessage(line: string): ResticMessage | undefined {
  if (!line.startsWith('{')) return undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = resticMessage.safeParse(raw);
  return parsed.success ? parsed.data : undefined;
}

/** Why an item failed, in words, out of an `error` message of any version. */
export function errorReason(message: Extract<ResticMessage, { message_type: 'error' }>): string {
  const parsed = z
    .union([z.string(), z.object({ message: z.string() }).transform((inner) => inner.message), osError])
    .safeParse(message.error);
  return parsed.success ? parsed.data : `${message.during || 'reading'} failed`;
}

/** Go's *os.PathError as 0.14 prints it: operation, path and the system's number. */
const osError = z
  .object({ Op: z.string(), Path: z.string().default(''), Err: z.unknown() })
  .transform(({ Op, Err }) => `${Op}: ${reasonOfErrno(Err)}`);

const ERRNO: Readonly<Record<number, string>> = {
  1: 'operation not permitted',
  2: 'no such file or directory',
  5: 'input/output error',
  13: 'permission denied',
  28: 'no space left on device',
};

const reasonOfErrno = (raw: unknown): string =>
  typeof raw === 'number' ? (ERRNO[raw] ?? `system error ${raw}`) : 'system error';
