import { wantedSerial } from '@sekisho/core/rules/echo.ts';
import type { FleetParts } from '../../context.ts';
import { lastSerial } from '../../store/counters.ts';
import type { Tx } from '../../store/tables.ts';
import { documentMaker } from '../documents/document-service.ts';
import { signedLists } from '../server-lists/signed-lists.ts';

/**
 * Makes every management server list of what it says now, signed by whom this transaction sees as the document signer; `anew`: also where
 * nothing in it changed. Returns the serial from which on a list says the change.
 */
export async function makeLists(parts: FleetParts, tx: Tx, how: 'changed' | 'anew'): Promise<number> {
  const { clock, domain } = parts;
  const maker = documentMaker({ clock, domainId: domain.id, keys: await parts.keys.readIn(tx) });
  const before = await lastSerial(tx, 'document.list');
  const serials: number[] = [];
  for (const { list, servers } of await signedLists(tx)) {
    if (servers.length === 0) continue; // nobody could be told anything by it
    const serial = await maker.make(tx, 'list', list, { list, servers });
    serials.push(how === 'anew' ? ((await maker.makeAgain(tx, 'list', list)) ?? serial) : serial);
  }
  return wantedSerial(serials, before);
}

/**
 * Signs every policy anew, for a signer that has changed; and what says who signs the audit log, which is judged as of the moment it was made:
 * the new signer's certificate was not valid at the old one.
 */
export async function makePoliciesAnew(parts: FleetParts, tx: Tx): Promise<void> {
  const { clock, domain } = parts;
  const maker = documentMaker({ clock, domainId: domain.id, keys: await parts.keys.readIn(tx) });
  const groups = await tx.selectFrom('groups').select('id').orderBy('id').execute();
  for (const { id } of groups) await maker.makeAgain(tx, 'policy', id);
  await maker.makeAgain(tx, 'audit-key', '');
}
