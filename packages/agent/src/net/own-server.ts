import type { Clock } from '@sekisho/core/time.ts';
import { certificateToPem, type Certificate } from '@sekisho/pki/certificate.ts';
import type { Identity } from '../identity/identity-store.ts';
import type { AgentSettings } from '../settings.ts';
import { DialingAgent, dialTls } from './dial.ts';
import { verifyServer } from './verify-peer.ts';

/**
 * A way to the server that setup named, for an act while no agent runs: mutual TLS under these anchors, to exactly that server. The
 * caller destroys the agent.
 */
export function ownServer(
  { host, port }: AgentSettings['server'],
  state: Extract<AgentSettings['state'], { is: 'deployed' }>,
  parts: {
    identity: Identity;
    anchors: readonly Certificate[];
    clock: Clock;
    intermediates?: readonly Certificate[];
    /** Of its entry in the list. */
    acceptedKeys?: readonly string[];
  },
): { host: string; port: number; agent: DialingAgent } {
  const { identity, anchors, clock, intermediates = [], acceptedKeys = [] } = parts;
  const { domainId, serverId } = state;
  const agent = new DialingAgent(
    () =>
      dialTls({
        host,
        port,
        ca: anchors.map(({ der }) => certificateToPem(der)),
        identity,
        verify: (peer) => {
          const nowMs = clock.nowMs();
          verifyServer(
            peer,
            { domainId, anchors, intermediates, revocations: undefined, staleCrl: 'open', nowMs },
            { serverId, acceptedKeys },
          );
        },
      }),
    1,
  );
  return { host, port, agent };
}
