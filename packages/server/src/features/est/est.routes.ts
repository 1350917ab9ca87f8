import { AppError, errorWords } from '@sekisho/core/errors.ts';
import type { HostId } from '@sekisho/core/ids.ts';
import { CLOCK_SKEW_MAX_MS, CSR_BYTES_MAX } from '@sekisho/core/limits.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { CERTS_ONLY_MAX, certsOnlyPkcs7, csrAttrs } from '@sekisho/pki/est.ts';
import { base64 } from '@sekisho/pki/pem.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerContext } from '../../context.ts';
import { languageOfHeader, refusalOf } from '../../http/refusal.ts';
import { relayedBy } from '../../http/relayed.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { AttemptLimits } from '../issuance/attempt-limits.ts';
import { issueCertificate } from '../issuance/issue-certificate.ts';
import { EST_BODY_BYTES_MAX, readRequestBody, readToken } from './read-request.ts';

/** Header with the code of a refusal. */
export const CODE_HEADER = 'sekisho-code';
/** Header with the parameters of a refusal: JSON in base64url, so that an agent can say the same words again. */
export const PARAMS_HEADER = 'sekisho-params';
/** Header with the sender's time in milliseconds: our agents send it, every answer has the server's (T-15). */
export const TIME_HEADER = 'sekisho-time';
const PREFIX = '/.well-known/est';

/**
 * Enrolment over Secure Transport: cacerts, csrattrs, simpleenroll (the token as HTTP password), simplereenroll (with the
 * certificate). No tls-unique linking: TLS 1.3 has none (T-06).
 * @source RFC 7030 §4
 */
export function estRoutes(agentApp: FastifyInstance, context: ServerContext): void {
  const limits = new AttemptLimits(context.clock);
  // who guesses tokens behind the same address keeps nobody from renewing
  const renewalLimits = new AttemptLimits(context.clock);
  void agentApp.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: EST_BODY_BYTES_MAX },
      (_request, body, done) => {
        done(null, body);
      },
    );
    app.addHook('onRequest', async (_request, reply) => {
      void reply.header(TIME_HEADER, String(context.clock.nowMs()));
    });
    app.setErrorHandler((error, request, reply) => {
      answerRefusal(refusalOf(error, context.log), request, reply);
    });
    const open = { config: { access: 'public' } } as const;
    app.get(`${PREFIX}/cacerts`, open, async (_request, reply) =>
      answerCertificates(reply, caCertificates(context.keys)),
    );
    app.get(`${PREFIX}/csrattrs`, open, async (_request, reply) =>
      answerBase64(reply, 'application/csrattrs', csrAttrs()),
    );
    app.post(`${PREFIX}/simpleenroll`, { ...open, bodyLimit: EST_BODY_BYTES_MAX }, async (request, reply) => {
      const sender = senderOf(request.raw.socket);
      const { remoteAddress, relay } = sender;
      limits.take(remoteAddress, relay);
      checkClock(request, context.clock.nowMs());
      const token = readToken(request.headers.authorization);
      const csr = readRequestBody(request.body);
      try {
        const issued = await issueCertificate(context, { kind: 'enrol', csr, token, ...sender });
        return answerCertificates(reply, [issued, context.keys.certificateOf('issuing')]);
      } catch (error) {
        if (error instanceof AppError && error.code === 'TOKEN_REFUSED')
          limits.tokenRefused(remoteAddress, relay);
        throw error;
      }
    });
    app.post(
      `${PREFIX}/simplereenroll`,
      { config: { access: 'peer' }, bodyLimit: EST_BODY_BYTES_MAX },
      async (request, reply) => {
        const sender = senderOf(request.raw.socket);
        renewalLimits.take(sender.remoteAddress, sender.relay);
        checkClock(request, context.clock.nowMs());
        const identity = await app.identify(request, 'renewing-peer');
        if (identity.kind !== 'peer') throw new AppError('PEER_CERTIFICATE_REQUIRED');
        const csr = readRequestBody(request.body);
        const current = presentedCertificate(request);
        const renewal = { kind: 'renew', csr, peer: identity.peer, current, ...sender } as const;
        const issued = await issueCertificate(context, renewal);
        return answerCertificates(reply, [issued, context.keys.certificateOf('issuing')]);
      },
    );
  });
}

/**
 * The CAs of now, and while one follows another both with the certificates that lead from each to the other. A root that has left is led on
 * by its link.
 * @source RFC 7030 §4.1.3
 */
function caCertificates(keys: KeyStore): Certificate[] {
  const authorities = [...keys.anchors(), ...keys.issuers()];
  const here = new Set<string>(keys.anchors().map(({ keyId }) => keyId));
  const links = keys
    .links()
    .filter(
      ({ kind, fromKeyId, toKeyId }) => here.has(toKeyId) && (kind === 'forward' || here.has(fromKeyId)),
    )
    .map(({ certificate }) => certificate);
  return [...authorities, ...links].slice(0, CERTS_ONLY_MAX);
}

/** The address that asks, and the media server through whose tunnel, if it came through one (T-61). */
function senderOf(socket: Socket): { remoteAddress: string | undefined; relay: HostId | undefined } {
  const relayed = relayedBy(socket);
  return { remoteAddress: relayed?.clientAddress ?? socket.remoteAddress, relay: relayed?.relay };
}

function presentedCertificate(request: FastifyRequest): Certificate {
  const { socket } = request.raw;
  const presented = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  if (presented === undefined) throw new AppError('PEER_CERTIFICATE_REQUIRED');
  return parseCertificate(presented.raw);
}

/** T-15: our own agents send their time. Refusal: CLOCK_SKEW. */
function checkClock(request: FastifyRequest, nowMs: number): void {
  const sent = request.headers[TIME_HEADER];
  if (typeof sent !== 'string' || !/^\d{1,15}$/.test(sent)) return;
  const skewMs = Math.abs(Number(sent) - nowMs);
  if (skewMs <= CLOCK_SKEW_MAX_MS) return;
  throw new AppError('CLOCK_SKEW', {
    skewSeconds: Math.round(skewMs / 1000),
    limitSeconds: CLOCK_SKEW_MAX_MS / 1000,
    serverTime: new Date(nowMs).toISOString(),
    serverTimeMs: nowMs,
  });
}

const answerCertificates = (reply: FastifyReply, certificates: readonly Certificate[]): string =>
  answerBase64(reply, 'application/pkcs7-mime; smime-type=certs-only', certsOnlyPkcs7(certificates));

/** In one line: there are clients (strongSwan's) that take a line break for a digit. @source RFC 4648 §3.1, RFC 8951 §3 */
function answerBase64(reply: FastifyReply, type: string, der: Uint8Array): string {
  void reply.header('content-type', type).header('content-transfer-encoding', 'base64');
  return base64(der);
}

/** Words and hint as plain text: EST clients show the body as it is (RFC 7030 §4.2.3). */
function answerRefusal(raised: AppError, request: FastifyRequest, reply: FastifyReply): void {
  const refusal =
    raised.code === 'BODY_TOO_LARGE' ? new AppError('CSR_TOO_LARGE', { limitBytes: CSR_BYTES_MAX }) : raised;
  const language = languageOfHeader(request.headers['accept-language']);
  const { words, hint } = errorWords(refusal.code, refusal.params, language);
  if (
    refusal.code === 'TOKEN_REQUIRED' ||
    refusal.code === 'TOKEN_REFUSED' ||
    refusal.code === 'TUNNEL_TOKEN_REQUIRED' ||
    refusal.code === 'REISSUE_TOKEN_REQUIRED'
  )
    void reply.header('www-authenticate', 'Basic realm="sekisho", charset="UTF-8"');
  if (refusal.code === 'RATE_LIMITED' || refusal.code === 'SERVER_BUSY')
    void reply.header('retry-after', String(refusal.params['retrySeconds'] ?? 60));
  void reply
    .status(refusal.status)
    .header(CODE_HEADER, refusal.code)
    .header(PARAMS_HEADER, Buffer.from(JSON.stringify(refusal.params)).toString('base64url'))
    .type('text/plain; charset=utf-8')
    .send(`${words}\n${hint}\n`);
}
