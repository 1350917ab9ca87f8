import { AppError } from '@sekisho/core/errors.ts';
import { problem } from '@sekisho/core/wire/route.ts';
import { parsePemCertificates, certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { coversName } from '@sekisho/pki/verify.ts';
import { describeSubject } from '@sekisho/pki/certificate.ts';
import { request, type Agent, type IncomingMessage, type RequestOptions } from 'node:http';
import type { Cli } from '../cli.ts';
import { quoteCommand } from '../output/shell-quote.ts';
import { codeOf } from './data-folder.ts';
import { ADMIN_PORT_DEFAULT, OTHER_PORTS, type Remote } from './remote.ts';

const CA_BYTES_MAX = 256 * 1024;
const CONNECTIONS_MAX = 4;
const REPLY_TIMEOUT_MS = 120_000;

/** HTTP to a server whose certificate was checked; who asks is in every request. */
export interface RemoteConnection {
  /** What `node:http` needs to reach it. */
  readonly options: RequestOptions;
  readonly failure: (error: unknown) => AppError;
  close(): Promise<void>;
}

/**
 * Finds the domain's root by its fingerprint, and from then on talks only to a server that this root vouches for, under the
 * name that was dialled. The key is not sent before. HTTP proxies of the environment are not asked.
 * Refusals: REMOTE_UNREACHABLE, REMOTE_PORT_WRONG, REMOTE_NOT_SEKISHO, REMOTE_FINGERPRINT_WRONG, PEER_….
 */
export async function connectRemote(cli: Cli, remote: Remote): Promise<RemoteConnection> {
  const { DialingAgent, dialTls } = await import('@sekisho/agent/net/dial.ts');
  const { verifyPinnedServer } = await import('@sekisho/agent/net/verify-peer.ts');
  const { host, port } = remote;
  const failure = (error: unknown): AppError => failureOf(cli, remote, error);
  const stranger = new DialingAgent(
    (signal) => dialTls({ host, port, ca: [], verify: () => undefined, signal }),
    1,
  );
  const root = await findRoot(cli, remote, stranger).finally(() => {
    stranger.destroy();
  });
  const agent = new DialingAgent(
    (signal) =>
      dialTls({
        host,
        port,
        signal,
        ca: [certificateToPem(root.der)],
        verify: (peer) => {
          verifyPinnedServer(peer, root, cli.io.clock.nowMs());
          if (!coversName(peer.leaf, host))
            throw new AppError('PEER_NAME_WRONG', { subject: describeSubject(peer.leaf), expected: host });
        },
      }),
    CONNECTIONS_MAX,
  );
  return {
    options: {
      ...targetOf(remote),
      agent,
      timeout: REPLY_TIMEOUT_MS,
      headers: { host: hostHeader(remote), authorization: `Bearer ${remote.apiKey.reveal()}` },
    },
    failure,
    close: async () => {
      agent.destroy();
    },
  };
}

/** The certificate with the expected fingerprint, as the server itself hands it out: the fingerprint is what makes it right. */
async function findRoot(cli: Cli, remote: Remote, agent: Agent): Promise<Certificate> {
  const reply = await fetchText({
    ...targetOf(remote),
    agent,
    path: '/ca.pem',
    headers: { host: hostHeader(remote) },
  }).catch((error: unknown) => {
    throw failureOf(cli, remote, error);
  });
  if (reply.status !== 200) throw notAdministration(cli, remote, reply);
  const certificates = certificatesOf(reply.text);
  const root = certificates.find(({ fingerprint }) => fingerprint === remote.caFingerprint);
  if (root !== undefined) return root;
  const [first] = certificates;
  if (first === undefined)
    throw new AppError('REMOTE_NOT_SEKISHO', { server: remote.shown, reason: 'no certificate' });
  throw new AppError('REMOTE_FINGERPRINT_WRONG', {
    server: remote.shown,
    expected: remote.caFingerprint,
    found: first.fingerprint,
  });
}

function certificatesOf(pem: string): Certificate[] {
  try {
    return parsePemCertificates(pem);
  } catch {
    return [];
  }
}

/** Something answers, but administers nothing. */
function notAdministration(cli: Cli, remote: Remote, reply: { status: number; text: string }): AppError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(reply.text);
  } catch {
    parsed = undefined;
  }
  const isOurs = problem.safeParse(parsed).success;
  if (isOurs) return wrongPort(cli, remote);
  return new AppError('REMOTE_NOT_SEKISHO', { server: remote.shown, reason: `HTTP ${reply.status}` });
}

function wrongPort(cli: Cli, remote: Remote): AppError {
  const right = remote.shown.replace(/:\d+$/, `:${ADMIN_PORT_DEFAULT}`);
  const argv = cli.argv.map((word, at) =>
    cli.argv[at - 1] === '--server' ? right : word.startsWith('--server=') ? `--server=${right}` : word,
  );
  const isGiven = cli.argv.some((word) => word === '--server' || word.startsWith('--server='));
  const command = quoteCommand(['sekisho', ...argv, ...(isGiven ? [] : ['--server', right])]);
  return new AppError('REMOTE_PORT_WRONG', { server: remote.shown, command });
}

/** What a failed connection means to somebody who administers. */
function failureOf(cli: Cli, remote: Remote, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error) ?? 'unknown';
  if (UNREACHABLE.has(code))
    return new AppError('REMOTE_UNREACHABLE', { server: remote.shown, reason: code }, { cause: error });
  const isNoTls = code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('HPE_');
  if (isNoTls && OTHER_PORTS.includes(remote.port)) return wrongPort(cli, remote);
  if (isNoTls)
    return new AppError('REMOTE_NOT_SEKISHO', { server: remote.shown, reason: code }, { cause: error });
  return new AppError('SERVER_CONNECTION_LOST', { reason: code }, { cause: error });
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
]);

const targetOf = ({ host, port }: Remote): RequestOptions => ({ host, port });
const hostHeader = ({ host, port }: Remote): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

function fetchText(options: RequestOptions): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(options, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > CA_BYTES_MAX) response.destroy(new Error('too long'));
      });
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}
