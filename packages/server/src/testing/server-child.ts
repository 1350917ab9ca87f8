/**
 * A management server in a process of its own, so that crash tests can kill it at a named point
 * (SEKISHO_TEST_CRASH_POINT). Forked with `init` or `run`, the data folder, the database, and the ports if they are not to be free
 * ones; it says its ports. A message with the name of a crash point makes it stop itself there instead.
 */
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { pauseAt } from '@sekisho/platform/crash-point.ts';
import { silentLog } from '@sekisho/platform/log.ts';
import { initServer, startServer } from '../main.ts';

const [what, dataFolder = '', database, agentPort, adminPort, httpPort] = process.argv.slice(2);
process.on('disconnect', () => process.exit(0));
process.on('message', (point) => {
  pauseAt(String(point));
});

if (what === 'init') {
  await initServer({
    dataFolder,
    name: 'Test',
    database,
    addresses: ['127.0.0.1'],
    clock: systemClock,
    random: systemRandom,
    environment: {},
  });
  process.send?.({ done: true });
} else {
  const server = await startServer({
    dataFolder,
    listen: '127.0.0.1',
    agentPort: Number(agentPort ?? 0),
    adminPort: Number(adminPort ?? 0),
    httpPort: Number(httpPort ?? 0),
    clock: systemClock,
    random: systemRandom,
    log: silentLog(),
    environment: {},
  });
  process.send?.({ ports: server.ports });
}
