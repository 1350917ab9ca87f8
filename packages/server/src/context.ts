import type { DomainId, GroupId, HostId, ListId, ServerId, Sha256Hex } from '@sekisho/core/ids.ts';
import type { Clock, Random } from '@sekisho/core/time.ts';
import type { Fetchable } from '@sekisho/core/wire/agent.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerConfig } from './config.ts';
import type { Accounts } from './features/administrators/accounts.ts';
import type { AuditService } from './features/audit/audit-service.ts';
import type { RefusalBook } from './features/audit/refusal-book.ts';
import type { DocumentService } from './features/documents/document-service.ts';
import type { OnProgress } from './features/jobs/progress-board.ts';
import type { KeyStore } from './features/keys/key-store.ts';
import type { LegacyDesk } from './features/legacy/legacy-desk.ts';
import type { NameDesk } from './features/names/name-desk.ts';
import type { RekeyPacer } from './features/rotation/rekey-pacer.ts';
import type { RenewalBoard } from './features/renewals/renewal-board.ts';
import type { PasswordHasher } from './features/sign-in/password-hasher.ts';
import type { CrlShards } from './features/revocation/crl-shards.ts';
import type { CrlSigner } from './features/revocation/crl-signer.ts';
import type { CertificateRegistry } from './features/revocation/certificate-registry.ts';
import type { SecurityCache } from './features/security/security-cache.ts';
import type { TaskRunner } from './features/tasks/task-runner.ts';
import type { PeerConnections } from './http/connections.ts';
import type { PeerIdentity } from './http/peer.ts';
import type { ServerMetrics } from './metrics/server-metrics.ts';
import type { ChangeFeed } from './store/change-feed.ts';
import type { Store } from './store/store.ts';

/** What a server knows of its domain while it runs. */
export interface DomainFacts {
  readonly id: DomainId;
  readonly name: string;
  readonly serverId: ServerId;
  /** The management server's own host. */
  readonly serverHostId: HostId;
  /** SHA-256 of the root certificate's DER: what people confirm. Another one after the CA was changed. */
  readonly caFingerprint: Sha256Hex;
}

/** Ports that are bound; a configured 0 drew a free one. */
export interface ServerPorts {
  readonly agent: number;
  readonly admin: number;
  readonly http: number;
}

/** What the fleet knows of a host from its heartbeats. */
export interface HostSeen {
  readonly lastSeenMs: number;
  /** F-02: how often it is to be heard. */
  readonly heartbeatSeconds: number;
  readonly online: boolean;
  readonly version: string;
  readonly health: readonly string[];
  /** F-05 When it first said that it refuses its server's certificate; null: it does not say so. */
  readonly orphanedSinceMs: number | null;
  readonly policySerial: number;
  /** Of the newest revocation list that it confirmed; zero: none. */
  readonly crlNumber: number;
}

/** What the last heartbeat of a host said of revocation lists and its management server list. */
export interface HeardHost {
  readonly id: HostId;
  /** Of two hosts, the higher number came later. */
  readonly num: number;
  readonly groupId: GroupId;
  /** Zero: never. */
  readonly lastSeenMs: number;
  readonly crlNumber: number;
  readonly listSerial: number;
  /** Of the certificate that the connection was made with. */
  readonly fingerprint: string;
}

/** What the fleet of this process has counted since its start, and how it is now. */
export interface FleetFigures {
  readonly hosts: number;
  readonly sessions: number;
  readonly opened: number;
  readonly heartbeats: number;
  /** Frames of channels by kind. */
  readonly frames: Readonly<Record<string, number>>;
}

/** Sessions, heartbeats and pushes: the fleet's side of the server, plugged in by main.ts. */
export interface FleetService {
  /** From memory: nothing when the host was never heard of. */
  seen(hostId: HostId): HostSeen | undefined;
  /** Counts for metrics, from memory. */
  figures(): FleetFigures;
  /** From memory: all hosts with agents. */
  hosts(): Iterable<HeardHost>;
  /** From memory: the group a host is in. */
  groupOf(hostId: HostId): GroupId | undefined;
  /** From memory: the management server list that is meant for a host. */
  listOf(hostId: HostId): ListId | undefined;
  /** Calls with the figures of running jobs that this process hears; gives how to stop. */
  onProgress(call: OnProgress): () => void;
  /** Says "come now" to a host that has its channel open; a host without hears it at its next heartbeat. */
  push(hostId: HostId, fetch: readonly Fetchable[]): void;
  /** A WebSocket upgrade of a verified peer at CHANNEL_PATH. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, peer: PeerIdentity): void;
  agentRoutes(agentApp: FastifyInstance): void;
  /** F-20: of the plain port. */
  heartbeatRoute(plainApp: FastifyInstance): void;
  /** F-20 From memory: does this host not verify its server at the moment? Then nothing is handed to it but what is signed for it. */
  isUnverified(hostId: HostId): boolean;
  /** F-20 Does verification of this server rest for the host, or has it not heard yet that it does no more? */
  mayAskPlain(hostId: HostId): Promise<boolean>;
  adminRoutes(adminApp: FastifyInstance): void;
  /** Ends the channels one after the other; none is opened any more. */
  drain(spreadMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Everything that lives as long as the server; main.ts alone puts it together. */
export interface ServerContext {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly store: Store;
  readonly domain: DomainFacts;
  readonly ports: ServerPorts;
  readonly keys: KeyStore;
  readonly feed: ChangeFeed;
  readonly registry: CertificateRegistry;
  /** The shards of revocation lists into which certificates go (T-41). */
  readonly shards: CrlShards;
  readonly crlSigner: CrlSigner;
  readonly documents: DocumentService;
  /** The hash tree of the audit log and its key (S-06). */
  readonly audit: AuditService;
  /** Refusals that anybody can cause, on their way into the audit log. */
  readonly refusals: RefusalBook;
  readonly security: SecurityCache;
  /** T-09: what hosts are told about their renewal, out of memory. */
  readonly renewals: RenewalBoard;
  /** F-37: which hosts are asked for a certificate of the next CA now. */
  readonly rekeys: RekeyPacer;
  /** T-31: who may go by which name, out of memory. */
  readonly names: NameDesk;
  /** T-50: hosts that talk without a certificate. */
  readonly legacy: LegacyDesk;
  readonly connections: PeerConnections;
  /** Administrators and what they may do (S-04). */
  readonly accounts: Accounts;
  readonly passwords: PasswordHasher;
  /** Long work of this process: `startTask` of features/tasks. */
  readonly tasks: TaskRunner;
  readonly fleet: FleetService;
  readonly workerId: string;
  /** Absolute. */
  readonly dataFolder: string;
  readonly metrics: ServerMetrics;
  /** Addresses of a name's forward records; empty when there are none (T-12). */
  readonly resolve: (name: string) => Promise<readonly string[]>;
}

/** What the fleet is built from. */
export type FleetParts = Omit<ServerContext, 'fleet'>;
