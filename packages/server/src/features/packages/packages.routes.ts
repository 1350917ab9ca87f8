import { AppError } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { PACKAGE_PLATFORMS } from '@sekisho/core/wire/documents.ts';
import * as wire from '@sekisho/core/wire/packages.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { mount } from '../../http/mount.ts';
import { PackageFiles } from './package-files.ts';
import { readPackage, signPackage, viewPackages } from './sign-package.ts';

/** F-04 Install packages: signed and published by administrators. */
export function packageRoutes(app: FastifyInstance, context: ServerContext): void {
  mount(app, wire.signPackage, ({ body, principal }) => signPackage(context, principal, body));
  mount(app, wire.listPackages, async () => ({ packages: await viewPackages(context) }));
}

/** F-04 What agents fetch, when somebody at the host says so: the signed description, and the file. */
export function agentPackageRoutes(app: FastifyInstance, context: ServerContext): void {
  const files = new PackageFiles(context);
  const published = async (platform: string): Promise<string> => {
    const found = await context.documents.latest('package', platform);
    if (found === undefined) throw new AppError('PACKAGE_NOT_PUBLISHED', { platform });
    return found.jws;
  };
  /** F-20 Whoever does not know who hands it a package gets none. */
  const requireVerified = (hostId: HostId): void => {
    if (context.fleet.isUnverified(hostId)) throw new AppError('VERIFICATION_OFF');
  };
  mount(app, wire.getInstallPackage, async ({ params, peer }) => {
    requireVerified(peer.hostId);
    return { jws: await published(params.platform) };
  });
  for (const platform of PACKAGE_PLATFORMS)
    app.get(wire.installPackageFile(platform), {
      config: { access: 'peer' },
      onRequest: async (request) => {
        request.identity = await app.identify(request, 'peer');
        if (request.identity.kind === 'peer') requireVerified(request.identity.peer.hostId);
      },
      handler: async (request, reply) => {
        const { sha256, bytes } = readPackage(await published(platform));
        const file = await files.open({ sha256, bytes });
        try {
          app.confirmPeer?.(request);
        } catch (error) {
          await file.close();
          throw error;
        }
        void reply.type('application/octet-stream').header('content-length', bytes);
        return reply.send(file.createReadStream({ end: bytes - 1 }));
      },
    });
}
