import { z } from 'zod';
import { CODE_LENGTH_MAX } from '../limits.ts';
import { administratorView } from './administrators.ts';
import { administratorId } from './scalars.ts';
import { route } from './route.ts';

const providerId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
  .max(32);
/** Who it is at the provider: the value of its claim. */
const subject = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}]+$/u);
const providerParams = z.object({ provider: providerId });

/** Where people can sign in other than here. */
export const listOidcProviders = route({
  method: 'GET',
  path: '/v1/sign-in/oidc',
  right: 'public',
  reply: z.object({ providers: z.array(z.object({ id: z.string(), name: z.string() })) }),
});
/** Sends the browser to the provider (302). */
export const startOidc = route({
  method: 'GET',
  path: '/v1/sign-in/oidc/:provider',
  right: 'public',
  params: providerParams,
  reply: z.object({ location: z.string() }),
});
/** The same with the code of an invitation, which ties the identity at the provider to the account it is for. */
export const startOidcWithLink = route({
  method: 'POST',
  path: '/v1/sign-in/oidc/:provider',
  right: 'public',
  params: providerParams,
  body: z.object({ code: z.string().min(1).max(CODE_LENGTH_MAX) }),
  reply: z.object({ location: z.string() }),
});
/** The browser comes back from the provider; opens the session and sends it to the console (303). */
export const finishOidc = route({
  method: 'GET',
  path: '/v1/sign-in/oidc/:provider/callback',
  right: 'public',
  params: providerParams,
  query: z.object({
    code: z.string().max(4096).optional(),
    state: z.string().max(512).optional(),
    iss: z.string().max(1024).optional(),
    error: z.string().max(200).optional(),
    error_description: z.string().max(2000).optional(),
    session_state: z.string().max(1024).optional(),
  }),
  reply: z.object({ administrator: administratorId }),
});
/** Ties an identity at a provider to an account, in place of the one there was. */
export const linkOidc = route({
  method: 'PUT',
  path: '/v1/administrators/:id/oidc',
  right: 'administrator.write',
  params: z.object({ id: administratorId }),
  body: z.object({ provider: providerId, subject }),
  reply: administratorView,
});
/** The account keeps its other ways to sign in; every session of it ends. */
export const unlinkOidc = route({
  method: 'DELETE',
  path: '/v1/administrators/:id/oidc',
  right: 'administrator.write',
  params: z.object({ id: administratorId }),
  reply: administratorView,
});
