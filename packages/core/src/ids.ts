/** Branded identifiers. Only the parsers in this file mint them: parse at the edge, trust inside. */
declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

export type DomainId = Brand<'DomainId'>;
export type HostId = Brand<'HostId'>;
export type ServerId = Brand<'ServerId'>;
export type GroupId = Brand<'GroupId'>;
export type ListId = Brand<'ListId'>;
export type PlanId = Brand<'PlanId'>;
export type TokenId = Brand<'TokenId'>;
export type AdministratorId = Brand<'AdministratorId'>;
/** An administrator's session at 13291. */
export type SignInId = Brand<'SignInId'>;
export type ApiKeyId = Brand<'ApiKeyId'>;
/** Long work of the server itself: a backup of its database, a check of the audit log. */
export type TaskId = Brand<'TaskId'>;
/** 32 lower-case hex digits: scheduled jobs derive it from plan, host and time, manual ones draw it. */
export type JobId = Brand<'JobId'>;
/** 64 lower-case hex digits: the SHA-256 of the snapshot file, which is restic's snapshot ID. */
export type SnapshotId = Brand<'SnapshotId'>;
/** `<host ID>.<generation>`: a host writes only repositories that begin with its own ID (P-01, P-02). */
export type RepositoryName = Brand<'RepositoryName'>;
/** SHA-256 in 64 lower-case hex digits. */
export type Sha256Hex = Brand<'Sha256Hex'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEX_32 = /^[0-9a-f]{32}$/;
const HEX_64 = /^[0-9a-f]{64}$/;
const REPOSITORY = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([1-9][0-9]{0,5})$/;

const uuidParser =
  <Id extends string>() =>
  (raw: string): Id | undefined =>
    UUID.test(raw) ? (raw as Id) : undefined;

export const parseDomainId = uuidParser<DomainId>();
export const parseHostId = uuidParser<HostId>();
export const parseServerId = uuidParser<ServerId>();
export const parseGroupId = uuidParser<GroupId>();
export const parseListId = uuidParser<ListId>();
export const parsePlanId = uuidParser<PlanId>();
export const parseTokenId = uuidParser<TokenId>();
export const parseAdministratorId = uuidParser<AdministratorId>();
export const parseSignInId = uuidParser<SignInId>();
export const parseApiKeyId = uuidParser<ApiKeyId>();
export const parseTaskId = uuidParser<TaskId>();

/** A job ID, or undefined when the text is not 32 lower-case hex digits. */
export const parseJobId = (raw: string): JobId | undefined => (HEX_32.test(raw) ? (raw as JobId) : undefined);

/** A snapshot ID, or undefined when the text is not 64 lower-case hex digits. */
export const parseSnapshotId = (raw: string): SnapshotId | undefined =>
  HEX_64.test(raw) ? (raw as SnapshotId) : undefined;

/** A SHA-256, or undefined when the text is not 64 lower-case hex digits. */
export const parseSha256Hex = (raw: string): Sha256Hex | undefined =>
  HEX_64.test(raw) ? (raw as Sha256Hex) : undefined;

/** A repository name, or undefined; nothing that could leave its folder passes. */
export const parseRepositoryName = (raw: string): RepositoryName | undefined =>
  REPOSITORY.test(raw) ? (raw as RepositoryName) : undefined;

/** The repository of a host's nth generation (1 at first; a sealed repository is followed by the next). */
export const repositoryName = (hostId: HostId, generation: number): RepositoryName =>
  `${hostId}.${generation}` as RepositoryName;

/** The host that owns a repository. */
export const repositoryOwner = (name: RepositoryName): HostId => name.slice(0, 36) as HostId;

/** The SPIFFE ID of a host: the one URI in its certificate's SAN (T-03). */
export const hostSpiffeId = (domainId: DomainId, hostId: HostId): string =>
  `spiffe://${domainId}/host/${hostId}`;

/** The SPIFFE ID of a management server's TLS certificate (T-01). */
export const serverSpiffeId = (domainId: DomainId, serverId: ServerId): string =>
  `spiffe://${domainId}/server/${serverId}`;
