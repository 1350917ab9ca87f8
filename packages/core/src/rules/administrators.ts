import { refuse, type Refusal } from '../errors.ts';
import type { AdministratorId } from '../ids.ts';
import { ADMINISTRATOR_NAME_LENGTH_MAX } from '../limits.ts';
import type { Grant, Principal } from './rights.ts';

type Decision = { readonly allow: true } | Refusal;
const ALLOWED: Decision = { allow: true };

const NAME = /^[a-z0-9][a-z0-9._@-]*$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** What audit rows call those who are no administrators. */
const RESERVED: ReadonlySet<string> = new Set([
  'local',
  'system',
  'unknown',
  'anonymous',
  'nobody',
  'me',
  'all',
]);

/** May an administrator be called so? Refusal: ADMINISTRATOR_NAME_INVALID. */
export function decideAdministratorName(name: string): Decision {
  const fits = NAME.test(name) && name.length <= ADMINISTRATOR_NAME_LENGTH_MAX;
  if (!fits || UUID.test(name) || RESERVED.has(name)) return refuse('ADMINISTRATOR_NAME_INVALID', { name });
  return ALLOWED;
}

/** Does this role make somebody an administrator of the whole domain? */
export const administersDomain = (grants: readonly Grant[]): boolean =>
  grants.some(({ role, groupId }) => role === 'administrator' && groupId === null);

/**
 * May an account be disabled, or its roles be changed? Nobody changes their own roles, so nobody raises themselves; and one
 * must be left who can sign in and administer the domain. Refusals: OWN_GRANTS, LAST_ADMINISTRATOR.
 */
export function decideAccountChange(facts: {
  readonly change: 'grants' | 'disable';
  readonly principal: Pick<Principal, 'administratorId'>;
  readonly target: { readonly id: AdministratorId; readonly name: string };
  /** Will the target still administer the domain afterwards? */
  readonly staysAdministrator: boolean;
  /** Who can sign in and administer the domain now. */
  readonly domainAdministrators: readonly AdministratorId[];
}): Decision {
  const { target, domainAdministrators } = facts;
  if (facts.change === 'grants' && facts.principal.administratorId === target.id) return refuse('OWN_GRANTS');
  const isLast =
    domainAdministrators.includes(target.id) && domainAdministrators.every((id) => id === target.id);
  if (isLast && !facts.staysAdministrator) return refuse('LAST_ADMINISTRATOR', { name: target.name });
  return ALLOWED;
}
