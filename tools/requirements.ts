/** A requirement of the specification, and how far this version proves it. */
export interface Requirement {
  readonly id: string;
  readonly what: string;
  /** `partly` says what is open; `later` belongs to a later issue, whatever tests there are already. */
  readonly status: 'proved' | 'partly' | 'later';
  readonly open?: string;
}

/**
 * The requirements that this version has to prove, and those of later issues that tests already name. The guard test
 * refuses a test that names an ID which is not here, and a `proved` one that no test names.
 */
export const REQUIREMENTS: readonly Requirement[] = [
  {
    id: 'T-01',
    what: 'A domain is born: root, issuing CA, role certificates, fingerprint',
    status: 'partly',
    open: 'mailing the fingerprint (mail) and showing it in the console',
  },
  { id: 'T-02', what: 'TLS with certificates on both sides; the failed check is named', status: 'proved' },
  { id: 'T-03', what: 'The host certificate', status: 'proved' },
  { id: 'T-04', what: 'Agents renew by themselves', status: 'proved' },
  { id: 'T-06', what: 'Standard enrolment: EST', status: 'partly', open: 'ACME' },
  {
    id: 'T-07',
    what: 'CA keys lie encrypted; the signer is asynchronous',
    status: 'partly',
    open: 'PKCS#11, rotation',
  },
  { id: 'T-08', what: 'Nothing is signed that the linter refuses', status: 'proved' },
  { id: 'T-09', what: "Renewals don't storm: spread, foreseen, drilled", status: 'proved' },
  { id: 'T-10', what: 'Setup confirms the fingerprint before anything else', status: 'proved' },
  { id: 'T-11', what: 'Setup without confirming', status: 'proved' },
  { id: 'T-12', what: 'The security level decides whether a token is needed', status: 'proved' },
  { id: 'T-13', what: 'Authorization tokens', status: 'proved' },
  { id: 'T-14', what: 'Reissue tokens', status: 'proved' },
  { id: 'T-15', what: 'Requests that are refused, with the reason', status: 'proved' },
  { id: 'T-16', what: 'Automatic reissue for 48 hours', status: 'proved' },
  { id: 'T-17', what: 'Manual deployment by files', status: 'proved' },
  { id: 'T-18', what: 'Upgrading a legacy agent in place', status: 'proved' },
  {
    id: 'T-19',
    what: 'Certificates are never part of a backup; uninstalling, exporting, importing',
    status: 'proved',
  },
  {
    id: 'T-20',
    what: 'Clusters: nodes that share a virtual name',
    status: 'partly',
    open: 'installing a management server on a cluster, and disaster recovery of its nodes; the console',
  },
  { id: 'T-30', what: 'A host has one primary name and further ones', status: 'proved' },
  { id: 'T-31', what: 'Before two hosts talk, the server says whose name it is', status: 'proved' },
  { id: 'T-32', what: 'Administrators decide names; conflicts show both hosts', status: 'proved' },
  { id: 'T-33', what: 'Answers are kept, pushed out, and used while the server is away', status: 'proved' },
  { id: 'T-35', what: 'Reset host attributes', status: 'proved' },
  { id: 'T-36', what: 'Explain whether two hosts may talk', status: 'partly', open: 'the console' },
  { id: 'T-34', what: 'Distributed application restore mappings', status: 'proved' },
  { id: 'T-40', what: 'Revocation cuts at once', status: 'partly', open: 'the console' },
  {
    id: 'T-41',
    what: 'CRLs are signed in shards, published and fetched; OCSP is answered',
    status: 'proved',
  },
  {
    id: 'T-42',
    what: 'Revocation is asked per connection and request',
    status: 'partly',
    open: 'a stale CRL is an event; mail about it',
  },
  { id: 'T-43', what: 'A revoked host comes back only with a reissue token', status: 'proved' },
  {
    id: 'T-44',
    what: 'Revocation is measured',
    status: 'partly',
    open: 'a list that is late is an event; mail about it',
  },
  {
    id: 'T-50',
    what: 'Legacy hosts are let in one by one, append, and read with a grant',
    status: 'partly',
    open: 'the console',
  },
  { id: 'T-51', what: 'Turning insecure communication off cuts it at once', status: 'proved' },
  { id: 'T-52', what: 'Who has talked securely never falls back', status: 'proved' },
  { id: 'T-53', what: 'Legacy media servers', status: 'proved' },
  { id: 'T-54', what: 'A legacy reporting collector', status: 'proved' },
  {
    id: 'T-60',
    what: 'Hosts in a DMZ reach the management server through a media server',
    status: 'proved',
  },
  { id: 'T-61', what: 'A request through a tunnel always needs a token', status: 'proved' },
  { id: 'T-62', what: 'Client and media server of a tunnel are current', status: 'proved' },
  {
    id: 'F-01',
    what: 'Hosts live in a tree of groups; settings are inherited, locked, and show their origin',
    status: 'partly',
    open: 'security options are set for the whole domain',
  },
  { id: 'F-02', what: 'Heartbeats', status: 'proved' },
  { id: 'F-03', what: 'Push mode and pull mode', status: 'proved' },
  {
    id: 'F-04',
    what: 'Documents are signed; a secured agent refuses others',
    status: 'partly',
    open: 'install packages',
  },
  { id: 'F-05', what: 'Host states', status: 'proved' },
  { id: 'F-10', what: 'Management server lists', status: 'partly', open: 'several lists, editing, copying' },
  { id: 'F-12', what: 'The agent keeps its list on disk', status: 'proved' },
  { id: 'F-37', what: 'A change of the CA is echoed, gated and can be turned back', status: 'proved' },
  { id: 'F-38', what: 'A host that was off during changes of the CA comes back unaided', status: 'proved' },
  {
    id: 'F-39',
    what: 'TLS certificates are swapped in the running process',
    status: 'partly',
    open: 'renewing the server certificates by themselves',
  },
  { id: 'P-01', what: 'The media server speaks the REST protocol to unmodified restic', status: 'proved' },
  { id: 'P-02', what: 'Append-only; retention that a stolen client cannot abuse', status: 'proved' },
  { id: 'P-03', what: 'Uploads are verified, durable and bounded', status: 'proved' },
  { id: 'P-10', what: 'Plans', status: 'partly', open: 'groups, lifecycle and alerts' },
  { id: 'P-11', what: 'restic runs behind the loopback proxy', status: 'proved' },
  {
    id: 'P-12',
    what: 'Schedules, job states, progress, cancelling, resuming',
    status: 'partly',
    open: 'the console',
  },
  { id: 'P-13', what: 'Manual runs, retry, deletion of recovery points', status: 'proved' },
  { id: 'P-14', what: 'Restore', status: 'partly', open: 'to another host' },
  { id: 'P-15', what: 'Verification of recovery points', status: 'later' },
  {
    id: 'P-16',
    what: 'No backup or restore without valid certificates',
    status: 'partly',
    open: 'the legacy rule',
  },
  { id: 'S-01', what: 'One command-line program', status: 'partly', open: 'the console' },
  {
    id: 'S-02',
    what: '`sekisho doctor`: what is wrong or risky, each with its mend',
    status: 'partly',
    open: 'checking mail (there is none yet)',
  },
  {
    id: 'S-04',
    what: 'Administrators: one-time links, password and TOTP, passkeys, single sign-on, roles, keys, sessions',
    status: 'partly',
    open: 'the pages that its links open (console)',
  },
  {
    id: 'S-05',
    what: 'The API: OpenAPI, problem documents, cursors, idempotency, ETags, events',
    status: 'proved',
  },
  {
    id: 'S-06',
    what: 'An audit log of every security-relevant act, tamper-evident, with proof and export',
    status: 'proved',
  },
  {
    id: 'S-07',
    what: 'SQLite and PostgreSQL, upgrades, several servers, moving from one to the other',
    status: 'proved',
  },
  {
    id: 'S-08',
    what: 'Platforms and operation',
    status: 'partly',
    open: 'running the container file (no engine here), arm64, Windows, macOS',
  },
  { id: 'S-09', what: 'Documentation', status: 'partly', open: 'the settings reference of later parts' },
  { id: 'S-10', what: 'A simulated fleet', status: 'proved' },
  { id: 'A-10', what: 'Alerts of plans and media servers', status: 'later' },
];
