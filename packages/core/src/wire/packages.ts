import { z } from 'zod';
import { installPackage, PACKAGE_PLATFORMS } from './documents.ts';
import { route } from './route.ts';
import { epochMs, serial } from './scalars.ts';

/** Versions of install packages that a list shows. */
export const PACKAGES_SHOWN_MAX = 100;

export const packageView = installPackage.extend({
  serial,
  signedAtMs: epochMs,
  /** Agents of this platform get it with `agent upgrade --from-server`. */
  published: z.boolean(),
});
export type PackageView = z.infer<typeof packageView>;

/** F-04 The signed half of an install package, beside the file itself: what `agent upgrade` reads first. */
export const packageSignature = z.strictObject({
  format: z.literal('sekisho-install-package'),
  version: z.literal(1),
  /** A document of the type `package`; nothing else here counts. */
  signed: z.string().max(64 * 1024),
});

/** F-04 Signs what agents may install; `publish`: the file lies in the server's data folder, and agents get it from there. */
export const signPackage = route({
  method: 'POST',
  path: '/v1/packages',
  right: 'security.write',
  body: installPackage.extend({ publish: z.boolean() }),
  reply: packageView.extend({
    /** The text of the signature file. */
    signature: z.string(),
  }),
});
export const listPackages = route({
  method: 'GET',
  path: '/v1/packages',
  right: 'security.read',
  reply: z.object({ packages: z.array(packageView).max(PACKAGES_SHOWN_MAX) }),
});
/** F-04 The newest published package for a kind of machine. */
export const getInstallPackage = route({
  method: 'GET',
  path: '/v1/agent/packages/:platform',
  right: 'peer',
  params: z.object({ platform: z.enum(PACKAGE_PLATFORMS) }),
  reply: z.object({ jws: z.string() }),
});
/** Its file, as it is. */
export const installPackageFile = (platform: string): string => `/v1/agent/packages/${platform}/file`;
