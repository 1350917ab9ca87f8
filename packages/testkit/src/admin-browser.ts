import type { AdministratorId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { createAdministrator, type GrantView } from '@sekisho/core/wire/administrators.ts';
import { createClient, type Caller } from '@sekisho/core/wire/client.ts';
import { acceptLink, openLink, signIn, signInWithTotp } from '@sekisho/core/wire/sign-in.ts';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { totpCode } from './totp-code.ts';
import type { HasAfter } from './temp-folder.ts';

/** What the browser needs of a server. */
export interface AdministeredServer {
  readonly clock: Clock;
  readonly server: { readonly ports: { readonly admin: number } };
  readonly call: Caller;
}

export interface BrowserAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Name, password and authenticator app of an administrator. */
export interface Account {
  readonly id: AdministratorId;
  readonly name: string;
  readonly password: string;
  /** Base32. */
  readonly totpSecret: string;
}

/** Long enough, and nobody's. */
export const TEST_PASSWORD = 'correct horse battery staple';
const STEP_MS = 30_000;

/** A browser at the administration port: real HTTPS, a jar of cookies, and the headers that browsers send. */
export class AdminBrowser {
  readonly cookies = new Map<string, string>();
  readonly call: Caller;
  /** The last code that was used: the next one must be of a later step. */
  #lastStep = 0;
  readonly #trust: AdministeredServer;
  readonly #agent: Agent;

  constructor(t: HasAfter, trust: AdministeredServer, options: { localAddress?: string } = {}) {
    this.#trust = trust;
    const { localAddress } = options;
    this.#agent = new Agent({ keepAlive: true, ...(localAddress === undefined ? {} : { localAddress }) });
    t.after(() => {
      this.#agent.destroy();
    });
    this.call = createClient(async ({ method, path, body }) => {
      const { status, body: text } = await this.request({
        method,
        path,
        ...(body === undefined ? {} : { body }),
      });
      return { status, body: text };
    });
  }

  /** One request; `headers` replace those of a browser, an undefined one leaves it out. */
  request(wish: {
    readonly method?: string;
    readonly path: string;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string | undefined>>;
  }): Promise<BrowserAnswer> {
    const port = this.#trust.server.ports.admin;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const usual: Record<string, string | undefined> = {
      host: `127.0.0.1:${port}`,
      'sec-fetch-site': 'same-origin',
      'content-type': wish.body === undefined ? undefined : 'application/json',
      cookie: cookie === '' ? undefined : cookie,
      ...wish.headers,
    };
    const headers = Object.fromEntries(
      Object.entries(usual).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(
        {
          host: '127.0.0.1',
          port,
          method: wish.method ?? 'GET',
          path: wish.path,
          headers,
          // the tests' clock is not OpenSSL's: who answers is checked where a test is about that
          rejectUnauthorized: false,
          agent: this.#agent,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () => {
            const { statusCode: status = 0, headers: answered } = response;
            this.#keep(answered['set-cookie'] ?? []);
            resolve({ status, headers: answered, body: Buffer.concat(chunks).toString('utf8') });
          });
        },
      );
      sent.once('error', reject);
      sent.end(wish.body);
    });
  }

  /** Uses a one-time link up and stays signed in. */
  async accept(code: string, name: string, password = TEST_PASSWORD): Promise<Account> {
    const opened = await this.call(openLink, { body: { code } });
    const { secret: totpSecret } = opened.totp;
    const me = await this.call(acceptLink, {
      body: {
        code,
        pending: opened.pending,
        ...(opened.name === null ? { name, displayName: name } : {}),
        password,
        totp: this.code(totpSecret),
      },
    });
    if (me.administrator === null) throw new Error('nobody is signed in');
    return { id: me.administrator.id, name: me.administrator.name, password, totpSecret };
  }

  /** Signs in with both steps. Each sign-in uses a code up: after two at one time of the clock it must go on. */
  async signIn(account: Account): Promise<void> {
    const { name, password } = account;
    const first = await this.call(signIn, { body: { name, password } });
    await this.call(signInWithTotp, {
      body: { pending: first.pending, code: this.code(account.totpSecret) },
    });
  }

  /**
   * The code to type now; when this browser has used that one, the next, which the drift of one step allows. `steps`:
   * another one, counted from now.
   */
  code(secret: string, steps?: number): string {
    const now = Math.floor(this.#trust.clock.nowMs() / STEP_MS);
    if (steps !== undefined) return totpCode(secret, (now + steps) * STEP_MS);
    this.#lastStep = Math.max(now, this.#lastStep + 1);
    return totpCode(secret, this.#lastStep * STEP_MS);
  }

  #keep(setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/** Makes an administrator with these roles, over the server's socket, and signs in as them. */
export async function administratorWith(
  t: HasAfter,
  trust: AdministeredServer,
  name: string,
  grants: readonly GrantView[],
): Promise<{ browser: AdminBrowser; account: Account }> {
  const made = await trust.call(createAdministrator, {
    body: { name, displayName: name, grants: [...grants] },
  });
  const browser = new AdminBrowser(t, trust);
  return { browser, account: await browser.accept(made.link.code, name) };
}
