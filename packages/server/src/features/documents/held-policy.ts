import { policyPayload } from '@sekisho/core/wire/documents.ts';
import type { DbOrTx } from '../../store/tables.ts';

const PAYLOAD_PART = 1;

/**
 * F-20 Does the policy with this serial say that verification is off, and is that not over? It is what a host acts by that has not heard of
 * a newer one. Only the last versions of a policy are kept.
 */
export async function policySaysOff(db: DbOrTx, serial: number, nowMs: number): Promise<boolean> {
  const rows = await db
    .selectFrom('documents')
    .select('jws')
    .where('type', '=', 'policy')
    .where('serial', '=', serial)
    .limit(POLICIES_OF_ONE_SERIAL_MAX)
    .execute();
  return rows.some(({ jws }) => {
    const payload = Buffer.from(jws.split('.')[PAYLOAD_PART] ?? '', 'base64url').toString('utf8');
    const { verification } = policyPayload.parse(JSON.parse(payload)); // our own, out of our own database
    return verification?.state === 'off' && nowMs < verification.untilMs;
  });
}

/** Serials are counted for each group: those of two may be the same. */
const POLICIES_OF_ONE_SERIAL_MAX = 16;
