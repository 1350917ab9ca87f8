import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import type { DbOrTx, Tx } from '../../store/tables.ts';

/** `forward`: from an older root to a newer one, published for hosts that were off; `back`: what EST calls OldWithNew. */
export type LinkKind = 'forward' | 'back';

/** The name and key of one root, signed by the key of another (F-38). */
export interface KeyLink {
  readonly fromKeyId: string;
  readonly toKeyId: string;
  readonly kind: LinkKind;
  readonly certificate: Certificate;
}

/** All links of the domain, the newest first. */
export async function listLinks(db: DbOrTx): Promise<KeyLink[]> {
  const rows = await db
    .selectFrom('ca_links')
    .select(['from_key_id', 'to_key_id', 'kind', 'certificate'])
    .orderBy('created_at_ms', 'desc')
    .orderBy('fingerprint')
    .execute();
  return rows.map((row) => ({
    fromKeyId: row.from_key_id,
    toKeyId: row.to_key_id,
    kind: row.kind === 'forward' ? 'forward' : 'back',
    certificate: parseCertificate(Buffer.from(row.certificate, 'base64')),
  }));
}

export async function insertLink(tx: Tx, link: KeyLink, nowMs: number): Promise<void> {
  await tx
    .insertInto('ca_links')
    .values({
      fingerprint: link.certificate.fingerprint,
      from_key_id: link.fromKeyId,
      to_key_id: link.toKeyId,
      kind: link.kind,
      certificate: Buffer.from(link.certificate.der).toString('base64'),
      created_at_ms: nowMs,
    })
    .execute();
}

/** A root that was given up before anybody depended on it, or that is compromised: nothing leads to it or away from it. */
export async function deleteLinks(tx: Tx, rootKeyId: string): Promise<void> {
  await tx
    .deleteFrom('ca_links')
    .where((row) => row.or([row('from_key_id', '=', rootKeyId), row('to_key_id', '=', rootKeyId)]))
    .execute();
}
