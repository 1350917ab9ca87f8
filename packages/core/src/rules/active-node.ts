import type { Refusal } from '../errors.ts';
import { refuse } from '../errors.ts';
import { canonicalIp } from './naming.ts';

/** What a host sees of a virtual name. */
export interface ActiveNodeFacts {
  readonly virtualName: string;
  /** Addresses that the name resolves to; undefined: it could not be resolved. */
  readonly resolved: readonly string[] | undefined;
  /** Why not, in a word of the resolver. */
  readonly failure?: string;
  /** Addresses of this host's interfaces. */
  readonly own: readonly string[];
}

export type ActiveNodeDecision =
  | { readonly node: 'active' }
  | (Refusal & { readonly node: 'inactive' })
  | (Refusal & { readonly node: 'undecided' });

/** So many addresses are told. */
const ADDRESSES_TOLD_MAX = 4;

/**
 * T-34 Does this host carry the virtual name: does the name resolve to an address of one of its interfaces? Addresses that every machine
 * has (loopback, link-local) say nothing: a name that resolves to nothing else is undecided.
 * Refusals: APPLICATION_NODE_INACTIVE, APPLICATION_NODE_UNDECIDED.
 */
export function decideActiveNode(facts: ActiveNodeFacts): ActiveNodeDecision {
  const { virtualName: name } = facts;
  const undecided = (detail: string): ActiveNodeDecision => ({
    ...refuse('APPLICATION_NODE_UNDECIDED', { name, detail }),
    node: 'undecided',
  });
  if (facts.resolved === undefined) return undecided(facts.failure ?? 'the name does not resolve');
  const resolved = hostAddresses(facts.resolved);
  if (resolved.size === 0)
    return undecided(facts.resolved.length === 0 ? 'no address' : facts.resolved.slice(0, 4).join(', '));
  const own = hostAddresses(facts.own);
  if (own.size === 0) return undecided('this host has no address of its own');
  if ([...resolved].some((address) => own.has(address))) return { node: 'active' };
  const addresses = [...resolved].slice(0, ADDRESSES_TOLD_MAX).join(', ');
  return { ...refuse('APPLICATION_NODE_INACTIVE', { name, addresses }), node: 'inactive' };
}

/** Addresses in their canonical text, without those that tell no two machines apart. */
function hostAddresses(raw: readonly string[]): Set<string> {
  const addresses = new Set<string>();
  for (const text of raw) {
    const address = canonicalIp(text.split('%')[0] ?? '');
    if (address !== undefined && !isEverywhere(address)) addresses.add(address);
  }
  return addresses;
}

const isEverywhere = (address: string): boolean =>
  /^(127|0|169\.254)\./.test(address) || address === '::' || address === '::1' || /^fe[89ab]/.test(address);
