import { z } from 'zod';
import { refuse, type ErrorCode, type ErrorParams } from '../errors.ts';
import { hostSpiffeId, type DomainId, type HostId } from '../ids.ts';
import { HOST_NAMES_MAX, NOT_BEFORE_BACK_MS } from '../limits.ts';
import { DAY_MS, HOUR_MS } from '../time.ts';
import { domainId, hostId } from '../wire/scalars.ts';
import type { SecuritySettings } from '../wire/trust.ts';
import { judgeName, printable, type HostName } from './naming.ts';
import { decideToken, type TokenFacts, type TokenRefusal } from './token.ts';

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

/** T-03: the longest validity that can be chosen. */
export const HOST_CERTIFICATE_DAYS_MAX = 825;

/** What a verified CSR asks for. Names are as written: the rule judges them. */
export interface RequestFacts {
  /** The primary name: the CSR's common name. */
  readonly name: string;
  /** All further names and addresses in its SAN. */
  readonly furtherNames: readonly string[];
  /** URIs in its SAN: none, or the host's own SPIFFE ID. */
  readonly uris: readonly string[];
  readonly wantsMedia: boolean;
}

/** A host that exists already. Names are in canonical form. */
export interface HostFacts {
  readonly id: HostId;
  readonly name: string;
  /** The primary name and the approved mappings. */
  readonly names: readonly string[];
  readonly media: boolean;
  /** T-16. */
  readonly reissueUntilMs: number | null;
  /** Its newest certificate was revoked (T-43). */
  readonly revoked: boolean;
  /** It is the management server's own host. */
  readonly isServer: boolean;
  /** T-12, T-18: a legacy host that was let in, and never had a certificate. */
  readonly isLegacy?: boolean | undefined;
}

interface Common {
  readonly domainId: DomainId;
  readonly security: Pick<SecuritySettings, 'level' | 'requireForwardRecords' | 'hostCertificateHours'>;
  readonly issuerNotAfterMs: number;
}

/** A first or repeated request of a host, with a token or without. */
export interface EnrolContext extends Common {
  readonly kind: 'enrol';
  readonly newHostId: HostId;
  /** Undefined: none was presented. `found` undefined: no such token. */
  readonly token: { readonly found: TokenFacts | undefined } | undefined;
  /** The host whose primary name is the requested one, or the one that a reissue token is for. */
  readonly host: HostFacts | undefined;
  /** Canonical name → host it is mapped to, for every requested name that is mapped. */
  readonly owners: ReadonlyMap<string, HostId>;
  /**
   * Names that others have in a lesser way: `automatic` ones yield to a token, `shared` ones are nobody's alone, so they are neither
   * refused nor granted (T-15, T-31).
   */
  readonly weak?: ReadonlyMap<string, 'shared' | 'automatic'> | undefined;
  /** Canonical names among the requested that are registered as known hosts; true: used up. */
  readonly known: ReadonlyMap<string, boolean>;
  /** Do the forward records of the requested names contain the socket's address? Asked only where it matters (T-12). */
  readonly forwardRecordsMatch: boolean | undefined;
  /** T-17 An administrator who may make tokens decides about it, with a file in hand; `media`: and says that it may serve. */
  readonly manual?: { readonly media: boolean } | undefined;
  /** T-61 It came through the tunnel of a media server. */
  readonly isRelayed?: boolean | undefined;
}

/** A renewal over the current certificate, which was verified by the caller. */
export interface RenewContext extends Common {
  readonly kind: 'renew';
  readonly host: HostFacts;
  /** Subject and SAN of the CSR equal the certificate's, or are empty (RFC 7030 §4.2.2). */
  readonly namesMatch: boolean;
}

/** The birth of a domain: the management server's own host certificate. */
export interface BirthContext extends Common {
  readonly kind: 'birth';
  readonly newHostId: HostId;
}
export type IssuanceContext = EnrolContext | RenewContext | BirthContext;

/** What approved the request; recorded with the intention and in the audit log. */
export type IssuanceBasis =
  | 'token'
  | 'reissue-token'
  | 'reissue-allowed'
  | 'known-host'
  | 'level-medium'
  | 'manual'
  | 'certificate'
  | 'birth';

export type IssuanceDecision =
  | {
      readonly allow: true;
      readonly basis: IssuanceBasis;
      readonly plan: ApprovedIssuance;
      /** Set: the host is new, with this primary name and these names in all. */
      readonly newHost: { readonly name: string; readonly names: readonly string[] } | undefined;
      /** T-14, T-16: what the host held before is revoked at the new one's first use. */
      readonly replacesOld: boolean;
      /** Requested, but not granted: for the audit log. */
      readonly namesNotGranted: readonly string[];
    }
  | {
      readonly allow: false;
      readonly code: ErrorCode;
      readonly params: ErrorParams;
      /** For administrators alone: why a token was refused. */
      readonly adminReason: TokenRefusal | undefined;
    };

/** May this request be signed, and as what (T-03, T-10 … T-16, T-43)? */
export function decideIssuance(
  request: RequestFacts,
  context: IssuanceContext,
  nowMs: number,
): IssuanceDecision {
  const decision = decideByKind(request, context, nowMs);
  if (!decision.allow) return decision;
  const own = hostSpiffeId(context.domainId, decision.plan.hostId);
  const foreign = request.uris.find((uri) => uri !== own);
  return foreign === undefined ? decision : no('HOST_NAME_INVALID', { name: printable(foreign) });
}

function decideByKind(request: RequestFacts, context: IssuanceContext, nowMs: number): IssuanceDecision {
  switch (context.kind) {
    case 'renew':
      return decideRenewal(context, nowMs);
    case 'birth':
      return decideBirth(request, context, nowMs);
    case 'enrol':
      return decideEnrolment(request, context, nowMs);
  }
}

/** All requested names in canonical form, the primary one first, without repetition; or the refusal. */
export function judgeNames(
  request: RequestFacts,
):
  | { readonly allow: true; readonly names: readonly [HostName, ...HostName[]] }
  | (IssuanceDecision & { allow: false }) {
  const primary = judgeName(request.name);
  if (!primary.allow) return no(primary.code, primary.params);
  const names: [HostName, ...HostName[]] = [{ kind: primary.kind, name: primary.name }];
  if (request.furtherNames.length > HOST_NAMES_MAX)
    return no('HOST_NAMES_TOO_MANY', { limit: HOST_NAMES_MAX });
  for (const raw of request.furtherNames) {
    const judged = judgeName(raw);
    if (!judged.allow) return no(judged.code, judged.params);
    if (!names.some((name) => name.name === judged.name))
      names.push({ kind: judged.kind, name: judged.name });
  }
  return names.length > HOST_NAMES_MAX
    ? no('HOST_NAMES_TOO_MANY', { limit: HOST_NAMES_MAX })
    : { allow: true, names };
}

/** Which host the common name of a request means: a host's ID in it counts as that host's primary name. */
export const requestedName = (request: RequestFacts, host: HostFacts | undefined): RequestFacts =>
  host !== undefined && request.name === host.id ? { ...request, name: host.name } : request;

function decideEnrolment(raw: RequestFacts, context: EnrolContext, nowMs: number): IssuanceDecision {
  const request = requestedName(raw, context.host);
  const judged = judgeNames(request);
  if (!judged.allow) return judged;
  const primary = judged.names[0].name;
  const owner = context.owners.get(primary);

  if (context.token !== undefined) {
    const decision = decideToken(context.token.found, { name: primary, hostId: context.host?.id }, nowMs);
    if (!decision.allow) return no('TOKEN_REFUSED', {}, decision.reason);
  }
  const token = context.token?.found;
  if (token === undefined && context.isRelayed === true)
    return no('TUNNEL_TOKEN_REQUIRED', { name: primary });
  const host = context.host?.name === primary ? context.host : undefined;
  if (token?.purpose === 'reissue') {
    if (host === undefined || host.isServer) return no('TOKEN_REFUSED', {}, 'foreign');
    return reissue(judged.names, host, 'reissue-token', request, context, nowMs);
  }
  if (host?.isLegacy === true && host.name === primary && !host.isServer)
    return decideUpgrade(judged.names, host, request, context, nowMs);
  if (host !== undefined && token === undefined)
    return decideTokenlessReissue(judged.names, host, request, context, nowMs);
  if (owner !== undefined || host !== undefined) return no('HOST_NAME_TAKEN', { name: primary });
  if (context.weak?.get(primary) === 'shared') return no('HOST_NAME_TAKEN', { name: primary });
  // what was only mapped automatically yields to those whom an administrator approved
  const isApproved = token !== undefined || context.manual !== undefined;
  const isTaken = (name: string): boolean =>
    context.owners.has(name) || (!isApproved && context.weak?.get(name) === 'automatic');
  const taken = judged.names.find(({ name }) => isTaken(name));
  if (taken !== undefined) return no('HOST_NAME_TAKEN', { name: taken.name });
  const own = judged.names.filter(({ name }) => context.weak?.get(name) !== 'shared');

  if (token !== undefined) {
    if (request.wantsMedia && !token.media) return no('MEDIA_NOT_APPROVED', { name: primary });
    // A token that is bound to a name approves that name alone.
    const granted = token.hostName === null ? own : own.slice(0, 1);
    return newHost(judged.names, granted, 'token', request.wantsMedia, context, nowMs);
  }
  if (context.manual !== undefined) {
    if (request.wantsMedia && !context.manual.media) return no('MEDIA_NOT_APPROVED', { name: primary });
    return newHost(judged.names, own, 'manual', request.wantsMedia, context, nowMs);
  }
  return decideTokenless(judged.names, own, request, context, nowMs);
}

/** T-12: the level decides. Never the media role. */
function decideTokenless(
  names: readonly HostName[],
  own: readonly HostName[],
  request: RequestFacts,
  context: EnrolContext,
  nowMs: number,
): IssuanceDecision {
  const primary = names[0]?.name ?? '';
  if (request.wantsMedia) return no('TOKEN_REQUIRED', { name: primary, level: context.security.level });
  const required = (): IssuanceDecision =>
    no('TOKEN_REQUIRED', { name: primary, level: context.security.level });
  const isKnown = context.known.get(primary) === false;
  switch (context.security.level) {
    case 'very-high':
      return required();
    case 'high':
      return isKnown ? newHost(names, names.slice(0, 1), 'known-host', false, context, nowMs) : required();
    case 'medium': {
      if (context.security.requireForwardRecords && context.forwardRecordsMatch !== true) return required();
      if (isKnown) return newHost(names, names.slice(0, 1), 'known-host', false, context, nowMs);
      // What an administrator registered for one host is not handed to another along with its own name.
      const reserved = names.slice(1).find(({ name }) => context.known.get(name) === false);
      if (reserved !== undefined) return no('HOST_NAME_RESERVED', { name: reserved.name });
      return newHost(names, own, 'level-medium', false, context, nowMs);
    }
  }
}

/** T-12, T-18: a legacy host is known until it has a certificate; it keeps its host ID. A media server always needs a token. */
function decideUpgrade(
  names: readonly HostName[],
  host: HostFacts,
  request: RequestFacts,
  context: EnrolContext,
  nowMs: number,
): IssuanceDecision {
  const approved = context.token?.found !== undefined || context.manual !== undefined;
  const { level, requireForwardRecords } = context.security;
  const isKnown =
    level === 'high' ||
    (level === 'medium' && (!requireForwardRecords || context.forwardRecordsMatch === true));
  if (!approved && (!isKnown || request.wantsMedia || host.media))
    return no('TOKEN_REQUIRED', { name: host.name, level });
  // the name of a legacy media server makes nobody a media server: who approves says so
  const isMediaApproved = context.token?.found?.media === true || context.manual?.media === true;
  if (host.media && !isMediaApproved) return no('MEDIA_NOT_APPROVED', { name: host.name });
  const basis = approved ? (context.manual === undefined ? 'token' : 'manual') : 'known-host';
  const decision = reissue(names, host, basis, request, context, nowMs);
  return decision.allow ? { ...decision, replacesOld: false } : decision;
}

/** T-16: only within its 48 hours, never for a revoked host (T-43), never for a media server (T-12). */
function decideTokenlessReissue(
  names: readonly HostName[],
  host: HostFacts,
  request: RequestFacts,
  context: EnrolContext,
  nowMs: number,
): IssuanceDecision {
  const allowed =
    host.reissueUntilMs !== null &&
    nowMs < host.reissueUntilMs &&
    !host.revoked &&
    !host.media &&
    !host.isServer;
  if (!allowed) {
    return host.isServer
      ? no('HOST_NAME_TAKEN', { name: host.name })
      : no('REISSUE_TOKEN_REQUIRED', { name: host.name });
  }
  return reissue(names, host, 'reissue-allowed', { ...request, wantsMedia: false }, context, nowMs);
}

function reissue(
  names: readonly HostName[],
  host: HostFacts,
  basis: IssuanceBasis,
  request: RequestFacts,
  context: EnrolContext,
  nowMs: number,
): IssuanceDecision {
  const foreign = names.find(({ name }) => (context.owners.get(name) ?? host.id) !== host.id);
  if (foreign !== undefined) return no('HOST_NAME_TAKEN', { name: foreign.name });
  const media = host.media || (request.wantsMedia && context.token?.found?.media === true);
  if (request.wantsMedia && !media) return no('MEDIA_NOT_APPROVED', { name: host.name });
  return {
    allow: true,
    basis,
    plan: approve(host.id, namesOf(host), media, context, nowMs),
    newHost: undefined,
    replacesOld: true,
    namesNotGranted: names.map(({ name }) => name).filter((name) => !host.names.includes(name)),
  };
}

function decideRenewal(context: RenewContext, nowMs: number): IssuanceDecision {
  const { host } = context;
  if (host.revoked) return no('REISSUE_TOKEN_REQUIRED', { name: host.name });
  if (!context.namesMatch) return no('RENEWAL_NAMES_DIFFER', { name: host.name });
  return {
    allow: true,
    basis: 'certificate',
    plan: approve(host.id, namesOf(host), host.media, context, nowMs),
    newHost: undefined,
    replacesOld: false,
    namesNotGranted: [],
  };
}

function decideBirth(request: RequestFacts, context: BirthContext, nowMs: number): IssuanceDecision {
  const judged = judgeNames(request);
  if (!judged.allow) return judged;
  return newHost(judged.names, judged.names, 'birth', false, context, nowMs);
}

function newHost(
  asked: readonly HostName[],
  granted: readonly HostName[],
  basis: IssuanceBasis,
  media: boolean,
  context: EnrolContext | BirthContext,
  nowMs: number,
): IssuanceDecision {
  const names = granted.map(({ name }) => name);
  return {
    allow: true,
    basis,
    plan: approve(context.newHostId, granted, media, context, nowMs),
    newHost: { name: names[0] ?? '', names },
    replacesOld: false,
    namesNotGranted: asked.map(({ name }) => name).filter((name) => !names.includes(name)),
  };
}

/** Names of the registry were judged when they were approved; what no longer passes is left out. */
const namesOf = (host: HostFacts): HostName[] =>
  host.names.flatMap((raw) => {
    const judged = judgeName(raw);
    return judged.allow ? [{ kind: judged.kind, name: judged.name }] : [];
  });

function approve(
  id: HostId,
  names: readonly HostName[],
  media: boolean,
  context: Common,
  nowMs: number,
): ApprovedIssuance {
  return {
    hostId: id,
    domainId: context.domainId,
    dns: names.filter(({ kind }) => kind === 'dns').map(({ name }) => name),
    ips: names.filter(({ kind }) => kind === 'ip').map(({ name }) => name),
    media,
    notBeforeMs: nowMs - NOT_BEFORE_BACK_MS,
    // no longer than the profile allows, the ten minutes back included
    notAfterMs: Math.min(
      nowMs + context.security.hostCertificateHours * HOUR_MS,
      nowMs - NOT_BEFORE_BACK_MS + HOST_CERTIFICATE_DAYS_MAX * DAY_MS,
      context.issuerNotAfterMs,
    ),
  } as unknown as ApprovedIssuance; // the one place that mints it
}

const recordedPlan = z.object({
  hostId,
  domainId,
  dns: z.array(z.string()).max(HOST_NAMES_MAX),
  ips: z.array(z.string()).max(HOST_NAMES_MAX),
  media: z.boolean(),
  notBeforeMs: z.int(),
  notAfterMs: z.int(),
});

/** The plan of an intention that was recorded and not finished: approved before the crash, and so after it. */
export const recordedIssuance = (raw: unknown): ApprovedIssuance =>
  recordedPlan.parse(raw) as unknown as ApprovedIssuance;

const no = (
  code: ErrorCode,
  params: ErrorParams,
  adminReason?: TokenRefusal,
): IssuanceDecision & { allow: false } => ({ ...refuse(code, params), adminReason });
