import { AppError, refuse, type Refusal } from '@sekisho/core/errors.ts';
import { parseHostId } from '@sekisho/core/ids.ts';
import type { NameOutcome } from '@sekisho/core/rules/naming.ts';
import { explainPeer, type PeerFacts } from '@sekisho/core/rules/peer.ts';
import { certificateToPem, describeSubject } from '@sekisho/pki/certificate.ts';
import { request } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { z } from 'zod';
import type { askPeer as askPeerRoute } from '../control/agent-status.ts';
import type { Identity } from '../identity/identity-store.ts';
import { dialTls, type PresentedPeer } from '../net/dial.ts';
import { describeNetworkError, refusalOf } from '../net/http-request.ts';
import { mediaServerPath, type TrustFacts } from '../net/verify-peer.ts';
import type { PeerDecisions } from './peer-decisions.ts';

const ANSWER_BYTES_MAX = 64 * 1024;
const ANSWER_MAX_MS = 10_000;

/**
 * T-36 Dials another agent's media port as a backup would, makes every check by the same rule, asks the server about the name, and when
 * all passed asks whether the other side lets this host in. Nothing is written anywhere. Refusal: MEDIA_SERVER_UNREACHABLE.
 */
export async function askPeer(
  parts: {
    identity: () => Identity;
    trust: () => TrustFacts;
    names: Pick<PeerDecisions, 'require'>;
    lookup: LookupFunction | undefined;
  },
  target: { host: string; port: number },
): Promise<z.input<typeof askPeerRoute.reply>> {
  const { identity, trust, names } = parts;
  let presented: PresentedPeer | undefined;
  let socket: TLSSocket;
  try {
    const { keyPem, chainPem } = identity();
    socket = await dialTls({
      ...target,
      ca: trust().anchors.map((anchor) => certificateToPem(anchor.der)),
      identity: { keyPem, chainPem },
      lookup: parts.lookup,
      // judged below, all checks of it; nothing is sent before that
      verify: (peer) => {
        presented = peer;
      },
    });
  } catch (error) {
    if (error instanceof AppError) throw error;
    const detail = `${target.host}:${target.port} ${describeNetworkError(error)}`;
    throw new AppError('MEDIA_SERVER_UNREACHABLE', { name: target.host, detail }, { cause: error });
  }
  try {
    if (presented === undefined) throw new AppError('PEER_CERTIFICATE_MISSING');
    const hostId = parseHostId(presented.leaf.subjectCn ?? '');
    const facts = factsOf(presented, trust());
    const isVerified = explainPeer(facts).every(({ outcome }) => outcome !== 'failed');
    const name: NameOutcome | undefined =
      hostId === undefined || !isVerified
        ? undefined
        : await outcomeOf(
            names.require({
              name: target.host,
              hostId,
              direction: 'dialled',
              fingerprint: presented.leaf.fingerprint,
            }),
          );
    const checks = explainPeer({ ...facts, name }).map((checked) => ({
      check: checked.check,
      outcome: checked.check === 'name' && name === undefined ? ('skipped' as const) : checked.outcome,
      ...coded(checked.outcome === 'failed' ? checked.refusal : undefined),
    }));
    const allow = checks.every(({ outcome }) => outcome !== 'failed');
    const answer = allow ? await askOtherSide(socket, target, identity().hostId) : undefined;
    return {
      hostId: hostId ?? null,
      checks,
      /** What the other side says of this host. */
      answer:
        answer === undefined
          ? { outcome: 'skipped', ...coded(undefined) }
          : {
              outcome: answer === true ? 'passed' : 'failed',
              ...coded(answer === true ? undefined : answer),
            },
      allow: answer === true,
    };
  } finally {
    socket.destroy();
  }
}

const coded = (refusal: Pick<Refusal, 'code' | 'params'> | undefined) => ({
  code: refusal?.code ?? null,
  params: { ...refusal?.params },
});

function factsOf(peer: PresentedPeer, trust: TrustFacts): PeerFacts {
  const { leaf } = peer;
  const path = mediaServerPath(peer, trust);
  const issuer = path instanceof AppError ? undefined : path.issuerKeyId;
  return {
    path: path instanceof AppError ? refuse(path.code, path.params) : undefined,
    notBeforeMs: leaf.notBeforeMs,
    notAfterMs: leaf.notAfterMs,
    crl: issuer === undefined ? undefined : trust.revocations?.freshness(issuer, leaf.crlUrls),
    staleCrl: issuer === undefined ? 'open' : trust.staleCrl,
    revoked: issuer !== undefined && trust.revocations?.isRevoked(issuer, leaf.serial) === true,
    expected: undefined,
    found: describeSubject(leaf),
    nowMs: trust.nowMs,
  };
}

const outcomeOf = (asked: Promise<void>): Promise<NameOutcome> =>
  asked.then(
    () => ({ outcome: 'go-on', because: 'configured' }),
    (error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      return { ...refuse(error.code, error.params), outcome: 'refuse' };
    },
  );

/** Asks for this host's own first repository: found or not, who answers so has let it in. */
function askOtherSide(
  socket: TLSSocket,
  target: { host: string; port: number },
  ownId: string,
): Promise<true | AppError> {
  return new Promise((resolve) => {
    const unreachable = (error: Error): void => {
      const detail = `${target.host}:${target.port} ${describeNetworkError(error)}`;
      resolve(new AppError('MEDIA_SERVER_UNREACHABLE', { name: target.host, detail }, { cause: error }));
    };
    const outgoing = request({
      host: target.host,
      port: target.port,
      path: `/${ownId}.1/config`,
      createConnection: () => socket,
      timeout: ANSWER_MAX_MS,
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', unreachable);
    outgoing.once('response', (reply) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      reply.on('error', unreachable);
      reply.on('data', (part: Buffer) => {
        bytes += part.byteLength;
        if (bytes <= ANSWER_BYTES_MAX) parts.push(part);
      });
      reply.once('end', () => {
        const status = reply.statusCode ?? 0;
        if (status === 200 || status === 404) resolve(true);
        else resolve(refusalOf(target.host, { status, body: Buffer.concat(parts) }));
      });
    });
    outgoing.end();
  });
}
