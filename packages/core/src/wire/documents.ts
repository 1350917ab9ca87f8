import { z } from 'zod';
import { planApplication } from './applications.ts';
import { retentionSchema, scheduleSchema } from './plans.ts';
import { verificationSetting } from './verification.ts';
import {
  absolutePath,
  address,
  count,
  domainId,
  epochMs,
  groupId,
  hostId,
  jobId,
  listId,
  planId,
  port,
  repositoryName,
  serial,
  serverId,
  sha256Hex,
  snapshotId,
} from './scalars.ts';
import {
  ACCEPTED_KEYS_MAX,
  CRL_LISTS_MAX,
  DOCUMENT_BYTES_MAX,
  LISTING_ENTRIES_MAX,
  PACKAGE_BYTES_MAX,
  PLAN_EXCLUDES_MAX,
  PLAN_PATHS_MAX,
  PLAN_SCHEDULES_MAX,
  PLANS_PER_POLICY_MAX,
  READ_GRANTS_PER_MEDIA_MAX,
  RESTORE_PATHS_MAX,
  SERVERS_PER_LIST_MAX,
} from '../limits.ts';

/**
 * Signed documents (design.md, "Keys and documents"): JWS compact, `typ` = `sekisho-<type>+jws`, `x5c` = the signer's
 * chain. The trust bundle is signed by the root, all others by the document signer.
 */
export const DOCUMENT_TYPES = [
  'bundle',
  'list',
  'assignment',
  'policy',
  'order',
  'audit-key',
  'communication',
  'package',
] as const;
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

const head = { domain: domainId, serial, issuedAt: epochMs };

/** A certificate in DER, as base64. */
export const der = z.base64().max(32 * 1024);

export const bundlePayload = z.object({
  ...head,
  /** serial is the generation of a bundle. */
  anchors: z
    .array(
      z.object({
        fingerprint: sha256Hex,
        certificate: der,
        state: z.enum(['announced', 'active', 'retiring', 'compromised']),
      }),
    )
    .min(1)
    .max(16),
  /** Issuing CAs that are in use; each chains to an anchor. */
  intermediates: z.array(der).max(16),
  links: z.array(der).max(32),
  /** Plain-HTTP addresses of the CRLs. */
  crls: z.array(z.object({ issuerKeyId: z.string().max(64), path: z.string().max(200) })).max(CRL_LISTS_MAX),
  /** Port of the plain-HTTP listener, on each server of the list. */
  httpPort: port,
  /**
   * Who signs documents. Where any is named, documents of no other key are adopted; a domain certificate must chain to an anchor all the
   * same, one from outside is accepted by its key.
   */
  signers: z
    .array(
      z.object({
        /** SHA-256 of the SPKI. */
        keyId: sha256Hex,
        certificate: der,
        state: z.enum(['announced', 'active', 'retiring']),
        outside: z.literal(true).optional(),
      }),
    )
    .max(8)
    .default([]),
});
export type BundlePayload = z.infer<typeof bundlePayload>;

export const listPayload = z.object({
  ...head,
  list: listId,
  servers: z
    .array(
      z.object({
        priority: z.int().min(1).max(100),
        serverId,
        address,
        port,
        protocol: z.enum(['https', 'http']),
        /** SHA-256 of the SPKI of certificates from outside that the agent accepts; usually none. */
        acceptedKeys: z.array(sha256Hex).max(ACCEPTED_KEYS_MAX),
      }),
    )
    .min(1)
    .max(SERVERS_PER_LIST_MAX),
});
export type ListPayload = z.infer<typeof listPayload>;

export const assignmentPayload = z.object({
  ...head,
  hostId,
  name: z.string().max(253),
  group: groupId,
  list: listId,
  /** Not null: this host serves repositories. */
  media: z
    .object({
      quotaBytesPerHost: count.nullable(),
      /** T-50: it listens there for legacy hosts, in plain; absent: it does not. */
      legacyPort: port.optional(),
    })
    .nullable(),
  /** Where this host's own repositories are, newest generation last. */
  repositories: z
    .array(z.object({ repository: repositoryName, mediaHostId: hostId, sealed: z.boolean() }))
    .max(64),
  /** Of a media server (T-34, P-14): hosts that may read a repository of another, for one job, until a moment. */
  readGrants: z
    .array(z.object({ repository: repositoryName, readerId: hostId, jobId, expiresAtMs: epochMs }))
    .max(READ_GRANTS_PER_MEDIA_MAX)
    .default([]),
});
export type AssignmentPayload = z.infer<typeof assignmentPayload>;

/** A plan as agents see it: only what running it needs. */
export const policyPlan = z.object({
  planId,
  name: z.string().max(100),
  revision: count,
  /** Hosts of this policy's group that the plan covers; null is all of them. */
  hostIds: z.array(hostId).max(1000).nullable(),
  enabledSinceMs: epochMs,
  paths: z.array(absolutePath).min(1).max(PLAN_PATHS_MAX),
  excludes: z.array(z.string().min(1).max(1024)).max(PLAN_EXCLUDES_MAX),
  schedules: z.array(scheduleSchema).max(PLAN_SCHEDULES_MAX),
  retention: retentionSchema,
  mediaHostIds: z.array(hostId).min(1).max(2),
  bandwidthKiBps: count.nullable(),
  commands: z.object({ pre: z.string().max(4096).nullable(), post: z.string().max(4096).nullable() }),
  /** T-34: only the host that carries this virtual name runs it; `hostIds` are those of the mapping. */
  application: planApplication.nullable().default(null),
});
export type PolicyPlan = z.infer<typeof policyPlan>;

export const policyPayload = z.object({
  ...head,
  group: groupId,
  heartbeatSeconds: z.int().min(1).max(86_400),
  mode: z.enum(['push', 'pull']),
  /** F-01: for each setting where its value comes from, and whether a group above locked it. Newer servers may know more settings. */
  origins: z
    .record(
      z.string().max(40),
      z.object({
        kind: z.string().max(20),
        id: z.string().max(64).optional(),
        name: z.string().max(100).optional(),
        locked: z.boolean(),
      }),
    )
    .default({}),
  crlRefreshSeconds: z
    .int()
    .min(1)
    .max(7 * 86_400),
  staleCrl: z.enum(['open', 'closed']),
  mediaServers: z
    .array(
      z.object({
        hostId,
        name: z.string().max(253),
        endpoints: z.array(z.object({ address, port })).min(1).max(8),
        /** T-53: it has no certificate; it is dialled in plain after the management server said yes to it, each time. */
        legacy: z.literal(true).optional(),
      }),
    )
    .max(64),
  plans: z.array(policyPlan).max(PLANS_PER_POLICY_MAX),
  /** F-20: left out while agents verify their management server, which is nearly always. */
  verification: verificationSetting.optional(),
});
export type PolicyPayload = z.infer<typeof policyPayload>;

export const orderAct = z.discriminatedUnion('what', [
  z.object({
    what: z.literal('backup'),
    planId,
    /** Set: the run counts as one of this schedule of the plan; null: a custom point (P-13). */
    scheduleName: z.string().max(64).nullable(),
    attempt: count,
  }),
  z.object({
    what: z.literal('restore'),
    repository: repositoryName,
    mediaHostId: hostId,
    snapshotId,
    /** Empty: everything in the recovery point. */
    paths: z.array(absolutePath).max(RESTORE_PATHS_MAX),
    /** Null: back to the original places. */
    targetFolder: absolutePath.nullable(),
    conflict: z.enum(['overwrite', 'skip', 'rename']),
  }),
  z.object({
    what: z.literal('browse'),
    repository: repositoryName,
    mediaHostId: hostId,
    snapshotId,
    path: absolutePath,
    limit: z.int().min(1).max(LISTING_ENTRIES_MAX),
  }),
  z.object({
    what: z.literal('maintain'),
    repository: repositoryName,
    forget: z.array(snapshotId).max(1000),
    prune: z.boolean(),
  }),
  z.object({ what: z.literal('seal'), repository: repositoryName }),
]);
export type OrderAct = z.infer<typeof orderAct>;

export const orderPayload = z.object({
  ...head,
  jobId,
  /** The one host that may carry it out. */
  hostId,
  expiresAtMs: epochMs,
  act: orderAct,
});
export type OrderPayload = z.infer<typeof orderPayload>;

/** Which key signs the checkpoints of the domain's audit log. */
export const auditKeyPayload = z.object({
  ...head,
  origin: z.string().min(1).max(300),
  /** `name+hex+base64` (C2SP signed-note). */
  verifierKey: z.string().max(600),
});

/** F-13 A trust bundle and a list that belong together, each signed by itself: the signed part of a communication package. */
export const communicationPayload = z.object({
  ...head,
  bundle: z.string().max(DOCUMENT_BYTES_MAX),
  list: z.string().max(DOCUMENT_BYTES_MAX),
});

/** Kinds of machines that there are install packages for. */
export const PACKAGE_PLATFORMS = ['linux-amd64', 'linux-arm64'] as const;
export type PackagePlatform = (typeof PACKAGE_PLATFORMS)[number];
const version = z
  .string()
  .max(20)
  .regex(/^\d{1,6}\.\d{1,6}\.\d{1,6}$/);

/** F-04 What agents may install: one file, by its hash. */
export const installPackage = z.object({
  version,
  platform: z.enum(PACKAGE_PLATFORMS),
  fileName: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._+~-]*$/),
  sha256: sha256Hex,
  bytes: z.int().min(1).max(PACKAGE_BYTES_MAX),
  /** It can follow this version or a newer one; null: any. */
  minimumVersion: version.nullable(),
});
export type InstallPackage = z.infer<typeof installPackage>;
export const packagePayload = installPackage.extend(head);

export const DOCUMENT_PAYLOADS = {
  bundle: bundlePayload,
  list: listPayload,
  assignment: assignmentPayload,
  policy: policyPayload,
  order: orderPayload,
  'audit-key': auditKeyPayload,
  communication: communicationPayload,
  package: packagePayload,
} as const;
export type DocumentPayload<Type extends DocumentType> = z.infer<(typeof DOCUMENT_PAYLOADS)[Type]>;
