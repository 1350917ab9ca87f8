import { AppError } from '@sekisho/core/errors.ts';
import type { ListId } from '@sekisho/core/ids.ts';
import type { Principal } from '@sekisho/core/rules/rights.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import type { CommunicationPackage } from '@sekisho/core/wire/communication-package.ts';
import type { exportPackage as exportRoute } from '@sekisho/core/wire/server-lists.ts';
import { readDocumentHeader } from '@sekisho/pki/document-header.ts';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { requireList } from './read-lists.ts';

/**
 * F-13 The newest trust bundle and a list in one signed file, for `agent repair`: with it an agent that finds or accepts no server any more
 * comes back. Nothing in it is secret. Refusal: NOT_FOUND.
 */
export async function exportPackage(
  context: ServerContext,
  principal: Principal,
  id: ListId,
): Promise<z.input<typeof exportRoute.reply>> {
  const { documents, domain, feed, store } = context;
  await feed.catchUp();
  const list = await requireList(store.db, id);
  // whatever list an agent holds, it takes this one
  await store.transaction((tx) => documents.makeAgain(tx, 'list', id));
  await feed.catchUp();
  const [bundle, signedList] = [await documents.latest('bundle', ''), await documents.latest('list', id)];
  if (bundle === undefined) throw new AppError('NOT_FOUND', { what: 'bundle', id: domain.id });
  if (signedList === undefined) throw new AppError('NOT_FOUND', { what: 'list', id });
  await store.transaction(async (tx) => {
    await documents.make(tx, 'communication', id, { bundle: bundle.jws, list: signedList.jws });
    const detail = { generation: bundle.serial, listSerial: signedList.serial };
    const { name: actor, origin } = principal;
    await recordAudit(
      tx,
      { act: 'export-communication-package', actor, origin, subject: list.name, outcome: 'done', detail },
      context.clock.nowMs(),
    );
  });
  await feed.catchUp();
  const signed = await documents.latest('communication', id);
  if (signed === undefined) throw new AppError('NOT_FOUND', { what: 'list', id });
  const servers = list.servers.map(serverName);
  // of the root that signed this very bundle: what a person compares
  const caFingerprint = readDocumentHeader(bundle.jws).chain[0]!.fingerprint;
  const file: CommunicationPackage = {
    format: 'sekisho-communication-package',
    version: 1,
    domain: domain.id,
    name: domain.name,
    caFingerprint,
    servers,
    signed: signed.jws,
  };
  return {
    file: `${JSON.stringify(file, null, 2)}\n`,
    caFingerprint,
    generation: bundle.serial,
    listSerial: signedList.serial,
    servers,
  };
}
