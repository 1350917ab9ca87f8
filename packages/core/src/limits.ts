/** A named limit on everything that crosses a process (invariant 8). */
export const NAME_LENGTH_MAX = 253;
export const CSR_BYTES_MAX = 16 * 1024;
export const CERTIFICATE_BYTES_MAX = 16 * 1024;
export const CRL_BYTES_MAX = 128 * 1024 * 1024;
/** Revocation lists that a trust bundle names, of all issuers together: so many shards may be open or still of use. */
export const CRL_LISTS_MAX = 256;
export const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;
/** A document that is brought along with "come now" is no longer than this; a longer one is fetched. */
export const BROUGHT_DOCUMENT_BYTES_MAX = 16 * 1024;
export const ADMIN_BODY_BYTES_MAX = 1024 * 1024;
export const AGENT_BODY_BYTES_MAX = 1024 * 1024;
export const FRAME_BYTES_MAX = 1024 * 1024;
export const HEADER_BYTES_MAX = 16 * 1024;
export const PAGE_ROWS_MAX = 500;
export const PAGE_ROWS_DEFAULT = 100;
export const HOST_NAMES_MAX = 32;
/** Names that were mapped to one host by themselves; further ones wait for an administrator. */
export const AUTOMATIC_NAMES_PER_HOST_MAX = 32;
/** Questions about peers in one request of an agent. */
export const PEER_QUESTIONS_MAX = 100;
/** Names that wait for an administrator: in all, and those that one host met. */
export const PENDING_NAMES_MAX = 10_000;
export const PENDING_NAMES_PER_HOST_MAX = 200;
/** New names (mapped or pending) that one host may bring up in a minute, and all together. */
export const NEW_NAMES_PER_HOST_PER_MINUTE_MAX = 60;
export const NEW_NAMES_PER_MINUTE_MAX = 6_000;
/** Addresses of which one server process writes in one go that hosts are still met under them; the others come with the next meeting. */
export const ADDRESSES_NOTED_MAX = 10_000;
/** Names in one push; more: everything is to be asked for again. */
export const NAMES_PER_PUSH_MAX = 100;
/** T-33: so long an agent uses an answer; a refusal is asked for again sooner. */
export const PEER_ANSWER_SECONDS = 300;
export const PEER_REFUSAL_SECONDS = 20;
/** Decisions about peers that an agent keeps. */
export const PEER_DECISIONS_MAX = 10_000;
export const PLAN_PATHS_MAX = 200;
export const PLAN_EXCLUDES_MAX = 500;
export const PLAN_SCHEDULES_MAX = 20;
export const PLAN_TARGETS_MAX = 1000;
/** T-34: mappings of a domain, hosts of one, and restores of other hosts that one media server lets read at a time. */
export const APPLICATIONS_MAX = 5_000;
export const APPLICATION_HOSTS_MAX = 64;
export const READ_GRANTS_PER_MEDIA_MAX = 64;
export const PLANS_PER_POLICY_MAX = 500;
/** Plans within the reach of somebody whose right ends at groups: nobody uses up those of the whole domain. */
export const PLANS_PER_LIMITED_REACH_MAX = 100;
export const UNREADABLE_FILES_MAX = 500;
export const LOG_TAIL_LINES_MAX = 200;
export const LOG_LINE_LENGTH_MAX = 1000;
export const LISTING_ENTRIES_MAX = 1000;
export const RESTORE_PATHS_MAX = 1000;
export const FORGET_PER_RUN_MAX = 200;
export const SPOOL_ITEMS_PER_FRAME_MAX = 20;
export const SPOOL_ITEMS_MAX = 10_000;
export const OFFERS_PER_REPLY_MAX = 20;
export const CLOCK_SKEW_MAX_MS = 10 * 60_000;
export const NOT_BEFORE_BACK_MS = 10 * 60_000;
/** P-02: nothing younger is forgotten, by whatever order. */
export const RETENTION_MINIMUM_AGE_MS = 14 * 86_400_000;
export const TRASH_KEEP_MS = 14 * 86_400_000;
/** Clusters of a domain, and nodes of one. */
export const CLUSTERS_MAX = 1_000;
export const CLUSTER_NODES_MAX = 32;
/** Certificates in the answer to a request that came as a file. */
export const MANUAL_CHAIN_MAX = 4;
/** Days of a forecast of renewals: the longest validity, and a little. */
export const FORECAST_DAYS_MAX = 830;
/** Hosts of one renewal drill, and those that its result names. */
export const DRILL_HOSTS_MAX = 5_000;
export const DRILL_RESULTS_MAX = 500;
/** Agents of one simulation. */
export const SIMULATED_AGENTS_MAX = 100_000;
/** Passphrases that protect a key outside the server. */
export const PASSPHRASE_LENGTH_MIN = 12;
export const PASSPHRASE_LENGTH_MAX = 1024;
export const ROOT_PACKAGE_LENGTH_MAX = 32 * 1024;
/** API keys: rights a key may name, how long it lives, and how many of one administrator may be active at once. */
export const API_KEY_SCOPES_MAX = 64;
export const API_KEY_VALID_SECONDS_MIN = 60;
export const API_KEY_VALID_SECONDS_MAX = 366 * 86_400;
export const API_KEYS_PER_ADMINISTRATOR_MAX = 100;
/** Administrators: what they sign in with, their roles, and how many accounts there may be. */
export const ADMINISTRATOR_NAME_LENGTH_MAX = 64;
export const GRANTS_PER_ADMINISTRATOR_MAX = 50;
export const ADMINISTRATORS_MAX = 1_000;
export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 256;
/** Codes of one-time links. */
export const CODE_LENGTH_MAX = 128;
/** Sign-ins that wait for their next step: sealed, in the hands of who began them. A cookie holds them. */
export const PENDING_LENGTH_MAX = 3_072;
/** Passkeys of one administrator, and what a browser says of one in base64url. */
export const PASSKEYS_PER_ADMINISTRATOR_MAX = 20;
export const PASSKEY_PART_LENGTH_MAX = 16 * 1024;
/** The plain protocol of legacy hosts (T-50): one message, its lines, keys, hosts, and how long a right to read may last. */
export const LEGACY_MESSAGE_BYTES_MAX = 64 * 1024;
export const LEGACY_LINES_MAX = 1_000;
export const LEGACY_KEY_LENGTH_MAX = 128;
export const LEGACY_HOSTS_MAX = 10_000;
export const LEGACY_GRANT_SECONDS_MAX = 7 * 86_400;
/** So long a media server uses an answer about a legacy host; a push ends it sooner. */
export const LEGACY_ANSWER_SECONDS = 1;
export const LEGACY_PORT_DEFAULT = 8014;
/** How often a legacy host asks whether there is something to do. */
export const LEGACY_HEARTBEAT_SECONDS = 60;
/** Management server lists of a domain (F-10), the servers of one, and the certificates from outside that an entry accepts. */
export const SERVER_LISTS_MAX = 100;
export const SERVERS_PER_LIST_MAX = 64;
export const ACCEPTED_KEYS_MAX = 8;
/** Those that an administrator names; an update of the server's certificate adds its own. */
export const ACCEPTED_KEYS_BY_HAND_MAX = 4;
/** Hosts that a preview names; the rest are counted. */
export const PREVIEW_HOSTS_MAX = 50;
/** A communication package (F-13): bundle and list, signed; it passes the control socket of an agent. */
export const COMMUNICATION_PACKAGE_BYTES_MAX = 900 * 1024;
/** F-04 An install package with the Node in it. */
export const PACKAGE_BYTES_MAX = 512 * 1024 * 1024;
/** Groups of a domain (F-01), how deep one lies under the root, and its name. */
export const GROUPS_MAX = 1_000;
export const GROUP_DEPTH_MAX = 10;
export const GROUP_NAME_LENGTH_MAX = 100;
/** Groups that a preview shows one by one; the rest are counted. */
export const GROUPS_PER_EFFECT_MAX = 100;
/** Plans that a preview names for one group. */
export const PLANS_PER_EFFECT_MAX = 20;
/** Roots that others have followed and that links still lead on from (F-38); the newest are published. */
export const FORMER_ROOTS_MAX = 32;
/** What administrators may set as heartbeat period (F-02), in seconds. */
export const HEARTBEAT_SECONDS_MIN = 10;
export const HEARTBEAT_SECONDS_MAX = 86_400;
/** What administrators may set as the time between two looks at the revocation lists (T-41), in seconds. */
export const CRL_REFRESH_SECONDS_MIN = 300;
export const CRL_REFRESH_SECONDS_MAX = 86_400;
