import { canonicalIp } from '@sekisho/core/rules/naming.ts';
import { networkInterfaces } from 'node:os';
import { findingsOf, type Finding } from './finding.ts';

/** How names are asked; tests give their own. */
export interface Lookups {
  /** Addresses of a name; empty when there are none. */
  forward(name: string): Promise<readonly string[]>;
  /** Names of an address; empty when there are none. */
  reverse(address: string): Promise<readonly string[]>;
}

/** Forward and back: do the names under which agents dial the server lead to this machine? */
export async function checkDns(addresses: readonly string[], lookups: Lookups): Promise<Finding[]> {
  const { found } = findingsOf('dns');
  const own = ownAddresses();
  const findings: Finding[] = [];
  for (const address of addresses) {
    const ip = canonicalIp(address);
    if (ip !== undefined) {
      const names = await lookups.reverse(ip);
      findings.push(
        names.length === 0
          ? found('notice', 'dnsNoReverse', { address })
          : found('ok', 'dnsOk', { name: address, addresses: names.join(', ') }),
      );
      continue;
    }
    const found4 = await lookups.forward(address);
    const params = { name: address, addresses: found4.join(', ') };
    if (found4.length === 0) findings.push(found('warning', 'dnsNone', { name: address }));
    else if (found4.some((one) => own.has(canonicalIp(one) ?? one)))
      findings.push(found('ok', 'dnsOk', params));
    else findings.push(found('notice', 'dnsElsewhere', params));
  }
  return findings;
}

const ownAddresses = (): ReadonlySet<string> =>
  new Set(
    Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .map(({ address }) => canonicalIp(address) ?? address),
  );
