import { AppError } from '@sekisho/core/errors.ts';
import { parseApiKeyId, type ApiKeyId } from '@sekisho/core/ids.ts';

/** The ID of an API key. A key itself may have been pasted by mistake: it is not repeated. Refusal: USAGE_VALUE_INVALID. */
export function requireKeyId(given: string): ApiKeyId {
  const id = parseApiKeyId(given);
  if (id === undefined)
    throw new AppError('USAGE_VALUE_INVALID', { option: '<key>', value: '…', help: 'sekisho key list' });
  return id;
}
