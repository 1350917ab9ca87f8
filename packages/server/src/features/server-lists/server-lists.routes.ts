import { AppError } from '@sekisho/core/errors.ts';
import * as wire from '@sekisho/core/wire/server-lists.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { assignList, unassignList } from './assign-list.ts';
import { createList, deleteList, replaceList, type ChangedList } from './change-lists.ts';
import { exportPackage } from './export-package.ts';
import { importList } from './import-list.ts';
import { writeListFile } from './list-file.ts';
import { requireList, viewLists } from './read-lists.ts';
import { selectLists, type StoredList } from './server-lists.store.ts';

/** F-10, F-11, F-13 Management server lists: who has which, what they say, and files of them. */
export function serverListRoutes(app: FastifyInstance, context: ServerContext): void {
  const { store, feed } = context;
  const view = async (list: StoredList): Promise<wire.ServerListView> => {
    const [shown] = await viewLists(context, [list]);
    if (shown === undefined) throw new AppError('NOT_FOUND', { what: 'list', id: list.id });
    return shown;
  };
  const changed = async ({ list, effect }: ChangedList) => {
    await feed.catchUp();
    return { list: await view(list), effect };
  };
  mount(app, wire.listServerLists, async () => ({
    lists: await viewLists(context, await selectLists(store.db)),
  }));
  mount(app, wire.getServerList, async ({ params }) => view(await requireList(store.db, params.id)));
  mount(app, wire.createServerList, async ({ body, principal }) =>
    changed(await createList(context, principal, body, body)),
  );
  mount(app, wire.replaceServerList, async ({ params, body, principal }) =>
    changed(await replaceList(context, principal, { ...params, ...body }, body)),
  );
  mount(app, wire.deleteServerList, async ({ params, principal }) => ({
    deleted: await deleteList(context, principal, params.id),
  }));
  mount(app, wire.assignServerList, async ({ params, body, principal }) =>
    changed(await assignList(context, principal, params, body)),
  );
  mount(app, wire.unassignServerList, async ({ params, query, principal }) => ({
    effect: await unassignList(context, principal, params, { dryRun: query.dryRun === 'true' }),
  }));
  mount(app, wire.exportServerList, async ({ params }) =>
    writeListFile(context, await requireList(store.db, params.id)),
  );
  mount(app, wire.importServerList, async ({ body, principal }) =>
    changed(await importList(context, principal, body, body)),
  );
  mount(app, wire.exportPackage, ({ params, principal }) => exportPackage(context, principal, params.id));
}
