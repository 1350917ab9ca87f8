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
 * F-20 Does the policy that this host holds say that verification is off, and is that not over? It is what a host acts by that has not heard
 * of a newer one. Serials are counted for each group: it is the policy of the group that the assignment names which the host holds, and of no
 * other. Only the last versions of a document are kept; of an assignment that is gone, the group of now counts.
 */
export async function policySaysOff(db: DbOrTx, host: Holder, nowMs: number): Promise<boolean> {
  const assignment = await payloadOf(db, 'assignment', host.id, host.assignmentSerial);
  const group = assignment === undefined ? host.groupId : assignmentPayload.parse(assignment).group;
  const policy = await payloadOf(db, 'policy', group, host.policySerial);
  if (policy === undefined) return false;
  const { verification } = policyPayload.parse(policy);
  return verification?.state === 'off' && nowMs < verification.untilMs;
}

/** Of our own, out of our own database. */
async function payloadOf(
  db: DbOrTx,
  type: 'assignment' | 'policy',
  scope: string,
  serial: number,
): Promise<unknown> {
  const row = await db
    .selectFrom('documents')
    .select('jws')
    .where('type', '=', type)
    .where('scope', '=', scope)
    .where('serial', '=', serial)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return JSON.parse(Buffer.from(row.jws.split('.')[PAYLOAD_PART] ?? '', 'base64url').toString('utf8'));
}
