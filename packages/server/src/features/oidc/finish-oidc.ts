import { AppError } from '@sekisho/core/errors.ts';
import type { AdministratorId } from '@sekisho/core/ids.ts';
import { CLOCK_SKEW_MAX_MS } from '@sekisho/core/limits.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import * as oidc from 'openid-client';
import type { z } from 'zod';
import type { ServerContext } from '../../context.ts';
import { readCookie } from '../../http/cookies.ts';
import { originOf } from '../../http/request-origin.ts';
import type { Tx } from '../../store/tables.ts';
import { handSession, openSession, type OpenedSession } from '../admin-sessions/open-session.ts';
import { notingRefusal } from '../sign-in/note-refusal.ts';
import { openPending, requireUnspent, spendPending, type PendingSignIn } from '../sign-in/pending-sign-in.ts';
import { takeInvitation } from '../sign-in/take-invitation.ts';
import { linkIdentityIn } from './link-identity.ts';
import { OIDC_COOKIE, setOidcCookie } from './oidc-cookie.ts';
import type { OidcProviders } from './oidc-providers.ts';
import type { OidcProvider } from './oidc-settings.ts';
import { findLinked, type OidcIdentity } from './oidc.store.ts';
import { oidcPending } from './start-oidc.ts';

type Pending = z.output<typeof oidcPending>;
const SUBJECT_LENGTH_MAX = 255;

/**
 * Ends a sign-in at a provider: checks that it is the browser that began it, redeems the code, verifies the ID token
 * (signature, issuer, audience, nonce, times), and opens a session for the account that is tied to this issuer and subject.
 * Nobody is let in by an e-mail address, and no account is made.
 * @throws AppError OIDC_BROWSER_OTHER, SIGN_IN_STEP_EXPIRED, OIDC_DENIED, OIDC_ANSWER_INVALID,
 * OIDC_PROVIDER_UNREACHABLE, OIDC_NOT_LINKED, OIDC_IDENTITY_TAKEN, LINK_…, ADMINISTRATOR_DISABLED
 */
export async function finishOidc(
  context: ServerContext & { readonly oidc: OidcProviders },
  providerId: string,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<AdministratorId> {
  const provider = context.oidc.get(providerId);
  const secret = readCookie(request, OIDC_COOKIE);
  setOidcCookie(reply, '');
  const origin = originOf(request);
  const work = async (): Promise<OpenedSession> => {
    if (secret === undefined) throw new AppError('OIDC_BROWSER_OTHER');
    const answer = new URL(request.raw.url ?? '/', 'https://localhost').searchParams;
    const { begun, pending } = await openOwn(context, provider, secret, answer.get('state'));
    const identity = await redeem(context, provider, pending, answer);
    // spent once the provider has vouched for somebody: strangers write nothing
    return context.store.transaction(async (tx) => {
      await spendPending(context, tx, begun);
      const administratorId = await whoIs(context, tx, { provider, identity, link: pending.link, origin });
      return openSession(context, tx, { administratorId, method: 'oidc', request });
    });
  };
  const opened = await notingRefusal(context, { administrator: undefined, origin }, () =>
    work().catch((error: unknown) => {
      context.log.warn({ err: error, provider: provider.id }, 'single sign-on refused');
      throw error;
    }),
  );
  return handSession(context, opened, { request, reply });
}

/** The step that this browser began. */
async function openOwn(
  context: ServerContext,
  provider: OidcProvider,
  secret: string,
  state: string | null,
): Promise<{ begun: PendingSignIn; pending: Pending }> {
  const begun = openPending(context, 'oidc', secret);
  await requireUnspent(context.store.db, begun); // the provider is not asked twice
  const pending = oidcPending.parse(begun.body);
  const [wanted, given] = [Buffer.from(pending.state), Buffer.from(state ?? '')];
  const same = wanted.length === given.length && timingSafeEqual(wanted, given);
  if (!same || pending.provider !== provider.id) throw new AppError('OIDC_BROWSER_OTHER');
  return { begun, pending };
}

async function redeem(
  context: ServerContext & { readonly oidc: OidcProviders },
  provider: OidcProvider,
  pending: Pending,
  answer: URLSearchParams,
): Promise<OidcIdentity> {
  const denied = answer.get('error');
  if (denied !== null)
    throw new AppError('OIDC_DENIED', { provider: provider.name, reason: readable(denied) });
  const configuration = await context.oidc.open(provider);
  const address = new URL(pending.redirectUri);
  address.search = answer.toString();
  const claims = await oidc
    .authorizationCodeGrant(configuration, address, {
      expectedState: pending.state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.verifier,
      idTokenExpected: true,
    })
    .then((tokens) => tokens.claims())
    .catch((error: unknown) => {
      throw ownRefusal(error) ?? invalid(provider, error);
    });
  const value: unknown = claims?.[provider.claim];
  if (claims === undefined || typeof value !== 'string' || value === '' || value.length > SUBJECT_LENGTH_MAX)
    throw invalid(provider, new Error(`the claim ${provider.claim} is missing`));
  // @source OpenID Connect Core 1.0 §3.1.3.7 (10): a token from far away in time is refused
  if (Math.abs(claims.iat * SECOND_MS - context.clock.nowMs()) > CLOCK_SKEW_MAX_MS)
    throw invalid(provider, new Error('the token was issued at another time'));
  return { issuer: claims.iss, subject: value };
}

/** Whose identity it is; an invitation ties it to its account first. */
async function whoIs(
  { clock }: ServerContext,
  tx: Tx,
  found: {
    readonly provider: OidcProvider;
    readonly identity: OidcIdentity;
    readonly link: string | null;
    readonly origin: string;
  },
): Promise<AdministratorId> {
  const { identity, link, origin, provider } = found;
  if (link !== null) {
    const nowMs = clock.nowMs();
    const { id, name } = await takeInvitation(tx, link, origin, nowMs);
    await linkIdentityIn(tx, { name, origin }, id, identity, nowMs);
    return id;
  }
  const id = await findLinked(tx, identity);
  if (id === undefined)
    throw new AppError('OIDC_NOT_LINKED', {
      provider: provider.name,
      providerId: provider.id,
      subject: readable(identity.subject),
    });
  return id;
}

const invalid = (provider: OidcProvider, cause: unknown): AppError =>
  new AppError('OIDC_ANSWER_INVALID', { provider: provider.name }, { cause });

/** Our own refusal, of the fetch, lies within the library's error. */
function ownRefusal(error: unknown): AppError | undefined {
  for (let one = error; one instanceof Error; one = one.cause) if (one instanceof AppError) return one;
  return undefined;
}

/** What came from outside is shown without what could mislead a terminal or a page. */
const readable = (raw: string): string => raw.replace(/[^\x20-\x7e]/g, '?').slice(0, SUBJECT_LENGTH_MAX);
