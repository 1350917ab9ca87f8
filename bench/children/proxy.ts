/** The agent's proxy before restic, alone in a process of its own. */
import { MediaConnection } from '@sekisho/agent/proxy/media-connection.ts';
import { startResticProxy, type ResticProxy } from '@sekisho/agent/proxy/restic-proxy.ts';
import { domainId, hostId, repositoryName } from '@sekisho/core/wire/scalars.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { certificateOf } from '../harness/certificate-of.ts';

const open = z.object({
  repository: repositoryName,
  domainId,
  rootPem: z.string(),
  issuingPem: z.string(),
  hostId,
  keyPem: z.string(),
  chainPem: z.string(),
  certificatePem: z.string(),
  media: z.object({ hostId, port: z.int() }),
});
let running: { proxy: ResticProxy; media: MediaConnection } | undefined;

serve({
  /** Stands before one repository; says under which address. */
  open: async (input) => {
    const wish = open.parse(input);
    const log = silentLog();
    const trust = {
      domainId: wish.domainId,
      anchors: [certificateOf(wish.rootPem)],
      intermediates: [certificateOf(wish.issuingPem)],
      revocations: undefined,
      staleCrl: 'open' as const,
    };
    const identity = {
      hostId: wish.hostId,
      keyPem: wish.keyPem,
      chainPem: wish.chainPem,
      certificate: certificateOf(wish.certificatePem),
    };
    const media = new MediaConnection(
      {
        hostId: wish.media.hostId,
        name: 'media',
        endpoints: [{ address: '127.0.0.1', port: wish.media.port }],
      },
      { identity: () => identity, trust: () => ({ ...trust, nowMs: systemClock.nowMs() }), log },
    );
    const proxy = await startResticProxy({
      repository: wish.repository,
      media,
      onGiveUp: (refusal) => {
        throw refusal;
      },
      clock: systemClock,
      random: systemRandom,
      log,
    });
    running = { proxy, media };
    return proxy.repositoryUrl.reveal();
  },
  close: async () => {
    running?.media.close();
    await running?.proxy.close();
    running = undefined;
  },
});
