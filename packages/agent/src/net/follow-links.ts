import type { DomainId } from '@sekisho/core/ids.ts';
import type { Clock } from '@sekisho/core/time.ts';
import { getPublicBundle } from '@sekisho/core/wire/agent.ts';
import { certificateToPem } from '@sekisho/pki/certificate.ts';
import { verifyBundle } from '@sekisho/pki/verify-bundle.ts';
import type { Log } from '@sekisho/platform/log.ts';
import type { DocumentStore } from '../documents/document-store.ts';
import { anchorsOfBundle, intermediatesOfBundle } from '../documents/trust-anchors.ts';
import { callRoute } from './call-route.ts';
import { DialingAgent, dialTls, type DialOptions } from './dial.ts';
import type { TLSSocket } from 'node:tls';
import type { KnownServer } from './server-connection.ts';
import { verifyServer } from './verify-peer.ts';

/**
 * Opens TLS to a server of which nothing is known yet. Nothing of the way there is trusted, and this host shows no certificate on it: what
 * runs inside is checked by `verify`, and what is read by what stands in it.
 */
export type DialUntrusted = (
  how: Pick<DialOptions, 'ca' | 'verify'>,
  signal: AbortSignal,
) => Promise<TLSSocket>;

export interface LinkParts {
  readonly documents: Pick<DocumentStore, 'anchors' | 'held' | 'serial' | 'offer'>;
  readonly domainId: DomainId;
  /** The address of this machine that connections come from; the system's choice by default. */
  readonly localAddress?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** T-60 The way to the server, perhaps through a media server; the direct one by default. */
  readonly dial?: DialUntrusted | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A server shows a certificate that leads to no anchor of ours. Perhaps the CA was changed while this host was off (F-38): the trust bundle that
 * the server publishes is read over a connection that is trusted with nothing, and believed when its links lead from our own anchors to the root
 * that signed it. Even then it is only taken over a connection on which the server proves to be one of that CA (F-37): who repeats what others
 * have signed gets nobody to adopt it. True: something newer was adopted, and the server may be dialled again.
 */
export async function followLinks(server: KnownServer, parts: LinkParts): Promise<boolean> {
  const { documents, domainId, clock, log } = parts;
  try {
    const published = await publicBundle(server, parts);
    const { payload } = await verifyBundle(published, {
      domainId,
      anchors: documents.anchors,
      nowMs: clock.nowMs(),
    });
    if (payload.serial <= documents.serial('bundle')) return false;
    const trust = {
      domainId,
      anchors: anchorsOfBundle(payload),
      intermediates: intermediatesOfBundle(payload),
      revocations: undefined,
      staleCrl: 'open',
      nowMs: clock.nowMs(),
    } as const;
    const jws = await fetchOver(server, parts, {
      ca: trust.anchors.map(({ der }) => certificateToPem(der)),
      verify: (peer) => {
        verifyServer(peer, trust, server);
      },
    });
    const adoption = await documents.offer('bundle', jws);
    log.info(
      { server: server.key, adoption, generation: documents.serial('bundle') },
      'links of the CA were followed',
    );
    return adoption === 'adopt';
  } catch (error) {
    log.warn({ err: error, server: server.key }, 'no links lead to this server');
    return false;
  }
}

/** From the agents' port, else from the plain one: it is verified by what stands in it, not by who hands it out. */
async function publicBundle(server: KnownServer, parts: LinkParts): Promise<string> {
  try {
    return await fetchOver(server, parts, { ca: [], verify: () => undefined });
  } catch (error) {
    const port = parts.documents.held('bundle')?.payload.httpPort;
    if (port === undefined) throw error;
    const { jws } = await callRoute(
      { host: server.address, port, signal: parts.signal },
      getPublicBundle,
      {},
    );
    return jws;
  }
}

async function fetchOver(
  server: KnownServer,
  { localAddress, signal, dial }: LinkParts,
  how: Pick<DialOptions, 'ca' | 'verify'>,
): Promise<string> {
  const target = { host: server.address, port: server.port };
  const agent = new DialingAgent(
    (ended) => dial?.(how, ended) ?? dialTls({ ...target, ...how, localAddress, signal: ended }),
    1,
  );
  try {
    return (await callRoute({ ...target, agent, signal }, getPublicBundle, {})).jws;
  } finally {
    agent.destroy();
  }
}
