import { systemRandom } from '@sekisho/platform/clock.ts';

/**
 * An ID for each request of this process: 64 random bits for the process, then a count. IDs that a request brings along are
 * never taken over: a log line shows only what the server itself wrote.
 */
export const nextRequestId = (): string => {
  count += 1;
  return `${PREFIX}-${count.toString(36)}`;
};

/** What an ID looks like. */
export const REQUEST_ID = /^[0-9a-f]{16}-[0-9a-z]{1,11}$/;

const PREFIX = Buffer.from(systemRandom.bytes(8)).toString('hex');
let count = 0;
