import { decideActiveNode, type ActiveNodeDecision } from '@sekisho/core/rules/active-node.ts';
import { SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import type { PlanApplication } from '@sekisho/core/wire/applications.ts';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';

/** A resolver that is silent for so long has no answer. */
export const RESOLVE_MAX_MS = 30 * SECOND_MS;

/** How a host sees names and its own interfaces. */
export interface NodeNetwork {
  /** The addresses of a name; rejects when it has none. */
  resolve(name: string): Promise<readonly string[]>;
  /** Addresses of this host's interfaces. */
  own(): readonly string[];
}

/** The operating system's own resolver (with its hosts file) and interfaces. */
export const systemNetwork: NodeNetwork = {
  resolve: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
  own: () =>
    Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).map(({ address }) => address),
    ),
};

/** T-34 Does this host carry the application's virtual name now? */
export async function judgeNode(
  network: NodeNetwork,
  { virtualName }: PlanApplication,
  clock: Clock,
): Promise<ActiveNodeDecision> {
  const settled = new AbortController();
  try {
    const silence = clock.sleep(RESOLVE_MAX_MS, settled.signal).then(() => undefined);
    const resolved = await Promise.race([network.resolve(virtualName), silence]);
    return decideActiveNode({ virtualName, resolved, failure: 'ETIMEOUT', own: network.own() });
  } catch (error) {
    const failure = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return decideActiveNode({ virtualName, resolved: undefined, failure, own: network.own() });
  } finally {
    settled.abort();
  }
}
