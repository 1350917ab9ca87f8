import { getDomain } from '@sekisho/core/wire/trust.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { SERVER_VERSION } from '../../version.ts';

export function domainRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, getDomain, () => ({
    domainId: context.domain.id,
    name: context.domain.name,
    caFingerprint: context.domain.caFingerprint,
    caCertificatesPem: context.keys.caPem(),
    serverId: context.domain.serverId,
    serverVersion: SERVER_VERSION,
    addresses: context.config.addresses.map((address) => ({
      address,
      agentPort: context.ports.agent,
      adminPort: context.ports.admin,
      httpPort: context.ports.http,
    })),
  }));
}
