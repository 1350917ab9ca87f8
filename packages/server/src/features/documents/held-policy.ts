import type { GroupId, HostId } from '@sekisho/core/ids.ts';
import { assignmentPayload, policyPayload } from '@sekisho/core/wire/documents.ts';
import type { DbOrTx } from '../../store/tables.ts';

const PAYLOAD_PART = 1;

/** A host with the serials of its last heartbeat. */
interface Holder {
  readonly id: HostId;
  readonly groupId: GroupId;
  readonly assignmentSerial: number;
  readonly policySerial: number;
}

/**
 * F-20 May the policy that this host holds say that verification is off, and is that not over? It is what a host acts by that has not heard
 * of a newer one. It holds the one of its last heartbeat or a newer one: what a server heard in its last seconds is lost when it is
 * killed, and a host that was locked out then would be until the end of that policy. Serials are counted for each group: those of the group that
 * the assignment names count, and of no other. Only the last versions of a document are kept; of an assignment that is gone, the group of now counts.
 */
export async function policySaysOff(db: DbOrTx, host: Holder, nowMs: number): Promise<boolean> {
  const [assignment] = await payloadsOf(db, 'assignment', host.id, host.assignmentSerial);
  const group =
    assignment?.serial === host.assignmentSerial
      ? assignmentPayload.parse(assignment.payload).group
      : host.groupId;
  const policies = await payloadsOf(db, 'policy', group, host.policySerial);
  return policies.some(({ payload }) => {
    const { verification } = policyPayload.parse(payload);
    return verification?.state === 'off' && nowMs < verification.untilMs;
  });
}

/** Versions from this serial on, the oldest first: of our own, out of our own database. */
async function payloadsOf(
  db: DbOrTx,
  type: 'assignment' | 'policy',
  scope: string,
  fromSerial: number,
): Promise<{ serial: number; payload: unknown }[]> {
  const rows = await db
    .selectFrom('documents')
    .select(['serial', 'jws'])
    .where('type', '=', type)
    .where('scope', '=', scope)
    .where('serial', '>=', fromSerial)
    .orderBy('serial')
    .execute();
  return rows.map(({ serial, jws }) => ({
    serial,
    payload: JSON.parse(
      Buffer.from(jws.split('.')[PAYLOAD_PART] ?? '', 'base64url').toString('utf8'),
    ) as unknown,
  }));
}
