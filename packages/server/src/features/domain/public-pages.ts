import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import { tunnelTarget } from '@sekisho/core/rules/tunnel.ts';
import type { RelayEndpoint } from '@sekisho/core/wire/relay.ts';
import type { FleetParts } from '../../context.ts';
import { listRelays } from '../hosts/relays.ts';
import type { CrlCache } from '../revocation/crl-cache.ts';

const PUBLIC = { config: { access: 'public' } } as const;

/** What everybody may read about the domain: its page and its CA certificates. */
export function publicPages(app: FastifyInstance, context: FleetParts): void {
  app.get('/', PUBLIC, async (_request, reply) => {
    void reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .header('x-content-type-options', 'nosniff');
    const relays = await listRelays(context.store.db);
    return page(context.domain.name, context.domain.caFingerprint, relays);
  });
  app.get('/ca.pem', PUBLIC, async (_request, reply) => {
    void reply.type('application/x-pem-file').header('x-content-type-options', 'nosniff');
    return context.keys.caPem();
  });
}

/** CRLs on the plain port (T-51): they are signed, and hosts need them before they can trust a connection. */
export function crlPages(app: FastifyInstance, crls: CrlCache): void {
  app.get<{ Params: { file: string } }>('/crl/:file', PUBLIC, async (request, reply) => {
    const crl = crls.get(`/crl/${request.params.file}`);
    if (crl === undefined) throw new AppError('ROUTE_UNKNOWN');
    void reply
      .type('application/pkix-crl')
      .header('cache-control', 'no-cache')
      .header('etag', `"${crl.number}"`);
    if (request.headers['if-none-match'] === `"${crl.number}"`) return reply.status(304).send();
    return reply.send(Buffer.from(crl.der));
  });
}

function page(name: string, fingerprint: string, relays: readonly RelayEndpoint[]): string {
  const shown = escapeHtml(name);
  const listed = relays.map(({ address, port }) => `<code>${escapeHtml(tunnelTarget(address, port))}</code>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${shown} – Sekisho</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color:#1c2430;background:#fff}
code{display:block;overflow-wrap:anywhere;padding:.75rem;background:#f1f4f8;border-radius:.4rem}
@media(prefers-color-scheme:dark){body{color:#e6eaf0;background:#12161c}code{background:#1d242d}a{color:#8ab8ff}}</style></head>
<body><main><h1>${shown}</h1>
<p>CA fingerprint (SHA-256 of the root certificate):</p>
<p lang="ja">CA 指紋 (ルート証明書の SHA-256 フィンガープリント):</p>
<code>${fingerprint}</code>
<p><a href="/ca.pem">CA certificates (PEM) <span lang="ja">CA 証明書</span></a></p>
<p>Compare this fingerprint with the one your administrator gave you by another way: this page alone proves nothing.</p>
<p lang="ja">この指紋を、管理者から別の経路で受け取った指紋と照合してください。このページだけでは本物である証明になりません。</p>
${
  listed.length === 0
    ? ''
    : `<p>Media servers that open a tunnel for hosts in a DMZ (sekisho agent setup --relay):</p>
<p lang="ja">DMZ のホストにトンネルを開くメディアサーバー (sekisho agent setup --relay):</p>
${listed.join('\n')}`
}</main></body></html>
`;
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
