/**
 * The measured management server, alone in a process of its own. Forked with the data folder; its log goes to a file there at the
 * level of a normal installation. It says its ports, answers `usage` with the CPU time it has used until now, and ends with `stop`.
 */
import { systemClock, systemRandom } from '@sekisho/platform/clock.ts';
import { createLog } from '@sekisho/platform/log.ts';
import { startServer } from '@sekisho/server/main.ts';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const [dataFolder = ''] = process.argv.slice(2);
const logFile = openSync(join(dataFolder, 'bench.log'), 'a', 0o600);
const log = createLog({
  name: 'sekisho',
  destination: { write: (line: string) => void writeSync(logFile, line) },
});
const server = await startServer({
  dataFolder,
  listen: '127.0.0.1',
  agentPort: 0,
  adminPort: 0,
  httpPort: 0,
  clock: systemClock,
  random: systemRandom,
  log,
  environment: {},
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

process.on('disconnect', () => process.exit(1));
process.on('message', (said) => {
  if (said === 'usage') {
    const { user, system } = process.cpuUsage();
    process.send?.({
      cpuMs: (user + system) / 1000,
      stallMsMax: delay.max / 1e6,
      stallMsP99: delay.percentile(99) / 1e6,
      rssBytes: process.memoryUsage.rss(),
    });
    delay.reset();
  }
  if (said === 'stop')
    void server.stop().then(() => {
      closeSync(logFile);
      process.disconnect();
      process.exitCode = 0;
    });
});
process.send?.({ ports: server.ports });
