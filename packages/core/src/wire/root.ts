import { z } from 'zod';
import { PASSPHRASE_LENGTH_MAX, PASSPHRASE_LENGTH_MIN, ROOT_PACKAGE_LENGTH_MAX } from '../limits.ts';
import { sha256Hex } from './scalars.ts';
import { route } from './route.ts';

/** Where the root's private key is. Detached: on no server of the domain, only in the file that was exported (T-01). */
export const rootView = z.object({ fingerprint: sha256Hex, state: z.enum(['attached', 'detached']) });
export type RootView = z.infer<typeof rootView>;

const passphrase = z.string().min(PASSPHRASE_LENGTH_MIN).max(PASSPHRASE_LENGTH_MAX);
/** The root's key under a passphrase, as text for a file. */
const rootPackage = z.string().min(1).max(ROOT_PACKAGE_LENGTH_MAX);

export const getRoot = route({ method: 'GET', path: '/v1/root', right: 'domain.read', reply: rootView });

/** The root's key, encrypted with the passphrase; nothing changes on the server. */
export const exportRoot = route({
  method: 'POST',
  path: '/v1/root/export',
  right: 'ca.write',
  body: z.object({ passphrase }),
  reply: z.object({ fingerprint: sha256Hex, package: rootPackage }),
});

/** Removes the key from the server, once the package that was stored is shown to open and to hold this very key. */
export const detachRoot = route({
  method: 'POST',
  path: '/v1/root/detach',
  right: 'ca.write',
  body: z.object({ passphrase, package: rootPackage }),
  reply: rootView,
});

/** Brings the key back for the acts that need it. */
export const attachRoot = route({
  method: 'POST',
  path: '/v1/root/attach',
  right: 'ca.write',
  body: z.object({ passphrase, package: rootPackage }),
  reply: rootView,
});
