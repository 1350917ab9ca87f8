import { AppError } from '@sekisho/core/errors.ts';
import { MINUTE_MS, SECOND_MS, type Clock } from '@sekisho/core/time.ts';
import { systemClock } from '@sekisho/platform/clock.ts';
import { readFile } from 'node:fs/promises';
import * as oidc from 'openid-client';
import type { OidcProvider } from './oidc-settings.ts';
import { OIDC_TIMEOUT_SECONDS, providerFetch } from './provider-fetch.ts';

/** A provider's description of itself is asked for again after this time. */
export const OIDC_DESCRIPTION_KEPT_MS = 10 * MINUTE_MS;
/** A provider's clock may be off by as much. */
export const OIDC_CLOCK_TOLERANCE_SECONDS = 60;
const SECRET_LENGTH_MAX = 4096;

interface Described {
  readonly atMs: number;
  readonly metadata: Promise<oidc.ServerMetadata>;
}

/** The OpenID providers of the settings, described by themselves when somebody first asks: one that is down stops nobody else. */
export class OidcProviders {
  readonly #providers: ReadonlyMap<string, OidcProvider>;
  readonly #clock: Clock;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #described = new Map<string, Described>();

  constructor(parts: {
    readonly providers: readonly OidcProvider[];
    readonly clock: Clock;
    readonly environment: Readonly<Record<string, string | undefined>>;
  }) {
    this.#providers = new Map(parts.providers.map((one) => [one.id, one]));
    this.#clock = parts.clock;
    this.#environment = parts.environment;
  }

  list(): { id: string; name: string }[] {
    return [...this.#providers.values()].map(({ id, name }) => ({ id, name }));
  }

  /** @throws AppError NOT_FOUND */
  get(id: string): OidcProvider {
    const provider = this.#providers.get(id);
    if (provider === undefined) throw new AppError('NOT_FOUND', { what: 'sign-in provider', id });
    return provider;
  }

  /**
   * What one sign-in needs of a provider. Its keys are fetched anew with each sign-in: one that changed them works at once,
   * and a key that it withdrew works no more.
   * @throws AppError OIDC_PROVIDER_UNREACHABLE, OIDC_SECRET_UNREADABLE
   */
  async open(provider: OidcProvider): Promise<oidc.Configuration> {
    const metadata = await this.#describe(provider);
    const secret = await this.#secretOf(provider);
    const configuration = new oidc.Configuration(
      metadata,
      provider.clientId,
      {
        [oidc.clockSkew]: (this.#clock.nowMs() - systemClock.nowMs()) / SECOND_MS,
        [oidc.clockTolerance]: OIDC_CLOCK_TOLERANCE_SECONDS,
      },
      authenticationOf(metadata, secret),
    );
    configuration.timeout = OIDC_TIMEOUT_SECONDS;
    configuration[oidc.customFetch] = providerFetch(provider);
    // the settings let that through for issuers on the loopback alone
    if (provider.allowInsecureHttp) oidc.allowInsecureRequests(configuration);
    oidc.enableNonRepudiationChecks(configuration); // the ID token's signature, whatever the connection was
    return configuration;
  }

  async #describe(provider: OidcProvider): Promise<oidc.ServerMetadata> {
    const nowMs = this.#clock.nowMs();
    const known = this.#described.get(provider.id);
    if (known !== undefined && Math.abs(nowMs - known.atMs) < OIDC_DESCRIPTION_KEPT_MS) return known.metadata;
    const metadata = discover(provider);
    this.#described.set(provider.id, { atMs: nowMs, metadata });
    try {
      return await metadata;
    } catch (error) {
      this.#described.delete(provider.id); // the next one asks again
      if (error instanceof AppError) throw error;
      throw new AppError('OIDC_PROVIDER_UNREACHABLE', { provider: provider.name }, { cause: error });
    }
  }

  async #secretOf(provider: OidcProvider): Promise<string | undefined> {
    const { clientSecretEnv, clientSecretFile } = provider;
    if (clientSecretEnv === undefined && clientSecretFile === undefined) return undefined;
    const secret =
      clientSecretEnv === undefined
        ? await readFile(clientSecretFile ?? '', 'utf8').catch(() => undefined)
        : this.#environment[clientSecretEnv];
    const trimmed = secret?.trim();
    if (trimmed === undefined || trimmed === '' || trimmed.length > SECRET_LENGTH_MAX)
      throw new AppError('OIDC_SECRET_UNREADABLE', {
        provider: provider.name,
        place: clientSecretEnv ?? clientSecretFile ?? '',
      });
    return trimmed;
  }
}

/** @source OpenID Connect Discovery 1.0 §4.3: the issuer in the answer is the one that was asked */
async function discover(provider: OidcProvider): Promise<oidc.ServerMetadata> {
  const found = await oidc.discovery(new URL(provider.issuer), provider.clientId, undefined, oidc.None(), {
    timeout: OIDC_TIMEOUT_SECONDS,
    [oidc.customFetch]: providerFetch(provider),
    execute: provider.allowInsecureHttp ? [oidc.allowInsecureRequests] : [],
  });
  return found.serverMetadata();
}

function authenticationOf(metadata: oidc.ServerMetadata, secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic')
    ? oidc.ClientSecretBasic(secret)
    : oidc.ClientSecretPost(secret);
}
