import type { AuditAct } from '@sekisho/core/audit-events.ts';
import { AppError } from '@sekisho/core/errors.ts';
import { PAGE_ROWS_DEFAULT } from '@sekisho/core/limits.ts';
import { judgeName } from '@sekisho/core/rules/naming.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { importHosts, listKnownHosts, registerHost, unregisterHost } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import type { Tx } from '../../store/tables.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { namesOfCsv } from './import-hosts.ts';
import { addKnownHost, findKnownHost, listKnownHostRows, removeKnownHost } from './known-hosts.ts';

/** Names that may enrol without a token at level high, once (T-12). */
export function knownHostRoutes(app: FastifyInstance, context: ServerContext): void {
  const { clock, store } = context;
  mount(app, registerHost, async ({ body, principal }) => {
    const name = canonical(body.name);
    return store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      const added = await addKnownHost(tx, name, principal.name, nowMs);
      if (added) await audit(tx, principal, 'register-host', name, {}, nowMs);
      const row = await findKnownHost(tx, name);
      if (row === undefined) throw new AppError('NOT_FOUND', { what: 'known host', id: name });
      return row;
    });
  });
  mount(app, importHosts, async ({ body, principal }) => {
    const names = namesOfCsv(body.csv);
    return store.transaction(async (tx) => {
      const nowMs = clock.nowMs();
      let registered = 0;
      for (const name of names) if (await addKnownHost(tx, name, principal.name, nowMs)) registered += 1;
      const already = names.length - registered;
      await audit(tx, principal, 'import-hosts', `${registered}`, { registered, already }, nowMs);
      return { registered, already };
    });
  });
  mount(app, listKnownHosts, async ({ query }) => {
    const limit = query.limit ?? PAGE_ROWS_DEFAULT;
    const hosts = await listKnownHostRows(store.db, { limit, after: query.after });
    return { hosts, next: hosts.length === limit ? (hosts.at(-1)?.name ?? null) : null };
  });
  mount(app, unregisterHost, async ({ params, principal }) => {
    const name = canonical(params.name);
    await store.transaction(async (tx) => {
      if (!(await removeKnownHost(tx, name)))
        throw new AppError('NOT_FOUND', { what: 'known host', id: name });
      await audit(tx, principal, 'unregister-host', name, {}, clock.nowMs());
    });
    return { removed: name };
  });
}

function canonical(raw: string): string {
  const judged = judgeName(raw);
  if (!judged.allow) throw new AppError(judged.code, judged.params);
  return judged.name;
}

const audit = (
  tx: Tx,
  principal: Principal,
  act: AuditAct,
  subject: string,
  detail: Record<string, unknown>,
  nowMs: number,
): Promise<void> =>
  recordAudit(
    tx,
    {
      act,
      actor: principal.name,
      origin: principal.origin,
      subject,
      outcome: 'done',
      detail,
    },
    nowMs,
  );
