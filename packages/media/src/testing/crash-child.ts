/**
 * A media server in a process of its own, so that crash tests can kill it at a named point (SEKISHO_TEST_CRASH_POINT).
 * It is forked; its orders come as messages, and it answers with its port and with what a maintenance gave.
 */
import { parseHostId, parseRepositoryName, parseSnapshotId } from '@sekisho/core/ids.ts';
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { Secret } from '@sekisho/platform/secret.ts';
import { z } from 'zod';
import { startMediaServer, type MediaServer } from '../start-media-server.ts';

const order = z.discriminatedUnion('what', [
  z.object({
    what: z.literal('start'),
    folder: z.string(),
    tls: z.object({ key: z.string(), cert: z.string(), ca: z.array(z.string()) }),
    /** The clock of this server: so far from the real one. */
    clockOffsetMs: z.number(),
  }),
  z.object({
    what: z.literal('maintain'),
    repository: z.string(),
    forget: z.array(z.string()),
    password: z.string(),
  }),
]);

let server: MediaServer | undefined;

process.on('message', (raw) => {
  obey(order.parse(raw)).catch((error: unknown) => {
    process.send?.({ failed: String(error) });
  });
});
process.on('disconnect', () => process.exit(0));

async function obey(given: z.infer<typeof order>): Promise<void> {
  switch (given.what) {
    case 'start':
      server = await startMediaServer({
        folder: given.folder,
        listen: { host: '127.0.0.1', port: 0 },
        tls: given.tls,
        authorize: ([leaf]) => ({ hostId: parseHostId(leaf?.subjectCn ?? '')! }), // TLS has checked the chain
        quotaBytesPerHost: () => null,
        onEvent: () => Promise.resolve(),
        clock: { ...systemClock, nowMs: () => systemClock.nowMs() + given.clockOffsetMs },
        random: systemRandom,
        log: silentLog(),
      });
      process.send?.({ port: server.port });
      return;
    case 'maintain':
      await server?.maintain({
        jobId: 'crash',
        repository: parseRepositoryName(given.repository)!,
        forget: given.forget.map((id) => parseSnapshotId(id)!),
        prune: true,
        password: new Secret(given.password),
      });
      process.send?.({ done: true });
  }
}
