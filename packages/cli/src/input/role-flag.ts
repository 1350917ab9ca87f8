import { AppError } from '@sekisho/core/errors.ts';
import { parseGroupId } from '@sekisho/core/ids.ts';
import { ROLES } from '@sekisho/core/rules/rights.ts';
import type { GrantView } from '@sekisho/core/wire/administrators.ts';
import { chosen, texts, type Flag } from '../flag.ts';

/** `--role operator` for the whole domain, `--role operator@GROUP-ID` for a group. Refusals: USAGE_… */
export const roleFlag: Flag<readonly GrantView[]> = {
  ...texts('--role <role>'),
  choices: ROLES,
  read: (raw, option) =>
    texts('--role <role>')
      .read(raw, option)
      .map((one) => grantOf(one, option)),
};

function grantOf(text: string, option: string): GrantView {
  const at = text.indexOf('@');
  const role = chosen(at < 0 ? text : text.slice(0, at), option, ROLES);
  if (at < 0) return { role, group: null };
  const group = parseGroupId(text.slice(at + 1));
  if (group === undefined)
    throw new AppError('USAGE_VALUE_INVALID', { option, value: text, help: 'sekisho admin create --help' });
  return { role, group };
}
