import { AppError } from '@sekisho/core/errors.ts';
import { LEGACY_HEARTBEAT_SECONDS, LEGACY_MESSAGE_BYTES_MAX } from '@sekisho/core/limits.ts';
import type { LegacyKind } from '@sekisho/core/wire/legacy-kinds.ts';
import { legacyMessage, maybeOf, oneOf, parseLegacyMessage } from '@sekisho/core/wire/legacy-lines.ts';
import { legacyKey } from '@sekisho/core/wire/legacy.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { addressOf } from '../../http/request-origin.ts';
import { sha256Of } from './add-legacy-host.ts';
import { backUpNow } from './back-up-now.ts';
import { collectReport } from './collect-report.ts';
import { findWork } from './find-work.ts';
import { noteSeen, type LegacyHostRow } from './legacy-rows.ts';
import { takeLegacyReport } from './take-legacy-report.ts';

/** Of the plain protocol (docs/en/legacy-protocol.md). */
export const LEGACY_PROTOCOL_VERSION = 1;
const PREFIX = '/legacy/v1';
const VERSION_LENGTH_MAX = 32;
const TYPE = 'text/plain; charset=utf-8';

/**
 * The plain protocol of legacy hosts on the plain port: only while insecure communication is on, only for who was let in (T-50, T-51).
 * Everything else on that port (CA certificates, lists, OCSP) does not ask the setting.
 */
export function plainLegacyRoutes(plainApp: FastifyInstance, context: ServerContext): void {
  void plainApp.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body);
    });
    app.addHook('onRequest', async (request) => {
      context.legacy.enter(addressOf(request.raw.socket));
    });
    const serve = (
      method: 'GET' | 'POST',
      path: string,
      as: LegacyKind,
      answer: (host: LegacyHostRow, request: FastifyRequest) => Promise<[string, string | number][]>,
    ): void => {
      app.route({
        method,
        url: `${PREFIX}/${path}`,
        config: { access: 'public' },
        bodyLimit: LEGACY_MESSAGE_BYTES_MAX,
        handler: async (request, reply) => {
          const host = await identify(context, request, as);
          return send(reply, await answer(host, request));
        },
      });
    };

    serve('POST', 'heartbeat', 'client', async (host, request) => {
      const message = parseLegacyMessage(bodyOf(request));
      const version = oneOf(message, 'version').slice(0, VERSION_LENGTH_MAX);
      const nowMs = context.clock.nowMs();
      await context.store.transaction((tx) => noteSeen(tx, host.hostId, version, nowMs));
      return [
        ['protocol', LEGACY_PROTOCOL_VERSION],
        ['host', host.hostId],
        ['now-ms', nowMs],
        ['every-seconds', LEGACY_HEARTBEAT_SECONDS],
      ];
    });
    serve('GET', 'plan', 'client', async (host) => [
      ['protocol', LEGACY_PROTOCOL_VERSION],
      ...(await findWork(context, host)),
    ]);
    serve('POST', 'backup-now', 'client', async (host, request) => {
      const plan = maybeOf(parseLegacyMessage(bodyOf(request)), 'plan');
      const job = await backUpNow(context, host, plan, addressOf(request.raw.socket));
      return [
        ['protocol', LEGACY_PROTOCOL_VERSION],
        ['job', job],
      ];
    });
    serve('POST', 'jobs', 'client', async (host, request) => {
      const job = await takeLegacyReport(context, host, parseLegacyMessage(bodyOf(request)));
      return [
        ['protocol', LEGACY_PROTOCOL_VERSION],
        ['job', job],
      ];
    });
    serve('GET', 'report', 'collector', async () => [
      ['protocol', LEGACY_PROTOCOL_VERSION],
      ...(await collectReport(context)),
    ]);
  });
}

/** Who is behind the request: name and key as HTTP Basic (RFC 7617). It crosses in clear, and is worth only what T-50 lets it do. */
async function identify(
  context: ServerContext,
  request: FastifyRequest,
  as: LegacyKind,
): Promise<LegacyHostRow> {
  const { socket } = request.raw;
  const [, packed = ''] =
    /^Basic +([A-Za-z0-9+/=]{1,800}) *$/i.exec(request.headers.authorization ?? '') ?? [];
  const text = Buffer.from(packed, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const key = legacyKey.safeParse(colon < 0 ? '' : text.slice(colon + 1));
  const host = await context.legacy.require({
    as,
    name: colon < 0 ? '' : text.slice(0, colon),
    keySha256: sha256Of(key.success ? key.data : ''),
    address: addressOf(socket),
  });
  context.legacy.hold(socket, host.hostId);
  return host;
}

function bodyOf(request: FastifyRequest): string {
  const body: unknown = request.body ?? '';
  if (typeof body !== 'string') throw new AppError('LEGACY_MESSAGE_INVALID', { detail: 'body' });
  return body;
}

function send(reply: FastifyReply, lines: readonly (readonly [string, string | number])[]): string {
  void reply.type(TYPE).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  return legacyMessage(lines);
}
