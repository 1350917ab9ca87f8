import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { lookup } from 'node:dns/promises';

/** All addresses of a name's forward records; none when there are none. */
export async function resolveForward(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

/** Longest wait for all forward records of one request. */
export const FORWARD_RECORDS_WAIT_MS = 3_000;

/**
 * Do the forward records of every requested name contain the socket's own address (T-12)? An address that is requested as a
 * name must be that address itself. Forwarded-for headers play no part.
 */
export async function forwardRecordsMatch(
  names: readonly string[],
  remoteAddress: string | undefined,
  resolve: (name: string) => Promise<readonly string[]>,
): Promise<boolean> {
  const socketIp = canonicalIp(remoteAddress?.split('%')[0] ?? '');
  if (socketIp === undefined || names.length === 0) return false;
  const checks = names.map(async (name) => {
    const asIp = canonicalIp(name);
    if (asIp !== undefined) return asIp === socketIp;
    return (await resolve(name)).some((found) => canonicalIp(found) === socketIp);
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean[]>((settle) => {
    timer = setTimeout(() => settle([false]), FORWARD_RECORDS_WAIT_MS);
  });
  const results = await Promise.race([Promise.all(checks).catch(() => [false]), tooLate]);
  clearTimeout(timer);
  return results.every((matches) => matches);
}
