import { AppError } from '@sekisho/core/errors.ts';
import type { DomainId, ServerId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { certificateToPem, chainToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import { createCertificateRequest } from '@sekisho/pki/csr.ts';
import { generatePrivateKey, keyIdOfSpki, privateKeyToPem, spkiOf } from '@sekisho/pki/keys.ts';
import { fileSigner } from '@sekisho/pki/signer.ts';
import type { Secret } from '@sekisho/platform/secret.ts';
import { checkIssued } from '../identity/check-reply.ts';
import { simpleEnroll } from '../identity/est-client.ts';
import type { Identity } from '../identity/identity-store.ts';
import { DialingAgent, dialTls } from '../net/dial.ts';
import { verifyPinnedServer } from '../net/verify-peer.ts';
import { reachable } from '../setup/setup-route.ts';

/** A host that exists on the server, and whose key is in this process alone. */
export interface SimulatedHost {
  readonly name: string;
  /** Changes when its agent renews: whoever starts it again goes on with the newest. */
  identity: Identity;
  readonly domainId: DomainId;
  readonly serverId: ServerId;
  /** The address of this machine that its connections come from; undefined: the system's choice. */
  readonly localAddress: string | undefined;
}

/** Where simulated hosts enrol, and with what. */
export interface EnrolTarget {
  readonly server: { readonly host: string; readonly port: number };
  /** Confirmed by its fingerprint. */
  readonly root: Certificate;
  readonly token: Secret;
  readonly clock: Clock;
}

/** A request of one host; sent again as it is, it gets the same certificate (T-14). */
export interface EnrolRequest {
  readonly name: string;
  readonly localAddress: string | undefined;
  readonly csrDer: Uint8Array;
  readonly keyPem: string;
  readonly keyId: string;
}

/** A key of its own and a request that names the host, as setup would make them. */
export async function makeEnrolRequest(
  name: string,
  localAddress: string | undefined,
): Promise<EnrolRequest> {
  const key = await generatePrivateKey('p256');
  const csrDer = await createCertificateRequest({
    signer: fileSigner(key),
    commonName: name,
    dns: [name],
    ips: [],
    uris: [],
    serverAuth: false,
  });
  return { name, localAddress, csrDer, keyPem: privateKeyToPem(key), keyId: keyIdOfSpki(spkiOf(key)) };
}

/**
 * Enrols one host over a new connection that is verified against exactly the confirmed root and the server role; only then is
 * the token sent. Refusals: those of the server, SERVER_UNREACHABLE, PEER_…, CERTIFICATE_REPLY_WRONG.
 */
export async function enrolHost(target: EnrolTarget, request: EnrolRequest): Promise<SimulatedHost> {
  const { root, clock } = target;
  const { host, port } = target.server;
  const { name, localAddress, keyPem, keyId, csrDer } = request;
  let pinned: { domainId: DomainId; serverId: ServerId } | undefined;
  const agent = new DialingAgent(
    (signal) =>
      dialTls({
        host,
        port,
        ca: [certificateToPem(root.der)],
        localAddress,
        signal,
        verify: (peer) => {
          pinned = verifyPinnedServer(peer, root, clock.nowMs());
        },
      }),
    1,
  );
  const server = `${host}:${port}`;
  try {
    const issued = await simpleEnroll(
      { host, port, agent },
      { csrDer, token: target.token, nowMs: clock.nowMs() },
    ).catch((error: unknown) => {
      throw reachable(server, error);
    });
    if (pinned === undefined) throw new AppError('CA_NOT_OFFERED', { server });
    const { hostId, chain } = checkIssued(issued, {
      keyId,
      anchors: [root],
      intermediates: [],
      domainId: pinned.domainId,
      hostId: undefined,
      nowMs: clock.nowMs(),
    });
    const [certificate] = chain;
    if (certificate === undefined) throw new AppError('CERTIFICATE_REPLY_WRONG', { detail: 'empty' });
    return {
      name,
      localAddress,
      ...pinned,
      identity: { hostId, keyPem, chainPem: chainToPem(chain), certificate },
    };
  } finally {
    agent.destroy();
  }
}
