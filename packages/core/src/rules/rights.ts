import type { AdministratorId, ApiKeyId, GroupId } from '../ids.ts';

/** What an administrator may do. */
export const RIGHTS = [
  'domain.read',
  'group.read',
  'group.write',
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
  'administrator.read',
  'administrator.write',
  'server.read',
  'server.operate',
] as const;
export type Right = (typeof RIGHTS)[number];

/** The four roles (S-04). The security administrator decides who is trusted, the operator keeps backups running. */
export const ROLES = ['administrator', 'security-administrator', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Nothing here shows or changes anything that could open a door. */
const VIEWER = [
  'domain.read',
  'group.read',
  'host.read',
  'certificate.read',
  'security.read',
  'plan.read',
  'job.read',
  'point.read',
  'server.read',
] as const satisfies readonly Right[];

/** The rights of each role. Only the administrator makes administrators and lets a plan run commands. */
export const ROLE_RIGHTS: Readonly<Record<Role, readonly Right[]>> = {
  administrator: RIGHTS,
  'security-administrator': [
    ...VIEWER,
    'group.write',
    'host.write',
    'token.read',
    'token.write',
    'certificate.revoke',
    'ca.write',
    'security.write',
    'audit.read',
    'administrator.read',
  ],
  operator: [
    ...VIEWER,
    'group.write',
    'host.write',
    'token.read',
    'token.write',
    'plan.write',
    'job.run',
    'restore.run',
  ],
  viewer: VIEWER,
};

/** How far a right goes: the whole domain, or these groups (those below them are listed too). */
export type Reach = 'domain' | ReadonlySet<GroupId>;

/** Who acts: an administrator over the server's own socket, signed in, or through an API key. */
export interface Principal {
  readonly kind: 'local' | 'administrator' | 'api-key';
  /** The account; null for the local socket, which is nobody's. */
  readonly administratorId: AdministratorId | null;
  /** The key that is used, of a principal of that kind. */
  readonly apiKeyId?: ApiKeyId;
  /** What audit rows call the actor. */
  readonly name: string;
  /** Where it comes from: `local`, or the socket's address. */
  readonly origin: string;
  readonly rights: ReadonlyMap<Right, Reach>;
}

/** A role, for the whole domain or for one group and all below it. */
export interface Grant {
  readonly role: Role;
  readonly groupId: GroupId | null;
}

const NOWHERE: ReadonlySet<GroupId> = new Set();

/** May this principal do what needs that right, somewhere at least? */
export const holdsRight = (principal: Principal, right: Right): boolean => {
  const reach = reachOf(principal, right);
  return reach === 'domain' || reach.size > 0;
};

/** Where this principal may do what needs that right; the empty set: nowhere. */
export const reachOf = (principal: Principal, right: Right): Reach => principal.rights.get(right) ?? NOWHERE;

/** Is this group within the reach? */
export const reaches = (reach: Reach, groupId: GroupId): boolean => reach === 'domain' || reach.has(groupId);

/**
 * A right that somebody would hold over what is moved from one group into another, and does not hold over it now; undefined: there is none.
 * `rights`: of the person, not of the key that is used.
 */
export const gainedRight = (
  rights: ReadonlyMap<Right, Reach>,
  from: GroupId,
  to: GroupId,
): Right | undefined =>
  RIGHTS.find((right) => {
    const reach = rights.get(right) ?? NOWHERE;
    return reaches(reach, to) && !reaches(reach, from);
  });

/** Every right in the whole domain. */
export const everyRight = (): ReadonlyMap<Right, Reach> =>
  new Map(RIGHTS.map((right) => [right, 'domain'] as const));

/** The rights that grants give together. `below` names a group with all groups under it. */
export function rightsOf(
  grants: readonly Grant[],
  below: (groupId: GroupId) => Iterable<GroupId>,
): Map<Right, Reach> {
  const rights = new Map<Right, Reach>();
  for (const { role, groupId } of grants) {
    for (const right of ROLE_RIGHTS[role]) {
      const held = rights.get(right);
      if (held === 'domain') continue;
      if (groupId === null) rights.set(right, 'domain');
      else rights.set(right, new Set([...(held ?? []), ...below(groupId)]));
    }
  }
  return rights;
}

/** What a key may do of what its owner may: never more than either (S-04). */
export function narrowRights(
  owner: ReadonlyMap<Right, Reach>,
  scopes: readonly Right[],
  groups: Reach,
): Map<Right, Reach> {
  const narrowed = new Map<Right, Reach>();
  for (const right of scopes) {
    const held = owner.get(right);
    if (held !== undefined) narrowed.set(right, bothReach(held, groups));
  }
  return narrowed;
}

function bothReach(one: Reach, other: Reach): Reach {
  if (one === 'domain') return other;
  if (other === 'domain') return one;
  return new Set([...one].filter((groupId) => other.has(groupId)));
}
