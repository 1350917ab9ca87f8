import { SECOND_MS } from '../time.ts';
import type { Fetchable, Heartbeat } from '../wire/agent.ts';

/** F-02: the wait between two heartbeats is the period, plus or minus this share of it. */
const JITTER_SHARE = 0.1;

/** How long an agent waits for its next heartbeat; `fraction` is drawn anew each time, from 0 up to 1. */
export const heartbeatWaitMs = (periodSeconds: number, fraction: number): number =>
  periodSeconds * SECOND_MS * (1 + JITTER_SHARE * (2 * fraction - 1));

/** What a heartbeat says of what the agent holds. */
export type HeldSerials = Pick<
  Heartbeat,
  'bundleGeneration' | 'listSerial' | 'assignmentSerial' | 'policySerial' | 'crlNumber'
>;

/** What the host should hold: the newest serials (zero while there is none), and whether its certificate fits. */
export interface WantedState extends HeldSerials {
  /** `renew`: names or role were granted that the certificate in use does not say. */
  readonly certificate: 'keep' | 'renew';
}

/**
 * F-02 What the agent is to fetch; empty means "nothing new". A serial higher than ours asks for nothing: after a recovery
 * only a validly signed document moves the counters, never a bare number.
 */
export function decideFetch(held: HeldSerials, wanted: WantedState): Fetchable[] {
  const fetch: Fetchable[] = [];
  if (held.bundleGeneration < wanted.bundleGeneration) fetch.push('bundle');
  if (held.listSerial < wanted.listSerial) fetch.push('list');
  if (held.assignmentSerial < wanted.assignmentSerial) fetch.push('assignment');
  if (held.policySerial < wanted.policySerial) fetch.push('policy');
  if (held.crlNumber < wanted.crlNumber) fetch.push('crl');
  if (wanted.certificate === 'renew') fetch.push('certificate');
  return fetch;
}

/** What is granted to a host, and what its certificate in use says. */
export interface CertificateFacts {
  readonly granted: { readonly media: boolean; readonly names: readonly string[] };
  readonly held: { readonly serverAuth: boolean; readonly names: readonly string[] };
}

/**
 * T-03 Does the certificate still say what was granted? A role or name that was added asks for a renewal, one that was
 * taken away too. Names are compared without regard to case.
 */
export function decideCertificate({ granted, held }: CertificateFacts): 'keep' | 'renew' {
  if (granted.media !== held.serverAuth) return 'renew';
  const wanted = new Set(granted.names.map((name) => name.toLowerCase()));
  const has = new Set(held.names.map((name) => name.toLowerCase()));
  return wanted.size === has.size && [...wanted].every((name) => has.has(name)) ? 'keep' : 'renew';
}
