/**
 * What a change is about; its key names the row (a host ID, a fingerprint, a document's `type/scope`, a host name). `name`: who may go
 * by it was decided, so agents ask again; `name-found`: it was mapped automatically or listed as pending. `group`: a group's ID,
 * or `<ID>/list` and `<ID>/plans` when its hosts have another list or other plans than before.
 */
export const CHANGE_KINDS = [
  'host',
  'known-host',
  'legacy',
  'name',
  'name-found',
  'certificate',
  'renewal',
  'cluster',
  'revocation',
  'token',
  'settings',
  'group',
  'document',
  'application',
  'plan',
  'job',
  'repository',
  'crl',
  'session',
  'administrator',
  'task',
  'rotation',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** One row of the change feed. */
export interface Change {
  readonly seq: number;
  readonly kind: ChangeKind;
  readonly key: string;
}

/** A row of a newer program may hold a kind this one doesn't know. */
export const isChangeKind = (raw: string): raw is ChangeKind =>
  (CHANGE_KINDS as readonly string[]).includes(raw);
