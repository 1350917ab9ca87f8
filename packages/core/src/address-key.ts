import { canonicalIp } from './rules/naming.ts';

/** Who counts as one sender: an IPv4 address, or the /64 an IPv6 address is in. */
export function addressKey(remoteAddress: string | undefined): string {
  const ip = canonicalIp(remoteAddress?.split('%')[0] ?? '') ?? 'unknown';
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [
    ...before,
    ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'),
    ...after,
  ];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
