import { absolutePath, displayName } from '@sekisho/core/wire/scalars.ts';
import { isIP } from 'node:net';
import { z } from 'zod';

export const OIDC_PROVIDERS_MAX = 8;
const OIDC_SCOPES_MAX = 16;

/** Claims that people can change, or that pass on to somebody else, say nothing about who it is. */
const CHANGEABLE_CLAIMS = ['email', 'preferred_username', 'name', 'nickname', 'upn', 'phone_number'];

/** One OpenID provider at which administrators sign in. */
export const oidcProvider = z
  .strictObject({
    /** Stands in addresses: of the callback too, which the provider must know. */
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
    /** What people see. */
    name: displayName,
    issuer: z.url().max(1024),
    clientId: z.string().min(1).max(512),
    /** A file that holds the secret; or the name of an environment variable. Neither: a public client. */
    clientSecretFile: absolutePath.optional(),
    clientSecretEnv: z
      .string()
      .regex(/^[A-Z_][A-Z0-9_]{0,100}$/)
      .optional(),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
      .max(OIDC_SCOPES_MAX)
      .default(['openid']),
    /** The claim that says who it is: `sub`, or another one that never changes (`oid`). */
    claim: z
      .string()
      .regex(/^[A-Za-z0-9_.:/-]{1,100}$/)
      .refine((claim) => !CHANGEABLE_CLAIMS.includes(claim), { message: 'a claim that can change' })
      .default('sub'),
    /** Allows plain HTTP; on the loopback alone, for tests. */
    allowInsecureHttp: z.boolean().default(false),
  })
  .refine((one) => isSecure(one), { path: ['issuer'], message: 'not an https address' })
  .refine((one) => one.scopes.includes('openid'), { path: ['scopes'], message: 'openid is missing' })
  .refine((one) => one.clientSecretFile === undefined || one.clientSecretEnv === undefined, {
    path: ['clientSecretEnv'],
    message: 'the secret comes from a file already',
  });
export type OidcProvider = z.output<typeof oidcProvider>;

/** All of them; each with an ID of its own. */
export const oidcSettings = z
  .array(oidcProvider)
  .max(OIDC_PROVIDERS_MAX)
  .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, { message: 'an id is there twice' });

function isSecure({ issuer, allowInsecureHttp }: { issuer: string; allowInsecureHttp: boolean }): boolean {
  if (!URL.canParse(issuer)) return false;
  const { protocol, hostname, search, hash, username } = new URL(issuer);
  // @source OpenID Connect Discovery 1.0 §2: neither query nor fragment
  if (search !== '' || hash !== '' || username !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && allowInsecureHttp && isLoopback(hostname));
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
