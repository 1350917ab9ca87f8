import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { signInWithTotp as signInWithTotpRoute } from '@sekisho/core/wire/sign-in.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { originOf } from '../../http/request-origin.ts';
import type { Tx } from '../../store/tables.ts';
import { knownDevice } from '../admin-sessions/device-cookie.ts';
import { handSession, openSession } from '../admin-sessions/open-session.ts';
import {
  findAdministrator,
  updateAdministrator,
  useTotpStep,
  type AdministratorRow,
} from '../administrators/administrator-rows.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { notingRefusal } from './note-refusal.ts';
import { findPending, openPending, spendPending } from './pending-sign-in.ts';
import { checkTry, countTry, describeTry, giveBack } from './take-try.ts';
import { stepOfCode } from './totp.ts';

const setUpBody = z.object({ secret: z.string() });

/**
 * The second step: a code of the authenticator app, which is set up by its first code when there was none. Opens the session.
 * Refusals: SIGN_IN_STEP_EXPIRED, TOTP_REFUSED, TOTP_REPLAYED, TOTP_CLOCK_DRIFT, SIGN_IN_LIMITED, ADMINISTRATOR_DISABLED.
 */
export async function signInWithTotp(
  context: ServerContext,
  { pending, code }: z.output<typeof signInWithTotpRoute.body>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<AdministratorId> {
  const { db } = context.store;
  const kind = findPending(context, 'totp', pending) === undefined ? 'set-up-totp' : 'totp';
  const begun = openPending(context, kind, pending);
  const administrator =
    begun.administratorId === null ? undefined : await findAdministrator(db, begun.administratorId);
  if (administrator === undefined) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const administratorId = administrator.id;
  const origin = originOf(request);
  const device = knownDevice(context, administratorId, request);
  const opened = await notingRefusal(context, { administrator, origin }, async () => {
    const from = { name: administrator.name, administratorId, origin, device };
    const one = await describeTry(context, from, 'code');
    await checkTry(context, one);
    await countTry(context, one);
    return context.store.transaction(async (tx) => {
      await spendPending(context, tx, begun); // a wrong code takes that back
      if (kind === 'totp') await useCode(context, tx, administratorId, code);
      else await enrol(context, tx, administratorId, { body: begun.body, code, origin });
      await giveBack(tx, one, 'done');
      return openSession(context, tx, { administratorId, method: 'password', request });
    });
  });
  return handSession(context, opened, { request, reply });
}

/** Uses up a code: it never works again, whichever worker is asked. Refusals: TOTP_…, ADMINISTRATOR_DISABLED. */
async function useCode(context: ServerContext, tx: Tx, id: AdministratorId, code: string): Promise<void> {
  const { clock, keys } = context;
  const administrator = await findAdministrator(tx, id);
  if (administrator?.totpSealed == null) throw new AppError('SIGN_IN_STEP_EXPIRED');
  const secret = Buffer.from(keys.open(administrator.totpSealed, totpContext(id))).toString('utf8');
  const step = stepOfCode(secret, code, clock.nowMs(), administrator.totpStep);
  if (!(await useTotpStep(tx, id, step))) throw new AppError('TOTP_REPLAYED');
}

/** Whoever began when there was no second factor comes too late when there is one. */
async function enrol(
  context: ServerContext,
  tx: Tx,
  id: AdministratorId,
  { body, code, origin }: { body: unknown; code: string; origin: string },
): Promise<void> {
  const administrator = await findAdministrator(tx, id);
  if (administrator === undefined || administrator.totpSealed !== null)
    throw new AppError('SIGN_IN_STEP_EXPIRED');
  await setUpTotp(context, tx, administrator, setUpBody.parse(body).secret, code, origin);
}

/** Sets up the authenticator app with its first code. Refusals: TOTP_…. */
export async function setUpTotp(
  { clock, keys }: Pick<ServerContext, 'clock' | 'keys'>,
  tx: Tx,
  administrator: Pick<AdministratorRow, 'id' | 'name'>,
  secret: string,
  code: string,
  origin: string,
): Promise<void> {
  const { id, name } = administrator;
  const nowMs = clock.nowMs();
  const totpStep = stepOfCode(secret, code, nowMs, null);
  const totpSealed = keys.seal(Buffer.from(secret, 'utf8'), totpContext(id));
  await updateAdministrator(tx, id, { totpSealed, totpStep });
  await recordAudit(
    tx,
    { act: 'set-totp', actor: name, origin, subject: id, outcome: 'done', detail: { name } },
    nowMs,
  );
}

/** What the sealed secret is bound to. */
const totpContext = (id: AdministratorId): string => `totp:${id}`;
