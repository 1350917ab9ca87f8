import { AppError } from '@sekisho/core/errors.ts';
import { parseAdministratorId } from '@sekisho/core/ids.ts';
import { narrowRights, type Principal, type Reach, type Right } from '@sekisho/core/rules/rights.ts';
import { MINUTE_MS } from '@sekisho/core/time.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import type { ServerContext } from '../../context.ts';
import { rightsOfAdministrator } from '../administrators/administrator-rights.ts';
import { readGroupsBelow } from '../groups/groups-below.ts';
import { markKeyUsed, selectKeyByHash, type ApiKeyRow } from './api-keys.store.ts';
import { isActive, RIGHTS_OF_NO_KEY } from './api-key-state.ts';
import { API_KEY_PREFIX, isKeyText, keyHash } from './key-text.ts';

/** The last use is noted no more often. */
export const KEY_USE_NOTED_EVERY_MS = MINUTE_MS;

type KeyContext = Pick<ServerContext, 'store' | 'clock' | 'log' | 'refusals'>;

/** Why a key was refused: for the audit log and the program's log, never for whoever sent it. */
export type KeyRefusal = 'malformed' | 'unknown' | 'revoked' | 'expired' | 'owner-disabled';

/**
 * Whose key this is, with what it may do at this moment: the rights of its owner now, narrowed to the key's scopes and
 * group. It is asked anew for every request, so what is revoked or taken away is gone with the next one, in every worker.
 * Undefined: the text is no API key at all (it does not begin like one).
 * @throws AppError API_KEY_REFUSED for a key that is unknown, expired, revoked, mistyped, or whose owner is disabled
 */
export async function authenticateApiKey(
  context: KeyContext,
  secret: Secret,
  origin: string,
): Promise<Principal | undefined> {
  if (!secret.reveal().startsWith(API_KEY_PREFIX)) return undefined;
  const { db } = context.store;
  const nowMs = context.clock.nowMs();
  // the same steps whatever is wrong: how long it takes says nothing about the key
  const key = isKeyText(secret.reveal()) ? await selectKeyByHash(db, keyHash(secret)) : undefined;
  const below = await readGroupsBelow(db);
  const owner = await rightsOfAdministrator(db, key?.administratorId ?? NOBODY, below);
  const refusal = refusalOf(secret, key, owner, nowMs);
  if (key === undefined || owner === undefined || refusal !== undefined) {
    noteRefusal(context, key, refusal ?? 'unknown', origin);
    throw new AppError('API_KEY_REFUSED');
  }
  await noteUse(context, key, nowMs);
  return {
    kind: 'api-key',
    administratorId: key.administratorId,
    apiKeyId: key.id,
    name: `${key.owner} (key ${key.name})`,
    origin,
    rights: narrowRights(
      owner,
      key.scopes.filter((right) => !RIGHTS_OF_NO_KEY.has(right)),
      key.groupId === null ? 'domain' : below(key.groupId),
    ),
  };
}

function refusalOf(
  secret: Secret,
  key: ApiKeyRow | undefined,
  owner: ReadonlyMap<Right, Reach> | undefined,
  nowMs: number,
): KeyRefusal | undefined {
  if (key === undefined) return isKeyText(secret.reveal()) ? 'unknown' : 'malformed';
  if (key.revokedAtMs !== null) return 'revoked';
  if (!isActive(key, nowMs)) return 'expired';
  return owner === undefined ? 'owner-disabled' : undefined;
}

/** Written later, merged with others: how long the refusal takes says nothing about the key. */
function noteRefusal(
  { log, refusals }: KeyContext,
  key: ApiKeyRow | undefined,
  reason: KeyRefusal,
  origin: string,
): void {
  log.warn({ apiKeyId: key?.id, reason, origin }, 'API key refused');
  refusals.note({
    act: 'refuse-api-key',
    actor: key?.owner ?? 'unknown',
    origin,
    subject: key?.id ?? reason,
    code: reason,
    ...(key === undefined ? {} : { name: key.name }),
  });
}

/** A use that could not be noted (the disk is full) does not stop the one who reads. */
async function noteUse(context: KeyContext, key: ApiKeyRow, nowMs: number): Promise<void> {
  const beforeMs = nowMs - KEY_USE_NOTED_EVERY_MS;
  if (key.usedAtMs !== null && key.usedAtMs >= beforeMs) return;
  try {
    await markKeyUsed(context.store.db, key.id, nowMs, beforeMs);
  } catch (error) {
    context.log.warn({ err: error, apiKeyId: key.id }, 'the use of an API key could not be noted');
  }
}

/** Nobody has this ID: no random UUID is it. */
const NOBODY = (() => {
  const id = parseAdministratorId('00000000-0000-0000-0000-000000000000');
  if (id === undefined) throw new Error('the nil UUID does not parse');
  return id;
})();
