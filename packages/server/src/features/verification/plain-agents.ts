import { SIGNED_BODY_BYTES_MAX } from '@sekisho/core/wire/signed-request.ts';
import { AppError } from '@sekisho/core/errors.ts';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from '../../context.ts';
import { documentRoute } from '../documents/documents.routes.ts';
import type { SignedRequests } from './signed-requests.ts';

/**
 * F-20 What agents may do on the plain port: report themselves, and fetch signed documents. Nothing else that is for agents is there, and
 * nothing that is answered is a secret.
 */
export function plainAgentRoutes(
  plainApp: FastifyInstance,
  context: ServerContext,
  signed: SignedRequests,
): void {
  void plainApp.register(async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit: SIGNED_BODY_BYTES_MAX },
      async (request: { raw: Parameters<SignedRequests['requireBody']>[0] }, body: Buffer) => {
        signed.requireBody(request.raw, body);
        return parseJson(body);
      },
    );
    app.addHook('preHandler', async (request) => {
      if (request.body === undefined) signed.requireBody(request.raw, undefined);
    });
    documentRoute(app, context);
    context.fleet.heartbeatRoute(app);
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new AppError('BODY_INVALID', { detail: 'JSON' }, { cause: error });
  }
}
