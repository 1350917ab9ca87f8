import { refuse, type Refusal } from '../errors.ts';
import type { HostId } from '../ids.ts';
import { AUTOMATIC_NAMES_PER_HOST_MAX, NAME_LENGTH_MAX } from '../limits.ts';
import { DAY_MS } from '../time.ts';

/** A name that passed: case-folded DNS name, or an IP address in its canonical text (RFC 5952). */
export interface HostName {
  readonly kind: 'dns' | 'ip';
  readonly name: string;
}
export type NameDecision = ({ readonly allow: true } & HostName) | Refusal;

/**
 * May a host carry this name (T-15)? ASCII only (IDNA names in their `xn--` form), no wildcard, no control character,
 * nothing that looks like a host ID, and nothing that every machine calls itself (loopback, link-local).
 * @source RFC 1123 §2.1, RFC 5280 §4.2.1.6, RFC 5952 §4
 */
export function judgeName(raw: string): NameDecision {
  const shown = printable(raw);
  const invalid = (): Refusal => refuse('HOST_NAME_INVALID', { name: shown });
  if (raw.length === 0 || raw.length > NAME_LENGTH_MAX + 1) return invalid();
  const ip = parseIp(raw);
  if (ip !== undefined) {
    return isLocalIp(ip)
      ? refuse('HOST_NAME_RESERVED', { name: shown })
      : { allow: true, kind: 'ip', name: ipText(ip) };
  }
  const name = (raw.endsWith('.') ? raw.slice(0, -1) : raw).toLowerCase();
  if (name.length > NAME_LENGTH_MAX || !isDnsName(name) || UUID.test(name)) return invalid();
  if (name === 'localhost' || name.endsWith('.localhost'))
    return refuse('HOST_NAME_RESERVED', { name: shown });
  return { allow: true, kind: 'dns', name };
}

/** Canonical text of an IP address (an IPv4-mapped one becomes IPv4), or undefined for anything else. */
export function canonicalIp(raw: string): string | undefined {
  const ip = parseIp(raw);
  return ip === undefined ? undefined : ipText(ip);
}

/** The canonical form of a name that was judged elsewhere; of what is no name its lower case. */
export function canonicalName(raw: string): string {
  if (raw.includes(':')) return canonicalIp(raw) ?? raw.toLowerCase();
  const name = raw.toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** How a name came to a host. `shared`: every mapping of that name is. `automatic`: gives no rights (T-31). */
export const MAPPING_KINDS = ['primary', 'approved', 'shared', 'automatic'] as const;
export type MappingKind = (typeof MAPPING_KINDS)[number];

/** Why a name waits for an administrator. `unseen`: who asks showed no certificate of the host. `yielded`: it was mapped automatically until another host enrolled under it. */
export const PENDING_REASONS = [
  'taken',
  'reserved',
  'map-off',
  'rejected',
  'own-word',
  'unseen',
  'full',
  'yielded',
] as const;
export type PendingReason = (typeof PENDING_REASONS)[number];

/** Names that are never mapped by themselves (T-31). */
export const RESERVED_FOR = ['management-server', 'media-server', 'cluster', 'registered-host'] as const;
export interface ReservedName {
  readonly for: (typeof RESERVED_FOR)[number];
  /** Who an administrator's own configuration says it belongs to; empty: nobody yet. */
  readonly hostIds: readonly HostId[];
}

/** T-31 An address that was mapped automatically is forgotten when no host was met under it for so long. */
export const ADDRESS_KEPT_MS = 30 * DAY_MS;
/** That a host is still met under such an address is written no more often. */
export const ADDRESS_NOTED_EVERY_MS = DAY_MS;
/** The shortest time after which it surely is not used by its host any more: it would have been noted. */
export const ADDRESS_LEFT_AFTER_MS = 2 * ADDRESS_NOTED_EVERY_MS;

/** Of an address that is mapped automatically to the host that is met under it: is that to be written? */
export const isNoteDue = (lastSeenMs: number, nowMs: number): boolean =>
  nowMs - lastSeenMs >= ADDRESS_NOTED_EVERY_MS;

/** What is known of a name under which a host was met. */
export interface NameFacts {
  /** As dialled or claimed. */
  readonly raw: string;
  /** Whose certificate was shown. */
  readonly hostId: HostId;
  readonly askedBy: HostId;
  /** Who asks named a certificate of the host that is in force: nobody else has seen one. */
  readonly isShown: boolean;
  /** Of the canonical name. */
  readonly mappings: readonly {
    readonly hostId: HostId;
    readonly kind: MappingKind;
    /** Of an automatic one: when the host was last met under it, as far as that was noted. */
    readonly lastSeenMs?: number | null | undefined;
  }[];
  readonly reserved: ReservedName | undefined;
  /** An administrator rejected this name for this host. */
  readonly rejected: boolean;
  /** The setting (on by default). */
  readonly mapAutomatically: boolean;
  /** Names of this host that were mapped automatically. */
  readonly automaticNames: number;
  readonly nowMs: number;
}

/** `pend` and `refuse` are refusals, with their words. */
export type NameOutcome =
  | { readonly outcome: 'go-on'; readonly because: MappingKind | 'configured' }
  | { readonly outcome: 'map'; readonly name: string }
  | (Refusal & {
      readonly outcome: 'pend';
      readonly name: string;
      readonly reason: PendingReason;
      readonly ownerId: HostId | null;
    })
  | (Refusal & { readonly outcome: 'refuse' });

/**
 * T-31 Does this name belong to this host? Mapped: go on. Free, mapping automatically is on, and who asks has seen a certificate of
 * this host (anybody could say that it met a host under a name): map it. Else it waits for an administrator. What the configuration says of a reserved name (a media server's endpoint, a server's address) is an administrator's
 * word: it goes on unless an administrator gave another host the name; a name that was only mapped automatically yields to it. An address
 * that was mapped automatically to a host which was not met there any more is free: addresses are handed on (DHCP), and give no rights.
 */
export function decideName(facts: NameFacts): NameOutcome {
  const { hostId, reserved, nowMs } = facts;
  const isConfigured = reserved?.hostIds.includes(hostId) === true;
  const judged = judgeName(facts.raw);
  if (!judged.allow)
    return isConfigured ? { outcome: 'go-on', because: 'configured' } : { ...judged, outcome: 'refuse' };
  const { name } = judged;
  const mine = facts.mappings.find((mapping) => mapping.hostId === hostId);
  // that it was met under a name once gives no right to what was reserved for others since
  const isWeak = mine?.kind === 'automatic' && reserved !== undefined && !isConfigured;
  if (mine !== undefined && !isWeak) return { outcome: 'go-on', because: mine.kind };
  const pend = (reason: PendingReason, ownerId: HostId | null = null): NameOutcome => ({
    ...refuse(facts.rejected ? 'PEER_NAME_REJECTED' : 'PEER_NAME_PENDING', { name, host: hostId }),
    outcome: 'pend',
    name,
    reason,
    ownerId,
  });
  const gaveUp = (one: NameFacts['mappings'][number]): boolean =>
    one.kind === 'automatic' &&
    (isConfigured || (judged.kind === 'ip' && isAddressLeft(one.lastSeenMs, nowMs)));
  const owner = facts.mappings.find((one) => one !== mine && !gaveUp(one));
  if (owner !== undefined) return pend('taken', owner.hostId);
  if (isConfigured) return { outcome: 'go-on', because: 'configured' };
  if (reserved !== undefined) return pend('reserved', reserved.hostIds[0] ?? null);
  if (facts.rejected) return pend('rejected');
  if (facts.askedBy === hostId) return pend('own-word');
  if (!facts.mapAutomatically) return pend('map-off');
  if (!facts.isShown) return pend('unseen');
  return facts.automaticNames >= AUTOMATIC_NAMES_PER_HOST_MAX ? pend('full') : { outcome: 'map', name };
}

/** Null: nobody noted it, so nobody may say that the host is gone. */
const isAddressLeft = (lastSeenMs: number | null | undefined, nowMs: number): boolean =>
  typeof lastSeenMs === 'number' && nowMs - lastSeenMs >= ADDRESS_LEFT_AFTER_MS;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const SHOWN_LENGTH_MAX = 100;

function isDnsName(name: string): boolean {
  const labels = name.split('.');
  if (!labels.every((label) => LABEL.test(label) && (label.slice(2, 4) !== '--' || label.startsWith('xn--'))))
    return false;
  return !/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? ''); // a numeric last label is read as an IP address somewhere
}

/** A text from outside as a refusal may show it: printable ASCII, cut. */
export function printable(raw: string): string {
  const shown = raw.replace(/[^\x21-\x7e]/g, '?');
  return shown.length > SHOWN_LENGTH_MAX ? `${shown.slice(0, SHOWN_LENGTH_MAX)}…` : shown;
}

/** Eight groups of 16 bits; IPv4 is held as IPv4-mapped. */
type Ip = readonly number[];

function parseIp(raw: string): Ip | undefined {
  if (raw.length > 45) return undefined;
  if (!raw.includes(':')) {
    const groups = parseIpv4(raw);
    return groups === undefined ? undefined : [0, 0, 0, 0, 0, 0xffff, ...groups];
  }
  const halves = raw.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  const tail = parseGroups(halves[1] ?? '', true);
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (ipv4 === undefined) return undefined;
      groups.push(...ipv4);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return [a * 256 + b, c * 256 + d];
}

const isIpv4 = (ip: Ip): boolean => ip.slice(0, 5).every((group) => group === 0) && ip[5] === 0xffff;

function isLocalIp(ip: Ip): boolean {
  const first = isIpv4(ip) ? (ip[6] ?? 0) : (ip[0] ?? 0);
  if (isIpv4(ip)) {
    const top = first >> 8;
    return top === 127 || top === 0 || top >= 224 || first === 0xa9fe; // 169.254/16
  }
  const rest = ip.slice(0, 7).every((group) => group === 0);
  if (rest && (ip[7] === 0 || ip[7] === 1)) return true;
  return (first & 0xffc0) === 0xfe80 || (first & 0xff00) === 0xff00;
}

function ipText(ip: Ip): string {
  if (isIpv4(ip)) return [ip[6] ?? 0, ip[7] ?? 0].flatMap((group) => [group >> 8, group & 255]).join('.');
  const run = longestZeroRun(ip);
  const hex = (groups: Ip): string => groups.map((group) => group.toString(16)).join(':');
  if (run === undefined) return hex(ip);
  return `${hex(ip.slice(0, run.start))}::${hex(ip.slice(run.start + run.length))}`;
}

function longestZeroRun(ip: Ip): { start: number; length: number } | undefined {
  let best: { start: number; length: number } | undefined;
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (ip[start + length] === 0) length += 1;
    if (length >= 2 && length > (best?.length ?? 0)) best = { start, length };
  }
  return best;
}
