import type { DomainId, HostId } from '../ids.ts';

declare const approved: unique symbol;

/** What may be signed, and nothing else: minted by `decideIssuance` alone (style 7, invariant 2). */
export interface ApprovedIssuance {
  readonly [approved]: true;
  readonly hostId: HostId;
  readonly domainId: DomainId;
  readonly dns: readonly string[];
  readonly ips: readonly string[];
  /** The certificate may serve as a media server (extended key usage serverAuth). */
  readonly media: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}
