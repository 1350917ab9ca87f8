import {
  attachRoot as attachRoute,
  detachRoot as detachRoute,
  exportRoot as exportRoute,
  getRoot,
} from '@sekisho/core/wire/root.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { attachRoot, detachRoot, exportRoot, viewRoot } from './root-key.ts';

export function keyRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, getRoot, () => viewRoot(context));
  mount(app, exportRoute, ({ body, principal }) => exportRoot(context, body.passphrase, principal));
  mount(app, detachRoute, ({ body, principal }) => detachRoot(context, body, principal));
  mount(app, attachRoute, ({ body, principal }) => attachRoot(context, body, principal));
}
