import { z } from 'zod';
import { AUDIT_CATEGORY_NAMES } from '../audit-events.ts';
import { PAGE_ROWS_MAX } from '../limits.ts';
import {
  address,
  count,
  displayName,
  domainId,
  epochMs,
  groupId,
  hostId,
  port,
  serverId,
  sha256Hex,
  tokenId,
} from './scalars.ts';
import { hostReason } from './host-reasons.ts';
import { route } from './route.ts';

/** The domain as everybody may know it. */
export const domainView = z.object({
  domainId,
  name: z.string(),
  caFingerprint: sha256Hex,
  /** Root first, then issuing CA. */
  caCertificatesPem: z.string(),
  serverId,
  serverVersion: z.string(),
  addresses: z.array(z.object({ address, agentPort: port, adminPort: port, httpPort: port })),
});
export const getDomain = route({
  method: 'GET',
  path: '/v1/domain',
  right: 'domain.read',
  scope: 'group',
  reply: domainView,
});

export const SECURITY_LEVELS = ['medium', 'high', 'very-high'] as const;
export const securityLevel = z.enum(SECURITY_LEVELS);
export type SecurityLevel = z.infer<typeof securityLevel>;

/** What hosts do with a revocation list past its nextUpdate; `level`: refuse peers at very high, go on otherwise (T-42). */
export const STALE_CRL_CHOICES = ['level', 'open', 'closed'] as const;
export type StaleCrlChoice = (typeof STALE_CRL_CHOICES)[number];

export const securitySettings = z.object({
  level: securityLevel,
  /** T-12, medium only: a token is asked for when the names' forward records don't contain the socket's address. */
  requireForwardRecords: z.boolean(),
  hostCertificateHours: z
    .int()
    .min(24)
    .max(825 * 24),
  staleCrl: z.enum(STALE_CRL_CHOICES),
  /** T-31: a free name under which a host was met is mapped to it; off: it waits for an administrator. */
  mapAutomatically: z.boolean(),
  /** T-50: hosts without a certificate that an administrator let in may talk over the plain protocol. */
  insecureCommunication: z.boolean(),
});
export type SecuritySettings = z.infer<typeof securitySettings>;
export const getSecurity = route({
  method: 'GET',
  path: '/v1/security',
  right: 'security.read',
  reply: securitySettings,
});
export const setSecurity = route({
  method: 'PUT',
  path: '/v1/security',
  right: 'security.write',
  body: securitySettings.partial(),
  reply: securitySettings,
});

export const HOST_STATES = [
  'online',
  'offline',
  'never-seen',
  'legacy',
  'revoked',
  'certificate-expiring',
  'certificate-expired',
  'policy-outdated',
  'orphaned',
] as const;

export const hostView = z.object({
  id: hostId,
  name: z.string(),
  names: z.array(z.string()),
  group: groupId,
  media: z.boolean(),
  states: z.array(z.enum(HOST_STATES)),
  /** F-05: why, for each state that wants attention. */
  reasons: z.array(hostReason),
  lastSeenAtMs: epochMs.nullable(),
  version: z.string().nullable(),
  certificate: z
    .object({
      fingerprint: sha256Hex,
      serial: z.string(),
      notAfterMs: epochMs,
      revokedAtMs: epochMs.nullable(),
    })
    .nullable(),
  reissueAllowedUntilMs: epochMs.nullable(),
  health: z.array(z.string()),
});
export type HostView = z.infer<typeof hostView>;

const idParams = z.object({ id: hostId });
const page = {
  limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
  after: z.string().max(300).optional(),
};

export const listHosts = route({
  method: 'GET',
  path: '/v1/hosts',
  right: 'host.read',
  scope: 'group',
  query: z.object({
    ...page,
    /** Only the host that goes by this name. */
    name: address.optional(),
    /** Only hosts whose primary name begins so. */
    namePrefix: address.optional(),
    /** Only hosts of this group, without those of groups below. */
    group: groupId.optional(),
  }),
  reply: z.object({ hosts: z.array(hostView), next: z.string().nullable() }),
});
export const getHost = route({
  method: 'GET',
  path: '/v1/hosts/:id',
  right: 'host.read',
  scope: 'group',
  params: idParams,
  reply: hostView,
});

/** A name that may enrol without a token at level high, once (T-12). */
export const knownHostView = z.object({
  name: z.string(),
  registeredAtMs: epochMs,
  registeredBy: z.string(),
  usedAtMs: epochMs.nullable(),
  hostId: hostId.nullable(),
});
export const registerHost = route({
  method: 'POST',
  path: '/v1/known-hosts',
  right: 'host.write',
  body: z.object({ name: address }),
  reply: knownHostView,
});
/** CSV with a header line `name`; all lines are checked first, and nothing is registered when one is wrong. */
export const importHosts = route({
  method: 'POST',
  path: '/v1/known-hosts/import',
  right: 'host.write',
  body: z.object({ csv: z.string().max(900_000) }),
  reply: z.object({ registered: count, already: count }),
});
export const listKnownHosts = route({
  method: 'GET',
  path: '/v1/known-hosts',
  right: 'host.read',
  query: z.object({ ...page }),
  reply: z.object({ hosts: z.array(knownHostView), next: z.string().nullable() }),
});
export const unregisterHost = route({
  method: 'DELETE',
  path: '/v1/known-hosts/:name',
  right: 'host.write',
  params: z.object({ name: address }),
  reply: z.object({ removed: z.string() }),
});
/**
 * Switches the media role of a host; its agent renews for a certificate that fits. A media server serves, and is trusted by, all
 * groups: the right must reach the whole domain.
 */
export const setHostMedia = route({
  method: 'PUT',
  path: '/v1/hosts/:id/media',
  right: 'host.write',
  params: idParams,
  body: z.object({
    media: z.boolean(),
    /** Where clients reach it; empty: the host's names at the default port. */
    endpoints: z.array(z.object({ address, port })).max(8).default([]),
    quotaBytesPerHost: count.nullable().default(null),
    /** T-50: where it listens for legacy hosts; 8014 by default. */
    legacyPort: port.optional(),
  }),
  reply: hostView,
});
/** T-16: the next request of this host's name needs no token, for 48 hours; false takes it back. */
export const allowReissue = route({
  method: 'PUT',
  path: '/v1/hosts/:id/reissue',
  right: 'host.write',
  scope: 'group',
  params: idParams,
  body: z.object({ allow: z.boolean() }),
  reply: hostView,
});

export const TOKEN_STATES = ['active', 'used', 'expired', 'deleted'] as const;
export const tokenView = z.object({
  id: tokenId,
  name: z.string(),
  purpose: z.enum(['enrol', 'reissue']),
  state: z.enum(TOKEN_STATES),
  usesMax: count,
  uses: count,
  expiresAtMs: epochMs,
  hostName: z.string().nullable(),
  hostId: hostId.nullable(),
  media: z.boolean(),
  createdAtMs: epochMs,
  createdBy: z.string(),
});
export type TokenView = z.infer<typeof tokenView>;
export const createToken = route({
  method: 'POST',
  path: '/v1/tokens',
  right: 'token.write',
  body: z.object({
    name: displayName,
    usesMax: z.int().min(1).max(100_000).default(1),
    validSeconds: z
      .int()
      .min(60)
      .max(366 * 86_400)
      .default(86_400),
    /** Only this host name may use it. */
    hostName: address.nullable().default(null),
    /** The host may become a media server. */
    media: z.boolean().default(false),
    /** A reissue token for the host with this primary name (T-14): one use, at most 24 h. */
    reissueFor: address.nullable().default(null),
  }),
  /** The secret is shown here and never again. */
  reply: tokenView.extend({ token: z.string() }),
});
export const listTokens = route({
  method: 'GET',
  path: '/v1/tokens',
  right: 'token.read',
  query: z.object({ ...page }),
  reply: z.object({ tokens: z.array(tokenView), next: z.string().nullable() }),
});
export const deleteToken = route({
  method: 'DELETE',
  path: '/v1/tokens/:id',
  right: 'token.write',
  params: z.object({ id: tokenId }),
  reply: tokenView,
});

/** RFC 5280 §5.3.1 reasons that an administrator may give. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
] as const;
export const revocationReason = z.enum(REVOCATION_REASONS);
export type RevocationReason = z.infer<typeof revocationReason>;

export const certificateView = z.object({
  fingerprint: sha256Hex,
  serial: z.string(),
  issuerKeyId: z.string(),
  hostId,
  hostName: z.string(),
  notBeforeMs: epochMs,
  notAfterMs: epochMs,
  issuedAtMs: epochMs,
  revokedAtMs: epochMs.nullable(),
  reason: revocationReason.nullable(),
});
export type CertificateView = z.infer<typeof certificateView>;
export const listCertificates = route({
  method: 'GET',
  path: '/v1/certificates',
  right: 'certificate.read',
  scope: 'group',
  query: z.object({ ...page, host: hostId.optional() }),
  reply: z.object({ certificates: z.array(certificateView), next: z.string().nullable() }),
});
/** T-40: all certificates of the host, from this moment. */
export const revokeHost = route({
  method: 'POST',
  path: '/v1/hosts/:id/revoke',
  right: 'certificate.revoke',
  scope: 'group',
  params: idParams,
  body: z.object({ reason: revocationReason }),
  reply: z.object({
    host: hostView,
    revoked: z.array(certificateView),
    cutConnections: count,
    /** Where its spread is told: null when there was nothing left to revoke. */
    revocation: count.nullable(),
  }),
});

/** A revocation, and how far it has spread (T-44). */
export const revocationView = z.object({
  id: count,
  hostId,
  hostName: z.string(),
  reason: revocationReason,
  revokedBy: z.string(),
  revokedAtMs: epochMs,
  certificates: count,
  /** The number of the list from which on a host refuses it; null: no list names it yet. */
  crlNumber: count.nullable(),
  listedAtMs: epochMs.nullable(),
  /** Other hosts of that moment, as far as they are still in use. */
  hosts: count,
  /** Of them, those that hold all lists up to that number. */
  confirmed: count,
  halfAtMs: epochMs.nullable(),
  allAtMs: epochMs.nullable(),
});
export type RevocationView = z.infer<typeof revocationView>;
export const listRevocations = route({
  method: 'GET',
  path: '/v1/revocations',
  right: 'certificate.read',
  scope: 'group',
  query: z.object({ ...page, host: hostId.optional() }),
  reply: z.object({ revocations: z.array(revocationView), next: z.string().nullable() }),
});
const revocationParams = z.object({ id: z.coerce.number().int().min(1) });
export const getRevocation = route({
  method: 'GET',
  path: '/v1/revocations/:id',
  right: 'certificate.read',
  scope: 'group',
  params: revocationParams,
  reply: revocationView,
});
/** The hosts that have not confirmed a revocation yet. */
export const listUnconfirmed = route({
  method: 'GET',
  path: '/v1/revocations/:id/unconfirmed',
  right: 'certificate.read',
  scope: 'group',
  params: revocationParams,
  query: z.object({ ...page }),
  reply: z.object({
    hosts: z.array(z.object({ id: hostId, name: z.string(), lastSeenAtMs: epochMs, crlNumber: count })),
    next: z.string().nullable(),
  }),
});

/** One row of the audit log. */
export const auditRow = z.object({
  seq: count,
  atMs: epochMs,
  category: z.string(),
  act: z.string(),
  actor: z.string(),
  origin: z.string(),
  subject: z.string(),
  outcome: z.enum(['done', 'refused']),
  detail: z.record(z.string(), z.unknown()),
});
export const listAudit = route({
  method: 'GET',
  path: '/v1/audit',
  right: 'audit.read',
  query: z.object({
    limit: z.coerce.number().int().min(1).max(PAGE_ROWS_MAX).optional(),
    after: z.string().max(1_000).optional(),
    /** Rows before this one. */
    before: z.coerce.number().int().optional(),
    category: z.enum(AUDIT_CATEGORY_NAMES).optional(),
    act: z.string().max(64).optional(),
    actor: z.string().max(512).optional(),
    origin: z.string().max(512).optional(),
    subject: z.string().max(512).optional(),
    outcome: z.enum(['done', 'refused']).optional(),
    /** From this moment on. */
    since: z.coerce.number().int().min(0).optional(),
    /** Before this moment. */
    until: z.coerce.number().int().min(0).optional(),
  }),
  reply: z.object({ rows: z.array(auditRow), next: z.string().nullable() }),
});
