import { MINUTE_MS } from '../time.ts';

/** So long refusals that are the same are counted instead of written. */
export const MERGE_WINDOW_MS = 15 * MINUTE_MS;
/** Windows that may be open at a time, by how much they take together. Beyond the last there is one for each act and code. */
export const MERGES_OPEN_MAX = { exact: 256, network: 64 } as const;

/** `exact`: one actor, one address, one subject. `network`: everybody of a network. `all`: everybody. */
export type MergeBreadth = 'exact' | 'network' | 'all';
export const MERGE_BREADTHS: readonly MergeBreadth[] = ['exact', 'network', 'all'];

/** Where rows name many actors or subjects together. */
export const MANY = 'many';

/** What makes refusals the same. */
export interface Repeatable {
  readonly act: string;
  readonly code: string;
  /** What only administrators see beside the code; empty: nothing. */
  readonly reason: string;
  readonly actor: string;
  readonly origin: string;
  readonly subject: string;
}

/** A window that counts. */
export interface OpenMerge {
  readonly count: number;
  readonly firstAtMs: number;
  readonly closesAtMs: number;
}

/** What to do with one more refusal: count it, or write it and count from here. */
export type MergeDecision =
  | { readonly what: 'count'; readonly breadth: MergeBreadth }
  | { readonly what: 'write'; readonly breadth: MergeBreadth; readonly closesAtMs: number };

/**
 * Is this refusal written, or only counted? The first of its kind is written at once and opens a window; those that follow
 * are counted. When too many windows are open, wider ones take in what has none of its own: first its network, then all.
 * `open`: the windows of this refusal by breadth (one that is over counts as none); `openCounts`: how many there are in all.
 */
export function decideMerge(
  open: Readonly<Partial<Record<MergeBreadth, OpenMerge>>>,
  openCounts: Readonly<Record<'exact' | 'network', number>>,
  nowMs: number,
): MergeDecision {
  for (const breadth of MERGE_BREADTHS) {
    const window = open[breadth];
    if (window !== undefined && !isOver(window, nowMs)) return { what: 'count', breadth };
    const isFull =
      breadth !== 'all' && window === undefined && openCounts[breadth] >= MERGES_OPEN_MAX[breadth];
    if (!isFull) return { what: 'write', breadth, closesAtMs: nowMs + MERGE_WINDOW_MS };
  }
  throw new Error('the widest window is never full');
}

/** Is a window over? Also when the clock went back to before it opened: nothing is counted for ever. */
export const isOver = (window: Pick<OpenMerge, 'firstAtMs' | 'closesAtMs'>, nowMs: number): boolean =>
  nowMs >= window.closesAtMs || nowMs < window.firstAtMs - MERGE_WINDOW_MS;

/** The same refusal as a window of that breadth sees it. */
export function atBreadth(refusal: Repeatable, breadth: MergeBreadth): Repeatable {
  switch (breadth) {
    case 'exact':
      return refusal;
    case 'network':
      return { ...refusal, actor: MANY, subject: MANY, origin: networkOf(refusal.origin) };
    case 'all':
      return { ...refusal, actor: MANY, subject: MANY, origin: MANY };
  }
}

/** The network of an address: /24 of IPv4, /64 of IPv6; anything else stays as it is. */
export function networkOf(origin: string): string {
  const four = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(origin);
  if (four !== null) return `${four[1]}.0/24`;
  const [address = ''] = origin.split('%');
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(':')) return origin;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    // of an address that ends in "::" this is one empty text, in the place of the last group, which no network holds
    const after = tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  if (groups.length !== 8) return origin;
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
