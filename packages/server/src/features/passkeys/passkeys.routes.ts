import { AppError } from '@sekisho/core/errors.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { Sha256Hex } from '@sekisho/core/ids.ts';
import * as wire from '@sekisho/core/wire/passkeys.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { requireStillOpen } from '../admin-sessions/session-rows.ts';
import { keepAdministrator } from '../administrators/keep-administrator.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { signedIn } from '../sign-in/sign-in.routes.ts';
import { createStartBudget } from '../sign-in/start-budget.ts';
import { addPasskey, requireFreshSession, startPasskey } from './add-passkey.ts';
import { deletePasskey, selectPasskeysOf, updatePasskeyName, type PasskeyRow } from './passkeys.store.ts';
import { signInWithPasskey, startPasskeySignIn } from './sign-in-with-passkey.ts';

/** S-04 passkeys: make, list, rename, remove one's own; sign in with one. */
export function passkeyRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, store } = context;
  const requireBudget = createStartBudget();
  mount(app, wire.listPasskeys, async ({ principal }) => ({
    passkeys: (await own(store.db, principal)).map(viewPasskey),
  }));
  mount(app, wire.startPasskey, ({ principal, request }) => startPasskey(context, principal, request));
  mount(app, wire.addPasskey, async ({ body, principal, request }) =>
    viewPasskey(await addPasskey(context, body, { principal, request })),
  );
  mount(app, wire.renamePasskey, async ({ params, body, principal }) => {
    const { name } = body;
    const row = await store.transaction(async (tx) => {
      const found = await ownNamed(tx, principal, params.id);
      await updatePasskeyName(tx, found, name);
      await note(
        tx,
        'rename-passkey',
        principal,
        { id: found.id, before: found.name, after: name },
        clock.nowMs(),
      );
      return found;
    });
    return viewPasskey({ ...row, name });
  });
  mount(app, wire.removePasskey, async ({ params, principal, request }) => {
    const { session } = await requireFreshSession(context, principal, request);
    return store.transaction(async (tx) => {
      await requireStillOpen(tx, session);
      const found = await ownNamed(tx, principal, params.id);
      await keepAdministrator(tx, principal.name, () => deletePasskey(tx, found));
      await note(tx, 'remove-passkey', principal, { id: found.id, passkey: found.name }, clock.nowMs());
      return viewPasskey(found);
    });
  });
  mount(app, wire.startPasskeySignIn, ({ request }) => {
    requireBudget(request, clock.nowMs());
    return startPasskeySignIn(context, request);
  });
  mount(app, wire.signInWithPasskey, async ({ body, request, reply }) =>
    signedIn(context, await signInWithPasskey(context, body, { request, reply })),
  );
}

/** Nobody's on the local socket, and no API key's: they belong to people. @throws AppError SESSION_NEEDED, API_KEY_MAY_NOT */
async function own(db: DbOrTx, { administratorId, kind }: Principal): Promise<PasskeyRow[]> {
  if (kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  if (administratorId === null) throw new AppError('SESSION_NEEDED');
  return selectPasskeysOf(db, administratorId);
}

async function ownNamed(tx: Tx, principal: Principal, id: Sha256Hex): Promise<PasskeyRow> {
  const found = (await own(tx, principal)).find((row) => row.id === id);
  if (found === undefined) throw new AppError('NOT_FOUND', { what: 'passkey', id });
  return found;
}

const note = (
  tx: Tx,
  act: 'rename-passkey' | 'remove-passkey',
  { name: actor, origin, administratorId }: Principal,
  detail: Record<string, string>,
  nowMs: number,
): Promise<void> =>
  recordAudit(tx, { act, actor, origin, subject: administratorId ?? '', outcome: 'done', detail }, nowMs);

const viewPasskey = (row: PasskeyRow): wire.PasskeyView => ({
  id: row.id,
  name: row.name,
  transports: [...row.transports],
  createdAtMs: row.createdAtMs,
  usedAtMs: row.usedAtMs,
});
