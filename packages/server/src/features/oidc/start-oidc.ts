import type { FastifyReply, FastifyRequest } from 'fastify';
import * as oidc from 'openid-client';
import { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { startPending } from '../sign-in/pending-sign-in.ts';
import { findInvitation } from '../sign-in/take-invitation.ts';
import { setOidcCookie } from './oidc-cookie.ts';
import type { OidcProviders } from './oidc-providers.ts';

/** What the browser brings back, sealed. */
export const oidcPending = z.object({
  provider: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  redirectUri: z.string(),
  /** The code of an invitation that this sign-in uses up. */
  link: z.string().nullable(),
});

/**
 * Begins a sign-in at a provider: authorization code with PKCE (S256), state and nonce, tied to this browser by a cookie.
 * Returns the address to which the browser goes.
 * @throws AppError NOT_FOUND (provider), OIDC_PROVIDER_UNREACHABLE, OIDC_SECRET_UNREADABLE, LINK_…
 * @source RFC 9700 §2.1.1, §4.7
 */
export async function startOidc(
  context: ServerContext & { readonly oidc: OidcProviders },
  start: { readonly provider: string; readonly link: string | null },
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<string> {
  const provider = context.oidc.get(start.provider);
  const { link } = start;
  if (link !== null) await findInvitation(context.store.db, link, context.clock.nowMs());
  const configuration = await context.oidc.open(provider);
  const draw = (): string => Buffer.from(context.random.bytes(32)).toString('base64url');
  const body = {
    provider: provider.id,
    state: draw(),
    nonce: draw(),
    verifier: draw(),
    redirectUri: callbackOf(request, provider.id),
    link,
  };
  const secret = startPending(context, { kind: 'oidc', administrator: null, body });
  setOidcCookie(reply, secret.reveal());
  const address = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: body.redirectUri,
    scope: provider.scopes.join(' '),
    state: body.state,
    nonce: body.nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(body.verifier),
    code_challenge_method: 'S256',
  });
  return address.href;
}

/** The Host header was found to be one of the server's own names before. */
const callbackOf = (request: FastifyRequest, provider: string): string =>
  `https://${request.headers.host ?? ''}/v1/sign-in/oidc/${provider}/callback`;
