import { AppError } from '@sekisho/core/errors.ts';
import { CERTIFICATE_BYTES_MAX } from '@sekisho/core/limits.ts';
import { serverName } from '@sekisho/core/rules/serverlist.ts';
import { SECOND_MS } from '@sekisho/core/time.ts';
import type { ListedServerEntry, ListEffect } from '@sekisho/core/wire/server-lists.ts';
import { parseCertificate, type Certificate } from '@sekisho/pki/certificate.ts';
import { checkDates, verifyChain } from '@sekisho/pki/verify.ts';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { ServerContext } from '../../context.ts';

/** A server that does not answer within this is not reached. */
const PROBE_MAX_MS = 3 * SECOND_MS;
/** Servers that are dialled at once. */
const PROBES_AT_ONCE = 8;
const PRESENTED_MAX = 4;

type ProbedEntry = ListEffect['entries'][number];

/**
 * F-10 Dials the HTTPS entries from here: does a server of this domain answer there, or one whose certificate the entry accepts? One
 * handshake each; nothing is sent. In the order of the entries.
 */
export async function probeServers(
  context: Pick<ServerContext, 'clock' | 'domain' | 'keys'>,
  servers: readonly ListedServerEntry[],
): Promise<ProbedEntry[]> {
  const probed: ProbedEntry[] = [];
  for (let from = 0; from < servers.length; from += PROBES_AT_ONCE)
    probed.push(
      ...(await Promise.all(servers.slice(from, from + PROBES_AT_ONCE).map((one) => probe(context, one)))),
    );
  return probed;
}

async function probe(
  context: Pick<ServerContext, 'clock' | 'domain' | 'keys'>,
  entry: ListedServerEntry,
): Promise<ProbedEntry> {
  const server = serverName(entry);
  if (entry.protocol === 'http') return { server, state: 'not-tried', code: null, params: {} };
  let chain: Certificate[];
  try {
    chain = await presentedBy(entry);
  } catch (error) {
    const detail = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { server, state: 'unreachable', code: 'SERVER_UNREACHABLE', params: { server, detail } };
  }
  try {
    judge(context, entry, chain);
    return { server, state: 'reachable', code: null, params: {} };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { server, state: 'refused', code: error.code, params: { ...error.params } };
  }
}

/** As an agent would: a certificate that the entry accepts, else the chain and the role of a server of this domain. */
function judge(
  { clock, domain, keys }: Pick<ServerContext, 'clock' | 'domain' | 'keys'>,
  entry: ListedServerEntry,
  [leaf, ...rest]: readonly Certificate[],
): void {
  if (leaf === undefined) throw new AppError('PEER_CERTIFICATE_MISSING');
  const nowMs = clock.nowMs();
  if (entry.acceptedKeys.some((key) => key === leaf.keyId)) {
    checkDates(leaf, nowMs);
    return;
  }
  const verified = verifyChain({
    leaf,
    intermediates: rest,
    anchors: keys.anchors(),
    nowMs,
    domainId: domain.id,
    role: 'server',
  });
  if (verified.serverId !== entry.serverId)
    throw new AppError('PEER_NAME_WRONG', { expected: entry.serverId, subject: verified.serverId ?? '-' });
}

/** The certificates that whoever listens there shows, leaf first. Nothing is believed of them. */
function presentedBy({ address, port }: ListedServerEntry): Promise<Certificate[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port,
      ...(isIP(address) === 0 ? { servername: address } : {}),
      minVersion: 'TLSv1.2',
      // judged by our own rules, as an agent does
      rejectUnauthorized: false,
    });
    const patience = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
    }, PROBE_MAX_MS);
    socket.once('secureConnect', () => {
      try {
        resolve(shownOn(socket));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      socket.destroy();
    });
    socket.on('error', reject);
    socket.once('close', () => {
      clearTimeout(patience);
      reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    });
  });
}

function shownOn(socket: TLSSocket): Certificate[] {
  const chain: Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  for (
    let count = 0;
    count < PRESENTED_MAX && next?.raw !== undefined && next.raw.byteLength <= CERTIFICATE_BYTES_MAX;
    count += 1
  ) {
    chain.push(parseCertificate(next.raw));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}
