/** What an administrator may do. Roles and groups come with accounts; the local socket has them all. */
export const RIGHTS = [
  'domain.read',
  'host.read',
  'host.write',
  'token.read',
  'token.write',
  'certificate.read',
  'certificate.revoke',
  'ca.write',
  'security.read',
  'security.write',
  'plan.read',
  'plan.write',
  'plan.commands',
  'job.read',
  'job.run',
  'point.read',
  'point.delete',
  'restore.run',
  'audit.read',
] as const;
export type Right = (typeof RIGHTS)[number];

/** Who acts: an administrator on the server's own machine, over the socket that only they can open. */
export interface Principal {
  readonly name: string;
  readonly origin: string;
  readonly rights: ReadonlySet<Right>;
}

/** May this principal do what needs that right? */
export const holdsRight = (principal: Principal, right: Right): boolean => principal.rights.has(right);
