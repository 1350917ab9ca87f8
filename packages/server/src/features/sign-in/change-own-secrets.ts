import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import { canonicalPassword, decidePassword } from '@sekisho/core/rules/password.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import type { changePassword as passwordRoute, changeTotp as totpRoute } from '@sekisho/core/wire/sign-in.ts';
import type { confirmTotp as confirmRoute } from '@sekisho/core/wire/sign-in.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { handSession, openSession } from '../admin-sessions/open-session.ts';
import { readSession } from '../admin-sessions/read-session.ts';
import { requireStillOpen, revokeSessions } from '../admin-sessions/session-rows.ts';
import {
  findAdministrator,
  updateAdministrator,
  type AdministratorRow,
} from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { originOf } from '../../http/request-origin.ts';
import { notingRefusal } from './note-refusal.ts';
import { openPending, PENDING_VALID_MS, spendPending, startPending } from './pending-sign-in.ts';
import { provePassword, requireProved } from './sign-in-with-password.ts';
import { setUpTotp } from './sign-in-with-totp.ts';
import { newTotpSecret, totpSetupOf } from './totp.ts';

const pendingBody = z.object({ secret: z.string() });

interface Asking {
  readonly principal: Principal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * Sets one's own password, after the present one. Every session ends, and a new one is opened here. Refusals: SESSION_NEEDED,
 * API_KEY_MAY_NOT, PASSWORD_…, those of `provePassword`.
 */
export async function changePassword(
  context: ServerContext,
  { password, newPassword }: z.output<typeof passwordRoute.body>,
  asking: Asking,
): Promise<AdministratorId> {
  const { clock, passwords, store } = context;
  const administrator = await ownAccount(context, asking.principal);
  const wished = canonicalPassword(newPassword);
  const judged = decidePassword(wished, administrator);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  const { request, reply } = asking;
  const session = await readSession(context, request);
  const proving = { name: administrator.name, administrator, password, request };
  const provedHash = await provePassword(context, proving);
  const passwordHash = await passwords.inLane('known', () => passwords.hash(wished));
  const work = () =>
    store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      // a reset or the end of the session may have come while the hashes were made
      await requireProved(tx, administrator.id, provedHash);
      await requireStillOpen(tx, session);
      await updateAdministrator(tx, administrator.id, { passwordHash });
      await revokeSessions(tx, administrator.id, nowMs);
      const { principal } = asking;
      await recordAudit(
        tx,
        {
          act: 'change-password',
          actor: principal.name,
          origin: principal.origin,
          subject: administrator.id,
          outcome: 'done',
          detail: { name: administrator.name },
        },
        nowMs,
      );
      return openSession(context, tx, { administratorId: administrator.id, method: session.method, request });
    });
  const opened = await notingRefusal(context, { administrator, origin: asking.principal.origin }, work);
  return handSession(context, opened, { request, reply });
}

/** Begins with another authenticator app, after the password. The present one works until the first code of the new one. */
export async function changeTotp(
  context: ServerContext,
  { password }: z.output<typeof totpRoute.body>,
  { principal, request }: Asking,
): Promise<z.input<typeof totpRoute.reply>> {
  const { clock, domain, random, store } = context;
  const administrator = await ownAccount(context, principal);
  const proving = { name: administrator.name, administrator, password, request };
  const provedHash = await provePassword(context, proving);
  const secret = newTotpSecret(random);
  const proved = await notingRefusal(context, { administrator, origin: originOf(request) }, () =>
    requireProved(store.db, administrator.id, provedHash),
  );
  const pending = startPending(context, { kind: 'change-totp', administrator: proved, body: { secret } });
  return {
    pending: pending.reveal(),
    expiresAtMs: clock.nowMs() + PENDING_VALID_MS,
    totp: totpSetupOf(secret, domain.name, administrator.name),
  };
}

/** The first code of the other app: from now on its codes count. Every session ends, and a new one is opened here. */
export async function confirmTotp(
  context: ServerContext,
  { pending, code }: z.output<typeof confirmRoute.body>,
  { principal, request, reply }: Asking,
): Promise<AdministratorId> {
  const { clock, store } = context;
  const administrator = await ownAccount(context, principal);
  const session = await readSession(context, request);
  const begun = openPending(context, 'change-totp', pending);
  if (begun.administratorId !== administrator.id) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const { secret } = pendingBody.parse(begun.body);
  const work = () =>
    store.transaction(async (tx) => {
      await requireStillOpen(tx, session);
      await spendPending(context, tx, begun);
      await setUpTotp(context, tx, administrator, secret, code, principal.origin);
      await revokeSessions(tx, administrator.id, clock.nowMs());
      return openSession(context, tx, { administratorId: administrator.id, method: session.method, request });
    });
  const opened = await notingRefusal(context, { administrator, origin: principal.origin }, work);
  return handSession(context, opened, { request, reply });
}

/** The account of whoever is signed in. Refusals: SESSION_NEEDED, API_KEY_MAY_NOT. */
async function ownAccount({ store }: ServerContext, principal: Principal): Promise<AdministratorRow> {
  if (principal.kind === 'api-key') throw new AppError('API_KEY_MAY_NOT');
  const { administratorId } = principal;
  const row = administratorId === null ? undefined : await findAdministrator(store.db, administratorId);
  if (row === undefined) throw new AppError('SESSION_NEEDED');
  return row;
}
