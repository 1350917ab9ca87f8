/** Named limits of the media server (invariant 8). */
export const CONNECTIONS_MAX = 8_192;
/** Plain connections of legacy hosts, and those of one address (T-50). */
export const LEGACY_CONNECTIONS_MAX = 512;
export const LEGACY_CONNECTIONS_PER_ADDRESS_MAX = 64;
/** Connections that have not shown who they are: the oldest gives way to the next. */
export const UNAUTHENTICATED_CONNECTIONS_MAX = 1_024;
export const CONNECTIONS_PER_HOST_MAX = 128;
export const UPLOADS_PER_HOST_MAX = 32;
export const REQUESTS_PER_HOST_MAX = 128;
export const HEADERS_COUNT_MAX = 64;
export const HANDSHAKE_MAX_MS = 10_000;
/** From the end of the handshake, or of the last answer, to the end of the next request's headers. */
export const HEADERS_MAX_MS = 20_000;
/** A socket on which nothing moves for so long is closed; a large upload that moves is not. */
export const SOCKET_IDLE_MAX_MS = 120_000;
export const KEEP_ALIVE_MS = 75_000;

export const REPOSITORIES_PER_HOST_MAX = 64;
export const LOCKS_MAX = 1_000;
export const SNAPSHOTS_MAX = 50_000;
/** Below the 20 keys that restic tries: forged ones never hide the real one. */
export const KEYS_MAX = 10;
export const INDEXES_MAX = 100_000;

const MIB = 1024 * 1024;
/** The largest object of each type; restic's own largest pack is 128 MiB and a little. */
export const OBJECT_BYTES_MAX = {
  config: 64 * 1024,
  keys: 64 * 1024,
  locks: 64 * 1024,
  snapshots: 16 * MIB,
  index: 256 * MIB,
  data: 512 * MIB,
} as const;
/** How much of a refused upload is read, so that the client hears the reason rather than a cut connection. */
export const REFUSED_BODY_BYTES_MAX = 160 * MIB;

/** Bytes gathered before one write to the disk: what an upload holds in memory. */
export const WRITE_BATCH_BYTES = 256 * 1024;
export const READ_CHUNK_BYTES = 128 * 1024;
/** Kept free for journals and markers: no upload takes the last of the disk. */
export const DISK_RESERVE_BYTES = 2 * MIB;
/** below these shares of the disk the repository is low, full. */
export const DISK_LOW_SHARE = 0.15;
export const DISK_FULL_SHARE = 0.05;

/** P-02: a client's lock younger than this says that the client is at work (restic renews every 5 minutes). */
export const LOCK_FRESH_MS = 30 * 60_000;
export const EVENT_RETRY_MS = 30_000;
export const TRASH_SWEEP_MS = 6 * 3_600_000;
export const MAINTENANCE_LOG_LINES_MAX = 200;
export const QUARANTINED_LISTED_MAX = 1_000;
/** IV and tag of an encrypted object: what is shorter was never one, and makes old restic versions panic. */
export const ENCRYPTED_BYTES_MIN = 32;
/** One line of a check may name every blob of a pack. */
export const CHECK_LINE_BYTES_MAX = 64 * MIB;

/**
 * What restic may take while it reads a repository that its host may have forged: a few compressed megabytes can expand to
 * gigabytes. A share of the machine's memory, as honest repositories grow too, but never less than honest small ones need.
 */
export const MAINTENANCE_MEMORY_SHARE = 1 / 4;
export const MAINTENANCE_MEMORY_BYTES_MIN = 1024 * MIB;
/** Of the hard limit: from here on Go's collector works harder, rather than let restic die with garbage in hand. */
export const RESTIC_SOFT_MEMORY_SHARE = 0.8;

export const RESTIC_LINE_BYTES_MAX = MIB;
export const RESTIC_CANCEL_GRACE_MS = 3_000;
