import { AppError } from '@sekisho/core/errors.ts';
import { parseAdministratorId, type AdministratorId } from '@sekisho/core/ids.ts';
import { decideAdministratorName } from '@sekisho/core/rules/administrators.ts';
import { canonicalPassword, decidePassword } from '@sekisho/core/rules/password.ts';
import type { acceptLink as acceptRoute, openLink as openRoute } from '@sekisho/core/wire/sign-in.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import { isUniqueViolation } from '../../store/store.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';
import { handSession, openSession, type OpenedSession } from '../admin-sessions/open-session.ts';
import { revokeSessions } from '../admin-sessions/session-rows.ts';
import {
  findAdministrator,
  insertAdministrator,
  replaceGrants,
  updateAdministrator,
  type AdministratorRow,
} from '../administrators/administrator-rows.ts';
import { revokeKeysOf } from '../api-keys/revoke-api-key.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { dropPasskeys } from '../passkeys/drop-passkeys.ts';
import { findLink, markLinkUsed, type LinkRow } from './links.store.ts';
import { codeHash, requireNoAdministrator } from './make-link.ts';
import { openPending, startPending } from './pending-sign-in.ts';
import { setUpTotp } from './sign-in-with-totp.ts';
import { newTotpSecret, totpSetupOf } from './totp.ts';

const pendingBody = z.object({ secret: z.string(), link: z.string() });
/** What an authenticator app shows before the first administrator has chosen a name. */
const FIRST_LABEL = 'administrator';

/** Looks at a link. Refusals: LINK_UNKNOWN, LINK_USED, LINK_EXPIRED, FIRST_ADMINISTRATOR_EXISTS, ADMINISTRATOR_DISABLED. */
export async function openLink(
  context: ServerContext,
  { code }: z.output<typeof openRoute.body>,
): Promise<z.input<typeof openRoute.reply>> {
  const { clock, domain, random, store } = context;
  const { link, administrator } = await usableLink(store.db, code, clock.nowMs());
  const secret = newTotpSecret(random);
  // the link is what works once: a step of its own need not be spent
  const body = { secret, link: codeHash(code) };
  const pending = startPending(context, { kind: 'link', administrator: null, body });
  return {
    purpose: link.purpose,
    name: administrator?.name ?? null,
    displayName: administrator?.displayName ?? null,
    expiresAtMs: link.expiresAtMs,
    pending: pending.reveal(),
    totp: totpSetupOf(secret, domain.name, administrator?.name ?? FIRST_LABEL),
  };
}

/**
 * Uses a link up: password and second factor are set, the first administrator is made, every earlier session ends and a new
 * one is opened. Of two who try at once one wins. Refusals: those of `openLink`, PASSWORD_…, ADMINISTRATOR_NAME_…, TOTP_…,
 * SIGN_IN_STEP_EXPIRED, SIGN_IN_BUSY, BODY_INVALID (a first administrator without a name).
 */
export async function acceptLink(
  context: ServerContext,
  body: z.output<typeof acceptRoute.body>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<AdministratorId> {
  const { clock, passwords, store } = context;
  const checked = await usableLink(store.db, body.code, clock.nowMs());
  const owner = ownerOf(checked.administrator, body);
  const named = decideAdministratorName(owner.name);
  if (!named.allow) throw new AppError(named.code, named.params);
  const password = canonicalPassword(body.password);
  const judged = decidePassword(password, owner);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  // whoever holds the code is no stranger, and nothing was hashed for anybody without one
  const passwordHash = await passwords.inLane('known', () => passwords.hash(password));
  const opened = await store
    .transaction((tx) => useLink(context, tx, { body, owner, passwordHash, request }))
    .catch((error: unknown) => {
      if (isUniqueViolation(error))
        throw new AppError('ADMINISTRATOR_NAME_TAKEN', { name: owner.name }, { cause: error });
      throw error;
    });
  return handSession(context, opened, { request, reply });
}

async function useLink(
  context: ServerContext,
  tx: Tx,
  use: {
    readonly body: z.output<typeof acceptRoute.body>;
    readonly owner: { readonly name: string; readonly displayName: string };
    readonly passwordHash: string;
    readonly request: FastifyRequest;
  },
): Promise<OpenedSession> {
  const { body, owner, passwordHash, request } = use;
  const origin = originOf(request);
  const nowMs = context.clock.nowMs();
  const { link, administrator } = await usableLink(tx, body.code, nowMs);
  if (!(await markLinkUsed(tx, codeHash(body.code), nowMs))) throw new AppError('LINK_USED');
  const pending = pendingBody.parse(openPending(context, 'link', body.pending).body);
  if (pending.link !== codeHash(body.code)) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const row = administrator ?? (await createFirst(context, tx, owner, nowMs));
  await updateAdministrator(tx, row.id, { passwordHash });
  await setUpTotp(context, tx, row, pending.secret, body.totp, origin);
  await revokeSessions(tx, row.id, nowMs);
  // a reset is there for whoever lost control of the account: passkeys of another must not outlive it
  await dropPasskeys(tx, row.id);
  if (link.purpose === 'reset') {
    // keys from before went with the making of the link, or were to stay; these were made by whoever was still signed in
    const actor = { name: row.name, origin };
    await revokeKeysOf(tx, row.id, actor, { nowMs, madeSinceMs: link.createdAtMs });
  }
  await recordAudit(
    tx,
    {
      act: 'use-link',
      actor: row.name,
      origin,
      subject: row.id,
      outcome: 'done',
      detail: { name: row.name, purpose: link.purpose },
    },
    nowMs,
  );
  return openSession(context, tx, { administratorId: row.id, method: 'link', request });
}

async function createFirst(
  { random }: ServerContext,
  tx: Tx,
  owner: { readonly name: string; readonly displayName: string },
  nowMs: number,
): Promise<AdministratorRow> {
  const id = parseAdministratorId(random.uuid());
  if (id === undefined) throw new Error('the random source draws no UUIDs');
  const row: AdministratorRow = {
    id,
    ...owner,
    passwordHash: null,
    totpSealed: null,
    totpStep: null,
    oidc: null,
    createdAtMs: nowMs,
    createdBy: 'local', // whoever initialised the server
    disabledAtMs: null,
    revision: 1,
  };
  await insertAdministrator(tx, row);
  await replaceGrants(tx, id, [{ role: 'administrator', groupId: null }]);
  return row;
}

/** The link of a code with whom it is for. Refusals: as `openLink`. */
export async function usableLink(
  db: DbOrTx,
  code: string,
  nowMs: number,
): Promise<{ link: LinkRow; administrator: AdministratorRow | undefined }> {
  const link = await findLink(db, codeHash(code));
  if (link === undefined) throw new AppError('LINK_UNKNOWN');
  if (link.usedAtMs !== null) throw new AppError('LINK_USED');
  if (nowMs >= link.expiresAtMs) throw new AppError('LINK_EXPIRED');
  if (link.administratorId === null) {
    await requireNoAdministrator(db);
    return { link, administrator: undefined };
  }
  const administrator = await findAdministrator(db, link.administratorId);
  if (administrator === undefined) throw new AppError('LINK_UNKNOWN');
  if (administrator.disabledAtMs !== null) throw new AppError('ADMINISTRATOR_DISABLED');
  return { link, administrator };
}

/** Name and display name: of the account, or those that the first administrator chose. */
function ownerOf(
  administrator: AdministratorRow | undefined,
  body: z.output<typeof acceptRoute.body>,
): { name: string; displayName: string } {
  if (administrator !== undefined)
    return { name: administrator.name, displayName: administrator.displayName };
  if (body.name === undefined)
    throw new AppError('BODY_INVALID', { detail: 'name: the first administrator chooses one' });
  return { name: body.name, displayName: body.displayName ?? body.name };
}
