import { refuse, type Refusal } from '../errors.ts';
import { PASSWORD_LENGTH_MIN } from '../limits.ts';

/** What must be left of a password without the names in it. */
const REMAINDER_LENGTH_MIN = 6;
const DIFFERENT_CHARACTERS_MIN = 5;
/** Shorter parts of a name say nothing. */
const NAME_PART_LENGTH_MIN = 4;

/**
 * May this be a new password? Length counts, composition does not. Refusals: PASSWORD_TOO_SHORT, PASSWORD_LIKE_NAME.
 * @source NIST SP 800-63B-4 §3.1.1
 */
export function decidePassword(
  password: string,
  owner: { readonly name: string; readonly displayName: string },
): { readonly allow: true } | Refusal {
  const text = canonicalPassword(password);
  if ([...text].length < PASSWORD_LENGTH_MIN)
    return refuse('PASSWORD_TOO_SHORT', { min: PASSWORD_LENGTH_MIN });
  const rest = [
    owner.name,
    ...owner.name.split(/[._@-]/),
    owner.displayName,
    ...owner.displayName.split(/\s/),
  ]
    .map((part) => canonicalPassword(part).toLowerCase())
    .filter((part) => part.length >= NAME_PART_LENGTH_MIN)
    .sort((one, other) => other.length - one.length)
    .reduce((left, part) => left.replaceAll(part, ''), text.toLowerCase());
  if ([...rest].length < REMAINDER_LENGTH_MIN || new Set(text).size < DIFFERENT_CHARACTERS_MIN)
    return refuse('PASSWORD_LIKE_NAME');
  return { allow: true };
}

/** The same characters however a keyboard composes them. @source NIST SP 800-63B-4 §3.1.1 (NFKC) */
export const canonicalPassword = (password: string): string => password.normalize('NFKC');
