import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { HasAfter } from './temp-folder.ts';

export const OIDC_CLIENT_ID = 'sekisho';
export const OIDC_CLIENT_SECRET = 'client-secret-of-tests-alone';

/** A place on the loopback where a provider of tests answers; what answers there can be changed. */
export class ProviderPlace {
  readonly issuer: string;
  answer: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) =>
    response.writeHead(503).end();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async open(t: HasAfter): Promise<ProviderPlace> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const place = new ProviderPlace(server);
    t.after(() => place.close());
    return place;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
      this.#server.closeAllConnections();
    });
  }
}

/** A key as a provider publishes it. */
export interface ProviderKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

export function newProviderKey(id: string): ProviderKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const about = { kid: id, use: 'sig', alg: 'RS256' };
  return { id, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...about } };
}

/** The real provider: whoever comes is signed in as this subject without being asked. */
export function realProvider(
  issuer: string,
  parts: { key: ProviderKey; redirectUri: string; subject: string },
): ProviderPlace['answer'] {
  const { key, redirectUri, subject } = parts;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: OIDC_CLIENT_ID,
        client_secret: OIDC_CLIENT_SECRET,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: {
      keys: [{ ...key.privateKey.export({ format: 'jwk' }), kid: key.id, use: 'sig', alg: 'RS256' }] as never,
    },
    cookies: { keys: ['cookies-of-tests'] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, email: 'office@example.com', email_verified: true }),
    }),
  });
  const answer = provider.callback();
  return async (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return answer(request, response);
    const grant = new provider.Grant({ accountId: subject, clientId: OIDC_CLIENT_ID });
    grant.addOIDCScope('openid');
    const result = { login: { accountId: subject }, consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
}

/** A provider that says whatever the test wants: its tokens are made by `token`. */
export function forgedProvider(
  issuer: string,
  parts: { keys: () => readonly ProviderKey[]; token: () => string; claims?: Record<string, unknown> },
): ProviderPlace['answer'] {
  return (request, response) => {
    const send = (body: unknown): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    switch (new URL(request.url ?? '/', issuer).pathname) {
      case '/.well-known/openid-configuration':
        send({
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
          ...parts.claims,
        });
        return;
      case '/jwks':
        send({ keys: parts.keys().map((key) => key.jwk) });
        return;
      case '/token':
        send({ access_token: 'x', token_type: 'Bearer', expires_in: 60, id_token: parts.token() });
        return;
      default:
        response.writeHead(404).end();
    }
  };
}

/** A JWT, signed with RS256 unless another header says otherwise. @source RFC 7515 §3.1 */
export function signedToken(key: ProviderKey, claims: object, header: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', kid: key.id, typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`;
}
