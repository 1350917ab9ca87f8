/** A media server, alone in a process of its own. */
import { domainId } from '@sekisho/core/wire/scalars.ts';
import { startMediaServer } from '@sekisho/media/start-media-server.ts';
import { verifyChain } from '@sekisho/pki/verify.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { z } from 'zod';
import { serve } from '../harness/child.ts';
import { certificateOf } from '../harness/certificate-of.ts';

const start = z.object({
  folder: z.string(),
  domainId,
  rootPem: z.string(),
  issuingPem: z.string(),
  keyPem: z.string(),
  chainPem: z.string(),
});

serve({
  start: async (input) => {
    const wish = start.parse(input);
    const root = certificateOf(wish.rootPem);
    const issuing = certificateOf(wish.issuingPem);
    const server = await startMediaServer({
      folder: wish.folder,
      listen: { host: '127.0.0.1', port: 0 },
      tls: { key: wish.keyPem, cert: wish.chainPem, ca: [wish.rootPem, wish.issuingPem] },
      // as the agent's media role does it, for each connection and again for each request
      authorize: ([leaf, ...above]) => {
        if (leaf === undefined) throw new Error('no certificate');
        const { hostId } = verifyChain({
          leaf,
          intermediates: [...above, issuing],
          anchors: [root],
          nowMs: systemClock.nowMs(),
          domainId: wish.domainId,
          role: 'host-client',
        });
        if (hostId === undefined) throw new Error('no host');
        return { hostId };
      },
      quotaBytesPerHost: () => null,
      onEvent: () => Promise.resolve(),
      clock: systemClock,
      random: systemRandom,
      log: silentLog(),
    });
    return { port: server.port };
  },
});
