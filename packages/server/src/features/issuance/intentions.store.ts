import { parseHostId, type HostId } from '@sekisho/core/ids.ts';
import { recordedIssuance, type ApprovedIssuance, type IssuanceBasis } from '@sekisho/core/rules/issuance.ts';
import { z } from 'zod';
import { prepared } from '../../store/prepared.ts';
import type { DbOrTx, IntentionsTable, Tx } from '../../store/tables.ts';

const BASES = [
  'token',
  'reissue-token',
  'reissue-allowed',
  'known-host',
  'level-medium',
  'manual',
  'certificate',
  'birth',
] as const satisfies readonly IssuanceBasis[];

const storedPlan = z.object({
  issuance: z.unknown(),
  /** 16 bytes in hex: drawn once, so that a repetition signs the same certificate. */
  serial: z.string().regex(/^[0-9a-f]{32}$/),
  newHost: z.object({ name: z.string(), names: z.array(z.string()) }).nullable(),
  replacesOld: z.boolean(),
  name: z.string(),
  origin: z.string(),
  /** The token's expiry: until then the same request gets the same answer. */
  repeatableUntilMs: z.number().nullable(),
});

/** What is recorded before anything is signed (invariant 2), and enough to sign it after a crash. */
export interface Intention {
  readonly id: string;
  readonly basis: IssuanceBasis;
  readonly hostId: HostId;
  readonly tokenId: string | null;
  readonly requestKey: string;
  readonly createdAtMs: number;
  readonly fingerprint: string | null;
  readonly finishedAtMs: number | null;
  readonly failure: string | null;
  readonly issuance: ApprovedIssuance;
  readonly serialHex: string;
  readonly newHost: { readonly name: string; readonly names: readonly string[] } | undefined;
  readonly replacesOld: boolean;
  /** Primary name, for the audit log. */
  readonly name: string;
  readonly origin: string;
  readonly repeatableUntilMs: number | null;
}

const COLUMNS = [
  'id',
  'kind',
  'host_id',
  'token_id',
  'request_key',
  'plan',
  'created_at_ms',
  'fingerprint',
  'finished_at_ms',
  'failure',
] as const;

const selectIntention = prepared((db, wish: { requestKey: string }) =>
  db.selectFrom('intentions').select(COLUMNS).where('request_key', '=', wish.requestKey),
);

type OpenRow = Omit<IntentionsTable, 'fingerprint' | 'finished_at_ms' | 'failure'>;
const insertOpen = prepared((db, row: OpenRow & Record<string, string | number | null>) =>
  db.insertInto('intentions').values({ ...row, fingerprint: null, finished_at_ms: null, failure: null }),
);

const finishOpen = prepared(
  (db, end: { id: string; fingerprint: string | null; failure: string | null; nowMs: number }) =>
    db
      .updateTable('intentions')
      .set({ finished_at_ms: end.nowMs, fingerprint: end.fingerprint, failure: end.failure })
      .where('id', '=', end.id)
      .where('finished_at_ms', 'is', null),
);

export async function findIntention(db: DbOrTx, requestKey: string): Promise<Intention | undefined> {
  const row = await selectIntention.first(db, { requestKey });
  if (row === undefined) return undefined;
  const basis = BASES.find((known) => known === row.kind);
  const hostId = parseHostId(row.host_id);
  const plan = storedPlan.parse(JSON.parse(row.plan));
  if (basis === undefined || hostId === undefined) throw new Error(`the intention ${row.id} is not readable`);
  return {
    id: row.id,
    basis,
    hostId,
    tokenId: row.token_id,
    requestKey: row.request_key,
    createdAtMs: row.created_at_ms,
    fingerprint: row.fingerprint,
    finishedAtMs: row.finished_at_ms,
    failure: row.failure,
    issuance: recordedIssuance(plan.issuance),
    serialHex: plan.serial,
    newHost: plan.newHost ?? undefined,
    replacesOld: plan.replacesOld,
    name: plan.name,
    origin: plan.origin,
    repeatableUntilMs: plan.repeatableUntilMs,
  };
}

export async function insertIntention(tx: Tx, intention: Intention): Promise<void> {
  const plan: z.input<typeof storedPlan> = {
    issuance: intention.issuance,
    serial: intention.serialHex,
    newHost:
      intention.newHost === undefined
        ? null
        : { name: intention.newHost.name, names: [...intention.newHost.names] },
    replacesOld: intention.replacesOld,
    name: intention.name,
    origin: intention.origin,
    repeatableUntilMs: intention.repeatableUntilMs,
  };
  await insertOpen.run(tx, {
    id: intention.id,
    kind: intention.basis,
    host_id: intention.hostId,
    token_id: intention.tokenId,
    request_key: intention.requestKey,
    plan: JSON.stringify(plan),
    created_at_ms: intention.createdAtMs,
  });
}

/** Ends an open intention; false when it was ended already (by another process, or by a revocation). */
export async function finishIntention(
  tx: Tx,
  id: string,
  end: { fingerprint: string | null; failure: string | null },
  nowMs: number,
): Promise<boolean> {
  return (await finishOpen.run(tx, { id, ...end, nowMs })) === 1;
}

/** What makes two renewals the same: the certificate that vouches for them, and the CSR (T-14). */
export const renewalKey = (fingerprint: string, csrSha256: string): string =>
  `renew:${fingerprint}:${csrSha256}`;

/** The certificate that vouched for a renewal; undefined for other requests. */
export const renewedFingerprint = (requestKey: string): string | undefined =>
  /^renew:([0-9a-f]{64}):/.exec(requestKey)?.[1];

/** An answer that no longer counts makes room for a new request of the same kind. */
export async function retireRequestKey(tx: Tx, intention: Intention): Promise<void> {
  await tx
    .updateTable('intentions')
    .set({ request_key: `${intention.requestKey}#${intention.id}` })
    .where('id', '=', intention.id)
    .execute();
}
